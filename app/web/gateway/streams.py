"""An answer sent piece by piece, made only as fast as it is read: through a pipe that the web server reads from.

RSGI's own streams take everything at once and keep in memory what the other side does not read.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from app.web.gateway.exchange import Exchange
from app.web.gateway.threads import Threads

# So long may the other side take nothing at all.
TIMEOUT = 30.0


class ReaderStopped(Exception):
    """Nobody reads the answer any more."""


async def copy(
    exchange: Exchange, first: bytes, protocol: Any, threads: Threads, *, timeout: float = TIMEOUT
) -> None:
    """Send the answer that begins with `first`, holding a thread only while a piece is made."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        started = exchange.started
        protocol.response_file(started.status, started.headers, f"/dev/fd/{reading}")
        await _write(writing, first, timeout)
        while not exchange.is_over:
            await _write(writing, await threads.run(exchange.go_on), timeout)
    finally:
        os.close(writing)
        # Until the server has opened its own end.
        asyncio.get_running_loop().call_later(timeout, os.close, reading)


async def _write(writing: int, data: bytes, timeout: float) -> None:
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(writing, left) :]
        except BlockingIOError:
            await _until_writable(writing, timeout)


async def _until_writable(writing: int, timeout: float) -> None:
    loop = asyncio.get_running_loop()
    is_writable = asyncio.Event()
    loop.add_writer(writing, is_writable.set)
    try:
        async with asyncio.timeout(timeout):
            await is_writable.wait()
    except TimeoutError:
        raise ReaderStopped from None
    finally:
        loop.remove_writer(writing)
