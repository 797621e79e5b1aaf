"""Runs the work behind the web: `worker.py work` takes jobs, `worker.py relay` hands them out and starts what recurs.

Start as many `work` processes on as many machines as there is mail to send, and one `relay` per machine.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from rq import Queue, Worker

from app.kernel import logs, queue, registry, relay, services, settings, stopping
from app.wiring import hears, hooks, loops


def work(queues: list[str]) -> None:
    """Take jobs from these queues until told to stop; each runs in a forked child."""
    # Imported before the fork, or every single job would pay a second for it; frozen, so that the pages stay shared.
    import_jobs()
    gc.freeze()
    # No services here: a connection made before the fork would be shared by every child.
    redis = queue.connect(settings.read().redis_url)
    StoppableWorker([Queue(name, connection=redis) for name in queues], connection=redis).work(
        with_scheduler=False, logging_level="WARNING"
    )


class StoppableWorker(Worker):
    """Tells the job it is running that it was asked to stop, so that a sender ends between two mails."""

    def handle_warm_shutdown_request(self) -> None:
        stopping.request()
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]


def run_relay() -> None:
    """Hand out due jobs, start recurring ones and run this machine's own chores until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _setting(stop))
    import_jobs()
    relay.run(services.services(), loops=loops.local(), stop=stop)


def import_jobs() -> None:
    """Fill the registry with every room's jobs."""
    for room in hears.ROOMS_WITH_JOBS:
        importlib.import_module(f"app.{room}.jobs")


def _setting(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    return on_signal


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    working = commands.add_parser("work", help="take jobs")
    working.add_argument("queues", nargs="*", default=["default", registry.SEND_QUEUE])
    commands.add_parser("relay", help="hand out jobs")
    arguments = parser.parse_args()
    logs.configure(as_json=os.environ.get("LOG_FORMAT") == "json")
    hears.connect()
    hooks.connect()
    if arguments.command == "relay":
        run_relay()
    else:
        work(arguments.queues)


if __name__ == "__main__":
    main()
