"""The worker of one lane: several SMTP connections, each carrying group after group handed off by the store.

A connection asks the store for its next group and tells it, in the same breath, what became of the latest one.
Requests that arrive while the store is busy are answered by one transaction together. A killed sender therefore leaves
at most one group per connection in doubt, every message of it by name.
"""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import structlog

from app.delivery.models import MessageState
from app.delivery.sending import compiled_sends, outgoing, results
from app.delivery.sending.outgoing import OutgoingMessage
from app.delivery.sending.results import Effect, Result
from app.delivery.sending.store import LaneSettings, SendStore, with_retries
from app.delivery.smtp import handshake
from app.delivery.smtp.connection import Connection, Envelope, Outcome, Phase, Timeouts
from app.delivery.smtp.handshake import ConnectionRefused
from app.delivery.throttling.rate_limit import RateLimit
from app.delivery.transitions.batches import RENEW_EVERY
from app.kernel.refusals import Refusal
from app.kernel.services import Services
from app.rendering import mime

try:
    import uvloop
except ImportError:
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    new_event_loop = uvloop.new_event_loop

log = structlog.get_logger()

# How often a sender with a limited rate looks how many others share it by now.
PACE_EVERY = 2.0
# A no said meanwhile counts after this many seconds at the latest: what was not begun by then is asked about again.
GROUP_SECONDS = 2.0
LOW_WATER = 500
LOSSES_ALLOWED = 3
TRIES_ALLOWED = 5
# So long a sender goes on before others get their turn; what is under way by then has as long as a reply may take.
TURN_SECONDS = 30.0
REST = timedelta(minutes=1)
# Gmail's 4.7.28 says a quota is used up; it asks for ten quiet minutes.
QUOTA_REST = timedelta(minutes=10)

T = TypeVar("T")


@dataclass(slots=True)
class _Request:
    """One connection at the store: what became of its latest group, what it could not begin, how much it takes next."""

    records: list[Result]
    unsent: list[OutgoingMessage]
    size: int
    answer: asyncio.Future[list[OutgoingMessage]] = field(repr=False)


