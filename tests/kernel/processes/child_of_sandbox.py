"""A child for the sandbox's tests: does as it is asked, also what no child should."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path[0:0] = [str(Path(__file__).resolve().parents[3])]

from app.kernel.processes import sandbox


def answer(request: bytes) -> bytes:
    if request == b"die":
        os.abort()
    if request == b"spin":
        while True:
            pass
    if request == b"fill":
        return b"x" * len(bytearray(2 << 30))
    if request == b"sleep":
        time.sleep(60)
    if request == b"environment":
        return repr(sorted(os.environ)).encode()
    if request == b"process":
        return str(os.getpid()).encode()
    return b"%d" % len(request)


if __name__ == "__main__":
    sandbox.serve(answer)
