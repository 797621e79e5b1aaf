"""Processes that tests start, wait for and end, whatever has become of them meanwhile and however busy the machine."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

# Far more than anything takes on however busy a machine: who waits this long waits for what will never be.
TIMEOUT = 600.0


def until(is_so: Callable[[], object], *, otherwise: Callable[[], str] = lambda: "it never came to be") -> None:
    """Wait for something to be so. How long that takes is the machine's affair; no test says anything about it."""
    ends_at = time.monotonic() + TIMEOUT
    while not is_so():
        assert time.monotonic() < ends_at, otherwise()
        time.sleep(0.02)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and the children it has, as the power would; one that is gone already is fine.

    The parent goes first: it can start no other child then, and whoever ends on their own meanwhile has ended.
    """
    working = children_of(process.pid)
    for pid in (process.pid, *working):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def children_of(pid: int) -> list[int]:
    """Return the children a process has at this moment; a moment later there may be others."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in found.stdout.split()]
