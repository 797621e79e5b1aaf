"""Memory benchmark: what the parts of the product hold while they wait for work, beside a sender's peak.

What processes share is divided between them, so that the parts add up.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from app.kernel.queueing import jobs
from bench import ground, measuring, web_server
from bench.ground import Ground

# Until a part has imported everything and answered for the first time.
SETTLED_SECONDS = 10
WAIT_SECONDS = 5
RUNS = 3
_ROOT = Path(__file__).parent.parent


def run(runs: int = RUNS) -> list[dict[str, Any]]:
    """Return megabytes of the web server, the relay, one worker, Valkey, and all of them."""
    with ground.prepared() as place, ExitStack() as started:
        parts = {
            "memory_web": started.enter_context(web_server.server(place, web_server.APPLICATION)).pid,
            "memory_relay": started.enter_context(_program(place, "relay")),
            "memory_worker": started.enter_context(_program(place, "work", *jobs.queues_of(1, 1))),
            "memory_valkey": int((place.folder / "valkey" / "valkey.pid").read_text()),
        }
        rows = {name: measuring.Runs(name, "MB") for name in (*parts, "memory_all")}
        for _ in range(runs):
            time.sleep(SETTLED_SECONDS)
            held = {name: measuring.memory_mb(*measuring.tree(pid)) for name, pid in parts.items()}
            for name, megabytes in {**held, "memory_all": sum(held.values())}.items():
                rows[name].figures.append(megabytes)
        return [each.row() for each in rows.values()]


@contextmanager
def _program(place: Ground, *words: str) -> Iterator[int]:
    """Run one of the programs of `worker.py`; yield its process."""
    command = [sys.executable, str(_ROOT / "worker.py"), *words]
    log = place.folder / f"{words[0]}.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            command, env=web_server.environment(place), cwd=_ROOT, stdout=written, stderr=subprocess.STDOUT, text=True
        )
    try:
        yield process.pid
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask, then insist: a worker takes the first as "after this job"."""
    process.terminate()
    try:
        process.wait(WAIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
