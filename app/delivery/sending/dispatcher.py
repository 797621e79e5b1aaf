"""The dispatcher of a lane: hands messages off for all of its connections, and writes down what became of them.

Connections take one message after another from those that are handed off, and say what became of each. One transaction
hands the next ones off and writes those answers down, in a thread of its own, while the connections go on with what is
left. The window bounds what is handed off without a written answer: after a kill -9 no more than that is in doubt,
however many connections there are.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from app.delivery.sending import results
from app.delivery.sending.outgoing import OutgoingMessage
from app.delivery.sending.results import Effect, Result
from app.delivery.sending.store import with_retries
from app.delivery.throttling.rate_limit import RateLimit
from app.kernel.clock import Clock

LOW_WATER = 500
TRIES_ALLOWED = 5
SMALLEST_WINDOW, PER_CONNECTION = 50, 10
# A no said meanwhile counts after this many seconds at the latest: what was not begun by then is asked about again.
BEGUN_WITHIN = 2.0
# An answer is written down after so many seconds, although nothing else is to be handed off.
WRITTEN_WITHIN = 0.5

T = TypeVar("T")


class Store(Protocol):
    """What claims, hands off and writes down; all of it may be done twice."""

    def claim(self) -> list[OutgoingMessage] | None:
        """Lease one batch and return those of its messages that may leave; None when nothing is due."""

    def flush(self, records: list[Result], messages: Sequence[OutgoingMessage]) -> set[int]:
        """Write these results down and hand these messages off; return the ids handed off."""

    def reevaluate(self, held: list[OutgoingMessage]) -> list[OutgoingMessage]:
        """Return which of these may still leave."""

    def close(self, batch_ids: Sequence[int]) -> None:
        """Give back batches that are settled."""


class Lane(Protocol):
    """Whose messages these are."""

    def must_end(self) -> bool:
        """Say whether nothing new may begin."""

    def stop(self) -> None:
        """Begin nothing new."""

    def prepare(self, message: OutgoingMessage) -> None:
        """Begin what takes long with a message that is handed off, and call `look_again` when it is done."""


def window(connections: int) -> int:
    """Return how many messages of a lane with so many connections may be handed off without a written answer."""
    return max(SMALLEST_WINDOW, PER_CONNECTION * connections)


class Dispatcher:
    """The messages of a lane that are claimed and not settled."""

    def __init__(self, store: Store, clock: Clock, lane: Lane) -> None:
        self._store = store
        self._clock = clock
        self._must_end = lane.must_end
        self._stop = lane.stop
        self._prepare = lane.prepare
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._window = self._widest = self._least = SMALLEST_WINDOW
        self._waiting: deque[OutgoingMessage] = deque()
        self._handed: deque[OutgoingMessage] = deque()
        self._answered: list[Result] = []
        # How many are handed off without a written answer: waiting for a connection, with one, or answered.
        self._open_count = 0
        self._unsettled: dict[int, int] = {}
        self._idle: list[asyncio.Future[None]] = []
        self._due = asyncio.Event()
        self._is_exhausted = False
        self._is_flushing = False
        self._is_closing = False
        self._is_over = False

    @property
    def waiting_count(self) -> int:
        """How many messages are claimed and not handed off."""
        return len(self._waiting)

    async def in_store(self, work: Callable[[], T]) -> T:
        """Do this in the store's thread, again while the database is away."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, with_retries, work)

    def shut_down(self) -> None:
        """End the store's thread when its work is done."""
        self._thread.shutdown()

    # -- for connections ---------------------------------------------------------------------------------------

    def take(self) -> OutgoingMessage | None:
        """Return a message that may leave now; None when there is none at the moment."""
        if not self._handed:
            return None
        if self._handed[0].begin_by >= asyncio.get_running_loop().time():
            return self._handed.popleft() if self._handed[0].is_ready else None
        # So many are too many for these servers.
        self._window = max(self._window // 2, self._least)
        self._take_back()
        return None

    def settle(self, result: Result) -> None:
        """Take note of what became of a message that was taken."""
        self._answered.append(result)
        is_starving = self._idle and not self._handed
        if (is_starving or self._room >= self._window // 2) and not self._due.is_set():
            self._due.set()

    async def has_more(self) -> bool:
        """Wait until there is a message to take; False when none will come any more."""
        while not (self._handed and self._handed[0].is_ready):
            if self._is_over or self._is_closing or self._must_end() or (self._is_used_up and not self._handed):
                return False
            turn = asyncio.get_running_loop().create_future()
            self._idle.append(turn)
            if not self._handed and (self._answered or self._room > 0):
                self._due.set()
            await turn
        return not self._must_end()

    def look_again(self) -> None:
        """Let the connections look again that found nothing to take."""
        idle, self._idle = self._idle, []
        for turn in idle:
            if not turn.done():
                turn.set_result(None)

    # -- handing off -------------------------------------------------------------------------------------------

    async def serve(self, rate_limit: RateLimit, *, connections: int) -> None:
        """Hand off and write down until `finish` is called; what was not begun by then goes back to the queue."""
        self._window = self._widest = window(connections)
        self._least = 2 * connections
        try:
            while not self._is_closing:
                await self._until_due()
                await self._hand_off(rate_limit)
                if len(self._waiting) < LOW_WATER and not self._due.is_set():
                    await self.refill(LOW_WATER)
            self._take_back()
            await self._flush([])
        finally:
            self._is_over = True
            self.look_again()

    def finish(self) -> None:
        """Hand off nothing more; no connection takes anything after this."""
        self._is_closing = True
        self._due.set()

    async def refill(self, least: int) -> None:
        """Claim batches until so many messages wait, or nothing is due."""
        while len(self._waiting) < least and not self._is_exhausted and not self._must_end():
            claimed = await self.in_store(self._store.claim)
            if claimed is None:
                self._is_exhausted = True
            elif claimed:
                batch_id = claimed[0].batch_id
                self._unsettled[batch_id] = self._unsettled.get(batch_id, 0) + len(claimed)
                self._waiting.extend(claimed)

    async def _until_due(self) -> None:
        try:
            async with asyncio.timeout(WRITTEN_WITHIN):
                await self._due.wait()
        except TimeoutError:
            pass
        self._due.clear()

    @property
    def _room(self) -> int:
        """How many may be handed off in a transaction that writes down what is answered."""
        return self._window - self._open_count + len(self._answered)

    @property
    def _is_used_up(self) -> bool:
        """Nothing is left to take, and nothing will come back by itself."""
        return self._is_exhausted and not (self._waiting or self._answered or self._is_flushing)

    async def _hand_off(self, rate_limit: RateLimit) -> None:
        """Hand off as many as the window and the rate allow, and write down what is answered."""
        if self._must_end():
            self._take_back()
        elif self._room > 0:
            await self.refill(1)
        size = await self._permitted(rate_limit, max(0, min(self._room, len(self._waiting))))
        await self._flush([self._waiting.popleft() for _ in range(size)])
        self.look_again()

    async def _permitted(self, rate_limit: RateLimit, most: int) -> int:
        """Return how many may be handed off by the rate, when its time has come."""
        size = min(most, rate_limit.group)
        delay = rate_limit.wait(size, now=asyncio.get_running_loop().time()) if size else 0.0
        while delay > 0 and not (self._must_end() or self._is_closing):
            if self._answered:
                await self._flush([])
            await asyncio.sleep(min(delay, WRITTEN_WITHIN))
            delay -= WRITTEN_WITHIN
        return 0 if self._must_end() or self._is_closing else size

    async def _flush(self, wanted: list[OutgoingMessage]) -> None:
        """Hand these off and write down what is answered, in one transaction."""
        answered, self._answered = self._answered, []
        if not answered and not wanted:
            return
        self._is_flushing = True
        is_keeping_up = not self._handed
        handed = await self.in_store(lambda: self._store.flush(answered, wanted))
        self._open_count += len(handed) - len(answered)
        self._account_for(answered)
        begin_by = asyncio.get_running_loop().time() + BEGUN_WITHIN
        for message in wanted:
            if message.id in handed:
                message.begin_by = begin_by
                self._prepare(message)
                self._handed.append(message)
        if len(handed) < len(wanted):
            await self._reevaluate([message for message in wanted if message.id not in handed])
        if is_keeping_up:
            self._window = min(2 * self._window, self._widest)
        self._is_flushing = False
        await self._close_settled()

    def _take_back(self) -> None:
        """What is handed off and waits for a connection goes back to the queue."""
        if self._handed:
            now = self._clock.now()
            self._answered += [results.unsent(message, now=now) for message in self._handed]
            for message in self._handed:
                if message.prepared:
                    # Its signature would be made ahead of those of mail that can leave.
                    message.prepared.cancel()
                    message.prepared = None
            self._handed.clear()
            self._due.set()

    async def _reevaluate(self, held: list[OutgoingMessage]) -> None:
        """The store did not hand these off: ask the gate why, keep those it still lets through, let the others go."""
        tries = {message.id: message.tries + 1 for message in held}
        through = await self.in_store(lambda: self._store.reevaluate(held))
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

    def _account_for(self, answered: list[Result]) -> None:
        """What comes back unsent waits again, before all others and in its order; the rest is settled."""
        returned = [answer.message for answer in answered if answer.effect is Effect.RETURNED]
        self._waiting.extendleft(reversed(returned))
        for answer in answered:
            if answer.effect is not Effect.RETURNED:
                self._unsettled[answer.message.batch_id] -= 1

    async def _close_settled(self) -> None:
        settled = [batch_id for batch_id, count in self._unsettled.items() if count <= 0]
        if settled:
            for batch_id in settled:
                del self._unsettled[batch_id]
            await self.in_store(lambda: self._store.close(settled))
