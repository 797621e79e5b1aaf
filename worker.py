"""Runs the work behind the web: `worker.py work` takes jobs, `worker.py relay` hands them out and starts what recurs.

Start as many `work` processes on as many machines as there is mail to send, and one `relay` per machine.
"""

from __future__ import annotations

import argparse
import gc
import signal
import threading
from collections.abc import Callable
from types import FrameType

from app.kernel import logs, services, settings
from app.kernel.queueing import jobs, queue, relay, workers
from app.wiring import extensions, loops


def work(queues: list[str], most_jobs: int) -> None:
    """Take jobs from these queues until told to stop."""
    # Imported before the first fork, or every child would pay a second for it; frozen, so that the pages stay shared.
    services.services().extensions.get(jobs.Jobs).list_all()
    gc.freeze()
    workers.run(queues, queue.connect(settings.read().redis_url), most_jobs=most_jobs)


def run_relay() -> None:
    """Hand out due jobs, start recurring ones and run this machine's own chores until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _setting(stop))
    relay.run(services.services(), loops=loops.local(), stop=stop)


def _setting(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    return on_signal


def main() -> None:
    """Parse the command line and run."""
    logs.configure()
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    working = commands.add_parser("work", help="take jobs")
    working.add_argument("queues", nargs="*", default=list(jobs.QUEUES))
    working.add_argument("--renew-after", type=int, default=workers.MOST_JOBS, metavar="JOBS", help="begin afresh then")
    commands.add_parser("relay", help="hand out jobs")
    arguments = parser.parse_args()
    services.install(services.build(extensions.build()))
    if arguments.command == "relay":
        run_relay()
    else:
        work(arguments.queues, arguments.renew_after)


if __name__ == "__main__":
    main()
