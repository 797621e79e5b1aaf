"""The dispatcher of a lane: hands claimed messages to its connections in groups, and writes down what became of them.

A connection asks for its next group and tells, in the same request, what became of the latest one. Requests that come
while the database is busy are answered by one transaction together, in a thread of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from app.delivery.sending.outgoing import OutgoingMessage
from app.delivery.sending.results import Effect, Result
from app.delivery.sending.store import SendStore, with_retries

LOW_WATER = 500
TRIES_ALLOWED = 5

T = TypeVar("T")


@dataclass(slots=True)
class _Request:
    """One connection's: what became of its latest group, what it could not begin, how much it takes next."""

    records: list[Result]
    unsent: list[OutgoingMessage]
    size: int
    answer: asyncio.Future[list[OutgoingMessage]] = field(repr=False)


class Dispatcher:
    """The messages of a lane that are claimed and not settled. `must_end` says whether nothing new may begin; `stop`
    asks the worker to begin nothing new."""

    def __init__(self, store: SendStore, must_end: Callable[[], bool], stop: Callable[[], None]) -> None:
        self.store = store
        self.is_broken = False
        self._must_end = must_end
        self._stop = stop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._waiting: deque[OutgoingMessage] = deque()
        self._unsettled: dict[int, int] = {}
        self._requests: asyncio.Queue[_Request] = asyncio.Queue()
        self._is_exhausted = False

    @property
    def waiting_count(self) -> int:
        """How many messages are claimed and not handed out."""
        return len(self._waiting)

    async def in_store(self, work: Callable[[], T]) -> T:
        """Do this in the store's thread, again while the database is away."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, with_retries, work)

    def shut_down(self) -> None:
        """End the store's thread when its work is done."""
        self._thread.shutdown()

    async def request(self, records: list[Result], unsent: list[OutgoingMessage], size: int) -> list[OutgoingMessage]:
        """Have results written and return up to `size` messages that are handed off now; none when nothing is left."""
        answer: asyncio.Future[list[OutgoingMessage]] = asyncio.get_running_loop().create_future()
        await self._requests.put(_Request(records, unsent, size, answer))
        return await answer

    async def serve(self) -> None:
        """Answer whoever asks, all at once; fill up while nobody does."""
        while True:
            asked = [await self._requests.get()]
            while not self._requests.empty():
                asked.append(self._requests.get_nowait())
            await self._answer(asked)
            if len(self._waiting) < LOW_WATER and self._requests.empty():
                await self.refill(LOW_WATER)

    async def refill(self, least: int) -> None:
        """Claim batches until so many messages wait, or nothing is due."""
        while len(self._waiting) < least and not self._is_exhausted and not self._must_end():
            claimed = await self.in_store(self.store.claim)
            if claimed is None:
                self._is_exhausted = True
            elif claimed:
                batch_id = claimed[0].batch_id
                self._unsettled[batch_id] = self._unsettled.get(batch_id, 0) + len(claimed)
                self._waiting.extend(claimed)

    async def _answer(self, asked: list[_Request]) -> None:
        """Answer these requests in one flush; those whose messages were all held back are answered once more."""
        await self.refill(sum(request.size for request in asked))
        groups = [self._take(request.size) for request in asked]
        records = [record for request in asked for record in request.records]
        wanted = [group for group in groups if group]
        handed = await self.in_store(lambda: self.store.flush(records, wanted)) if records or wanted else set()
        self._account_for(records)
        self._waiting.extendleft(message for request in asked for message in request.unsent)
        held = [message for group in wanted for message in group if message.id not in handed]
        if held:
            await self._reevaluate(held)
        await self._close_settled()
        unanswered: list[_Request] = []
        for request, group in zip(asked, groups, strict=True):
            given = [message for message in group if message.id in handed]
            has_more = bool(self._waiting) or not self._is_exhausted
            if given or request.size == 0 or not has_more or self._must_end():
                request.answer.set_result(given)
            else:
                unanswered.append(_Request([], [], request.size, request.answer))
        if unanswered:
            await self._answer(unanswered)

    def _take(self, size: int) -> list[OutgoingMessage]:
        """The next messages of one send."""
        taken: list[OutgoingMessage] = []
        while self._waiting and len(taken) < size and (not taken or self._waiting[0].plan is taken[0].plan):
            taken.append(self._waiting.popleft())
        return taken

    async def _reevaluate(self, held: list[OutgoingMessage]) -> None:
        """The store did not hand these off: ask the gate why, keep those it still lets through, let the others go."""
        tries = {message.id: message.tries + 1 for message in held}
        through = await self.in_store(lambda: self.store.reevaluate(held))
        kept = [message for message in through if tries[message.id] < TRIES_ALLOWED]
        if len(kept) < len(through):
            self._stop()
        for message in kept:
            message.tries = tries[message.id]
        kept_ids = {message.id for message in kept}
        for message in held:
            if message.id not in kept_ids:
                self._unsettled[message.batch_id] -= 1
        self._waiting.extend(kept)

    def _account_for(self, records: list[Result]) -> None:
        for record in records:
            if record.effect is not Effect.RETURNED:
                self._unsettled[record.message.batch_id] -= 1

    async def _close_settled(self) -> None:
        settled = [batch_id for batch_id, count in self._unsettled.items() if count <= 0]
        if settled:
            for batch_id in settled:
                del self._unsettled[batch_id]
            await self.in_store(lambda: self.store.close(settled))
