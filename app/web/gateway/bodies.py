"""A request's body, read on the event loop before a thread is taken: within a deadline and within a size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from tempfile import SpooledTemporaryFile
from typing import IO

# What anybody may send; more is for whoever has shown who they are.
SMALL = 64 * 1024
IN_MEMORY = 256 * 1024
# A body has this long to begin with, and for every second more it must have brought this much.
SECONDS = 15.0
BYTES_A_SECOND = 8 * 1024


class BodyRefused(Exception):
    """The body is too large (413) or came too slowly (408)."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


class Disconnected(Exception):
    """The sender left before the end of the body."""


MaySend = Callable[[], Awaitable[bool]]


async def read(
    chunks: AsyncIterator[bytes], announced: int | None, *, limit: int, may_send_much: MaySend, seconds: float = SECONDS
) -> tuple[IO[bytes], int]:
    """Return the whole body as a file at its beginning, and its length.

    `announced` is its Content-Length, None if it comes in pieces without one. Raises BodyRefused and Disconnected.
    """
    if announced is not None:
        await _check(announced, limit, may_send_much)
    loop, received, last = asyncio.get_running_loop(), 0, b"."
    began = loop.time()
    file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - it goes on to the application
    try:
        async with asyncio.timeout(seconds) as deadline:
            async for chunk in chunks:
                # The stream ends with one empty chunk; one that broke off has another before.
                if not chunk and not last:
                    raise Disconnected
                last = chunk
                if announced is None and received <= SMALL < received + len(chunk):
                    await _check(received + len(chunk), limit, may_send_much)
                received += len(chunk)
                if received > limit:
                    raise BodyRefused(413)
                file.write(chunk)
                if received > SMALL:
                    deadline.reschedule(began + seconds + received / BYTES_A_SECOND)
    except TimeoutError:
        raise BodyRefused(408) from None
    if announced is not None and received != announced:
        raise Disconnected
    file.seek(0)
    return file, received


async def _check(length: int, limit: int, may_send_much: MaySend) -> None:
    if length > limit or (length > SMALL and not await may_send_much()):
        raise BodyRefused(413)