def run(
    services: Services,
    workspace_id: int,
    lane_id: int,
    *,
    seconds: float = TURN_SECONDS,
    only_notices: bool = False,
    timeouts: Timeouts | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> int:
    """Send what is due in one lane until nothing is left or the time is up; return how many messages were accepted.

    With `only_notices` a worker does it between its other jobs, and keeps its memory as it is.
    """
    store = SendStore(services, workspace_id, lane_id, only_notices=only_notices)
    terms = with_retries(store.open)
    if terms is None:
        return 0
    with (
        asyncio.Runner(loop_factory=new_event_loop) as runner,
        nullcontext() if only_notices else _rare_garbage_collection(),
    ):
        return runner.run(LaneWorker(services, workspace_id, store, terms, seconds, timeouts, should_stop).run())


@contextmanager
def _rare_garbage_collection() -> Iterator[None]:
    """Look for garbage in circles seldom: a sender makes hardly any, and looking costs a tenth of its time."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class LaneWorker:
    """The spoken side of one lane."""

    def __init__(
        self,
        services: Services,
        workspace_id: int,
        store: SendStore,
        terms: LaneSettings,
        seconds: float,
        timeouts: Timeouts | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self._services = services
        self._workspace_id = workspace_id
        self._store = store
        self._terms = terms
        self._relay = terms.relay
        self._seconds = seconds
        self._timeouts = timeouts or terms.timeouts
        self._should_stop = should_stop or (lambda: False)
        self._waiting: deque[OutgoingMessage] = deque()
        self._in_hand: dict[int, int] = {}
        self._requests: asyncio.Queue[_Request] = asyncio.Queue()
        self._is_exhausted = False
        self._is_stopping = False
        self._is_broken = False
        self._backoff: timedelta | None = None
        self._is_relay_away = False
        self._is_refused = False
        self._connections: set[Connection] = set()
        self._losses = 0
        self._accepted = 0

    async def run(self) -> int:
        """Open the connections and keep them busy."""
        loop = asyncio.get_running_loop()
        self._pace = RateLimit(self._terms.rate, now=loop.time())
        self._ends_at = loop.time() + self._seconds
        with ThreadPoolExecutor(1, thread_name_prefix="store") as self._thread:
            try:
                await self._refill(1)
                if self._waiting:
                    await self._send_all()
            finally:
                await self._in_store(self._store.close)
            await self._learn()
        return self._accepted

    async def _send_all(self) -> None:
        count = max(1, min(self._terms.connections, -(-len(self._waiting) // self._pace.group)))
        serving = asyncio.ensure_future(self._serve())
        renewing = asyncio.ensure_future(self._renew())
        sharing = asyncio.ensure_future(self._share_pace())
        ending = asyncio.ensure_future(self._end_in_time())
        # When one connection fails in a way nobody foresaw, the others still finish and write down what they know.
        carrying = asyncio.gather(*(self._carry() for _ in range(count)), return_exceptions=True)
        try:
            done, _ = await asyncio.wait((serving, carrying), return_when=asyncio.FIRST_COMPLETED)
            if serving in done:
                serving.result()
            for result in carrying.result():
                if result is not None:
                    raise result
        finally:
            # From here on nobody answers at the store any more, so nobody may wait there.
            self._is_broken = True
            for background in (serving, renewing, sharing, ending, carrying):
                background.cancel()
            await asyncio.gather(serving, renewing, sharing, ending, carrying, return_exceptions=True)

    async def _learn(self) -> None:
        """Remember for the next time how the lane went."""
        backoff = self._backoff
        if backoff is not None:
            await self._in_store(lambda: self._store.back_off(backoff, is_relay_away=self._is_relay_away))
        elif self._accepted and not self._is_refused:
            await self._in_store(self._store.clear_backoff)

    # -- one connection ---------------------------------------------------------------------------------------

    async def _carry(self) -> None:
        """Keep one connection and carry group after group through it."""
        connection: Connection | None = None
        records: list[Result] = []
        unsent: list[OutgoingMessage] = []
        try:
            while not self._must_end():
                if connection is None or not connection.is_usable:
                    connection = await self._connect()
                    if connection is None:
                        break
                    self._connections.add(connection)
                size = await self._permitted()
                group = await self._request(records, unsent, size)
                records, unsent = [], []
                if not group:
                    break
                records, unsent = await self._deliver(connection, group)
        finally:
            if records and not self._is_broken:
                await asyncio.shield(self._request(records, unsent, 0))
            if connection is not None:
                await connection.close()

    async def _end_in_time(self) -> None:
        """Hang up on a server that keeps us beyond all bounds, however often it says a word meanwhile."""
        await asyncio.sleep(self._ends_at + self._timeouts.dot - asyncio.get_running_loop().time())
        self._stop()
        for connection in self._connections:
            connection.hang_up("this turn is over")

    def _must_end(self) -> bool:
        if self._pace.is_blocked:
            self._stop(REST)
        if asyncio.get_running_loop().time() > self._ends_at or self._should_stop():
            self._stop()
        return self._is_stopping

    def _stop(self, backoff: timedelta | None = None) -> None:
        """Begin nothing new; with a backoff the lane rests for at least so long."""
        self._is_stopping = True
        if backoff is not None:
            self._backoff = max(backoff, self._backoff or backoff)

    async def _connect(self) -> Connection | None:
        """Open a connection; when none can be opened the lane rests, and nobody's message is blamed for it."""
        while not self._must_end():
            try:
                helo = compiled_sends.helo(self._services.settings)
                return await handshake.connect(self._relay, helo=helo, timeouts=self._timeouts)
            except ConnectionRefused as refusal:
                log.warning("delivery.connection_refused", code=refusal.code, text=refusal.text)
                if self._lost(is_silent=refusal.is_silent):
                    self._is_relay_away = True
                    break
                await asyncio.sleep(0.2 * self._losses)
        return None

    def _lost(self, *, is_silent: bool = False) -> bool:
        """Count a connection that failed; after several in a row without any success the sender gives up for now.

        One that said nothing for as long as it may counts as several: the next would cost as much time again.
        """
        self._losses += LOSSES_ALLOWED if is_silent else 1
        if self._losses >= LOSSES_ALLOWED:
            self._stop(timedelta(seconds=15))
        return self._is_stopping

    async def _permitted(self) -> int:
        size = self._pace.group
        delay = self._pace.wait(size, now=asyncio.get_running_loop().time())
        while delay > 0 and not self._must_end():
            await asyncio.sleep(min(delay, 0.5))
            delay -= 0.5
        return size

    async def _deliver(
        self, connection: Connection, group: list[OutgoingMessage]
    ) -> tuple[list[Result], list[OutgoingMessage]]:
        """Carry one handed group; return what became of it and what was not begun in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + GROUP_SECONDS
        open_messages = {message.id: message for message in group}
        order = iter(group)
        records: list[Result] = []
        is_broken = False
        stamped = outgoing.stamp(self._services.clock.now())

        def following() -> Envelope | None:
            while loop.time() < deadline and not self._is_stopping and (message := next(order, None)) is not None:
                try:
                    return outgoing.envelope(message, self._services.tokens, self._workspace_id, stamped)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with one person stops nobody else
                    records.append(self._poisoned(open_messages.pop(message.id), error))
            return None

        def settled(envelope: Envelope, outcome: Outcome) -> None:
            nonlocal is_broken
            message = open_messages.pop(envelope.key)
            if outcome.phase in (Phase.UNSENT, Phase.DROPPED_AFTER_DOT) and not is_broken:
                # The first to hear of a broken connection is the one whose turn it was.
                is_broken = True
                message.breaks += 1
            records.append(self._judged(message, outcome))

        await connection.deliver(following, settled)
        now = self._services.clock.now()
        records += [results.unsent(message, now=now) for message in open_messages.values()]
        if not connection.is_usable and not any(record.state is MessageState.SENT for record in records):
            self._lost(is_silent=connection.is_silent)
            self._is_relay_away = self._is_relay_away or connection.is_silent
        return records, [record.message for record in records if record.effect is Effect.RETURNED]

    def _poisoned(self, message: OutgoingMessage, error: Exception) -> Result:
        reason = "undeliverable_eai" if isinstance(error, mime.UndeliverableAddress) else "render_error"
        if not isinstance(error, Refusal):
            log.error("delivery.render_failed", message_id=message.id)
        return results.unrenderable(message, reason, now=self._services.clock.now())

    def _judged(self, message: OutgoingMessage, outcome: Outcome) -> Result:
        record = results.interpret(message, outcome, now=self._services.clock.now())
        if record.state is MessageState.SENT:
            self._accepted += 1
            self._losses = 0
            self._pace.accepted()
        elif record.effect is Effect.SLOW_DOWN:
            self._pace.deferred(now=asyncio.get_running_loop().time())
            if "4.7.28" in outcome.text:
                self._stop(QUOTA_REST)
        elif record.effect is Effect.STREAM_REFUSED:
            self._is_refused = True
            self._stop()
        return record

    # -- the store ---------------------------------------------------------------------------------------------

    async def _request(self, records: list[Result], unsent: list[OutgoingMessage], size: int) -> list[OutgoingMessage]:
        answer: asyncio.Future[list[OutgoingMessage]] = asyncio.get_running_loop().create_future()
        await self._requests.put(_Request(records, unsent, size, answer))
        return await answer

    async def _serve(self) -> None:
        """Answer whoever stands at the store, all at once; fill up while they are away."""
        while True:
            standing = [await self._requests.get()]
            while not self._requests.empty():
                standing.append(self._requests.get_nowait())
            await self._answer(standing)
            if len(self._waiting) < LOW_WATER and self._requests.empty():
                await self._refill(LOW_WATER)

    async def _answer(self, standing: list[_Request]) -> None:
        """One turn at the store; those whose messages were all held back stand in line once more."""
        await self._refill(sum(request.size for request in standing))
        groups = [self._take(request.size) for request in standing]
        records = [record for request in standing for record in request.records]
        asking = [group for group in groups if group]
        handed = await self._in_store(lambda: self._store.flush(records, asking)) if records or asking else set()
        self._account_for(records)
        self._waiting.extendleft(message for request in standing for message in request.unsent)
        held = [message for group in asking for message in group if message.id not in handed]
        if held:
            await self._reconsider(held)
        await self._close_settled()
        again: list[_Request] = []
        for request, group in zip(standing, groups, strict=True):
            given = [message for message in group if message.id in handed]
            has_more = bool(self._waiting) or not self._is_exhausted
            if given or request.size == 0 or self._is_stopping or not has_more:
                request.answer.set_result(given)
            else:
                again.append(_Request([], [], request.size, request.answer))
        if again:
            await self._answer(again)

    def _take(self, size: int) -> list[OutgoingMessage]:
        """The next messages of one send."""
        taken: list[OutgoingMessage] = []
        while self._waiting and len(taken) < size and (not taken or self._waiting[0].plan is taken[0].plan):
            taken.append(self._waiting.popleft())
        return taken

    async def _reconsider(self, held: list[OutgoingMessage]) -> None:
        """The store did not hand these over: ask the gate why, keep those it still lets through, let the others go."""
        tries = {message.id: message.tries + 1 for message in held}
        through = await self._in_store(lambda: self._store.reevaluate(held))
        kept = [message for message in through if tries[message.id] < TRIES_ALLOWED]
        if len(kept) < len(through):
            self._stop()
        for message in kept:
            message.tries = tries[message.id]
        kept_ids = {message.id for message in kept}
        for message in held:
            if message.id not in kept_ids:
                self._in_hand[message.batch_id] -= 1
        self._waiting.extend(kept)

    def _account_for(self, records: list[Result]) -> None:
        for record in records:
            if record.effect is not Effect.RETURNED:
                self._in_hand[record.message.batch_id] -= 1

    async def _close_settled(self) -> None:
        settled = [batch_id for batch_id, count in self._in_hand.items() if count <= 0]
        if settled:
            for batch_id in settled:
                del self._in_hand[batch_id]
            await self._in_store(lambda: self._store.close(settled))

    async def _refill(self, least: int) -> None:
        while len(self._waiting) < least and not self._is_exhausted and not self._must_end():
            claimed = await self._in_store(self._store.claim)
            if claimed is None:
                self._is_exhausted = True
            elif claimed:
                batch_id = claimed[0].batch_id
                self._in_hand[batch_id] = self._in_hand.get(batch_id, 0) + len(claimed)
                self._waiting.extend(claimed)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            await self._in_store(self._store.renew)

    async def _share_pace(self) -> None:
        """Follow the share of the identity's rate that is left beside its other senders."""
        while self._terms.rate is not None:
            await asyncio.sleep(PACE_EVERY)
            self._pace.limit_to(await self._in_store(self._store.rate))

    async def _in_store(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, with_retries, work)
