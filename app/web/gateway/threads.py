"""The threads complete requests are worked on; who finds none free waits a while, then is told to come again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class AllBusy(Exception):
    """No thread became free in time."""


class Threads:
    """So many threads, each given work only when it is free, so that nothing waits unseen."""

    def __init__(self, name: str, count: int, *, timeout: float) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._free = asyncio.Semaphore(count)
        self._timeout = timeout

    async def run(self, function: Callable[..., Result], *given: object) -> Result:
        """Return what the function returns on one of the threads; raise AllBusy if none becomes free in time."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._free.acquire()
        except TimeoutError:
            raise AllBusy from None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *given)
        finally:
            self._free.release()
