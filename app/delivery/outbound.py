"""The worker of one lane: several SMTP connections, each carrying group after group handed off by the store.

A connection asks the desk for its next group and tells it, in the same breath, what became of the latest one.
Requests that arrive while the desk is busy are answered by one transaction together. A killed sender therefore leaves
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

from app.delivery import letters, mime, outcomes, plans, smtp_session
from app.delivery.batches import RENEW_EVERY
from app.delivery.desk import Desk, LaneTerms, patiently
from app.delivery.letters import Letter
from app.delivery.models import MessageState
from app.delivery.outcomes import Effect, Record
from app.delivery.pace import Pace
from app.delivery.smtp import Connection, Envelope, Outcome, Phase, Timeouts
from app.delivery.smtp_session import ConnectionRefused
from app.kernel.refusals import Refusal
from app.kernel.services import Services

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
    """One connection at the desk: what became of its latest group, what it could not begin, how much it takes next."""

    records: list[Record]
    unsent: list[Letter]
    size: int
    answer: asyncio.Future[list[Letter]] = field(repr=False)


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
    desk = Desk(services, workspace_id, lane_id, only_notices=only_notices)
    terms = patiently(desk.open)
    if terms is None:
        return 0
    with asyncio.Runner(loop_factory=new_event_loop) as runner, nullcontext() if only_notices else _seldom_collecting():
        return runner.run(Sender(services, workspace_id, desk, terms, seconds, timeouts, should_stop).run())


@contextmanager
def _seldom_collecting() -> Iterator[None]:
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


class Sender:
    """The spoken side of one lane."""

    def __init__(
        self,
        services: Services,
        workspace_id: int,
        desk: Desk,
        terms: LaneTerms,
        seconds: float,
        timeouts: Timeouts | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self._services = services
        self._workspace_id = workspace_id
        self._desk = desk
        self._terms = terms
        self._relay = terms.relay
        self._seconds = seconds
        self._timeouts = timeouts or terms.timeouts
        self._should_stop = should_stop or (lambda: False)
        self._waiting: deque[Letter] = deque()
        self._in_hand: dict[int, int] = {}
        self._requests: asyncio.Queue[_Request] = asyncio.Queue()
        self._is_exhausted = False
        self._is_stopping = False
        self._is_broken = False
        self._setback: timedelta | None = None
        self._is_relay_away = False
        self._is_refused = False
        self._connections: set[Connection] = set()
        self._losses = 0
        self._accepted = 0

    async def run(self) -> int:
        """Open the connections and keep them busy."""
        loop = asyncio.get_running_loop()
        self._pace = Pace(self._terms.rate, now=loop.time())
        self._ends_at = loop.time() + self._seconds
        with ThreadPoolExecutor(1, thread_name_prefix="desk") as self._thread:
            try:
                await self._refill(1)
                if self._waiting:
                    await self._send_all()
            finally:
                await self._ask_desk(self._desk.close)
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
            # From here on nobody answers at the desk any more, so nobody may wait there.
            self._is_broken = True
            for background in (serving, renewing, sharing, ending, carrying):
                background.cancel()
            await asyncio.gather(serving, renewing, sharing, ending, carrying, return_exceptions=True)

    async def _learn(self) -> None:
        """Remember for the next time how the lane went."""
        setback = self._setback
        if setback is not None:
            await self._ask_desk(lambda: self._desk.hold_back(setback, is_relay_away=self._is_relay_away))
        elif self._accepted and not self._is_refused:
            await self._ask_desk(self._desk.went_well)

    # -- one connection ---------------------------------------------------------------------------------------

    async def _carry(self) -> None:
        """Keep one connection and carry group after group through it."""
        connection: Connection | None = None
        records: list[Record] = []
        unsent: list[Letter] = []
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

    def _stop(self, setback: timedelta | None = None) -> None:
        """Begin nothing new; with a setback the lane rests for at least so long."""
        self._is_stopping = True
        if setback is not None:
            self._setback = max(setback, self._setback or setback)

    async def _connect(self) -> Connection | None:
        """Open a connection; when none can be opened the lane rests, and nobody's message is blamed for it."""
        while not self._must_end():
            try:
                helo = plans.helo(self._services.settings)
                return await smtp_session.connect(self._relay, helo=helo, timeouts=self._timeouts)
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

    async def _deliver(self, connection: Connection, group: list[Letter]) -> tuple[list[Record], list[Letter]]:
        """Carry one handed group; return what became of it and what was not begun in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + GROUP_SECONDS
        open_letters = {letter.id: letter for letter in group}
        order = iter(group)
        records: list[Record] = []
        is_broken = False
        stamped = letters.stamp(self._services.clock.now())

        def following() -> Envelope | None:
            while loop.time() < deadline and not self._is_stopping and (letter := next(order, None)) is not None:
                try:
                    return letters.envelope(letter, self._services.tokens, self._workspace_id, stamped)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with one person stops nobody else
                    records.append(self._poisoned(open_letters.pop(letter.id), error))
            return None

        def settled(envelope: Envelope, outcome: Outcome) -> None:
            nonlocal is_broken
            letter = open_letters.pop(envelope.key)
            if outcome.phase in (Phase.UNSENT, Phase.DROPPED_AFTER_DOT) and not is_broken:
                # The first to hear of a broken connection is the one whose turn it was.
                is_broken = True
                letter.breaks += 1
            records.append(self._judged(letter, outcome))

        await connection.deliver(following, settled)
        now = self._services.clock.now()
        records += [outcomes.returned(letter, now=now) for letter in open_letters.values()]
        if not connection.is_usable and not any(record.state is MessageState.SENT for record in records):
            self._lost(is_silent=connection.is_silent)
            self._is_relay_away = self._is_relay_away or connection.is_silent
        return records, [record.letter for record in records if record.effect is Effect.RETURNED]

    def _poisoned(self, letter: Letter, error: Exception) -> Record:
        reason = "undeliverable_eai" if isinstance(error, mime.UndeliverableAddress) else "render_error"
        if not isinstance(error, Refusal):
            log.error("delivery.render_failed", message_id=letter.id)
        return outcomes.poisoned(letter, reason, now=self._services.clock.now())

    def _judged(self, letter: Letter, outcome: Outcome) -> Record:
        record = outcomes.judge(letter, outcome, now=self._services.clock.now())
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

    # -- the desk ---------------------------------------------------------------------------------------------

    async def _request(self, records: list[Record], unsent: list[Letter], size: int) -> list[Letter]:
        answer: asyncio.Future[list[Letter]] = asyncio.get_running_loop().create_future()
        await self._requests.put(_Request(records, unsent, size, answer))
        return await answer

    async def _serve(self) -> None:
        """Answer whoever stands at the desk, all at once; fill up while they are away."""
        while True:
            standing = [await self._requests.get()]
            while not self._requests.empty():
                standing.append(self._requests.get_nowait())
            await self._answer(standing)
            if len(self._waiting) < LOW_WATER and self._requests.empty():
                await self._refill(LOW_WATER)

    async def _answer(self, standing: list[_Request]) -> None:
        """One turn at the desk; those whose letters were all held back stand in line once more."""
        await self._refill(sum(request.size for request in standing))
        groups = [self._take(request.size) for request in standing]
        records = [record for request in standing for record in request.records]
        asking = [group for group in groups if group]
        handed = await self._ask_desk(lambda: self._desk.turn(records, asking)) if records or asking else set()
        self._account_for(records)
        self._waiting.extendleft(letter for request in standing for letter in request.unsent)
        held = [letter for group in asking for letter in group if letter.id not in handed]
        if held:
            await self._reconsider(held)
        await self._close_settled()
        again: list[_Request] = []
        for request, group in zip(standing, groups, strict=True):
            given = [letter for letter in group if letter.id in handed]
            has_more = bool(self._waiting) or not self._is_exhausted
            if given or request.size == 0 or self._is_stopping or not has_more:
                request.answer.set_result(given)
            else:
                again.append(_Request([], [], request.size, request.answer))
        if again:
            await self._answer(again)

    def _take(self, size: int) -> list[Letter]:
        """The next letters of one send."""
        taken: list[Letter] = []
        while self._waiting and len(taken) < size and (not taken or self._waiting[0].plan is taken[0].plan):
            taken.append(self._waiting.popleft())
        return taken

    async def _reconsider(self, held: list[Letter]) -> None:
        """The desk did not hand these over: ask the gate why, keep those it still lets through, let the others go."""
        tries = {letter.id: letter.tries + 1 for letter in held}
        through = await self._ask_desk(lambda: self._desk.weigh_again(held))
        kept = [letter for letter in through if tries[letter.id] < TRIES_ALLOWED]
        if len(kept) < len(through):
            self._stop()
        for letter in kept:
            letter.tries = tries[letter.id]
        kept_ids = {letter.id for letter in kept}
        for letter in held:
            if letter.id not in kept_ids:
                self._in_hand[letter.batch_id] -= 1
        self._waiting.extend(kept)

    def _account_for(self, records: list[Record]) -> None:
        for record in records:
            if record.effect is not Effect.RETURNED:
                self._in_hand[record.letter.batch_id] -= 1

    async def _close_settled(self) -> None:
        settled = [batch_id for batch_id, count in self._in_hand.items() if count <= 0]
        if settled:
            for batch_id in settled:
                del self._in_hand[batch_id]
            await self._ask_desk(lambda: self._desk.close(settled))

    async def _refill(self, least: int) -> None:
        while len(self._waiting) < least and not self._is_exhausted and not self._must_end():
            claimed = await self._ask_desk(self._desk.claim)
            if claimed is None:
                self._is_exhausted = True
            elif claimed:
                batch_id = claimed[0].batch_id
                self._in_hand[batch_id] = self._in_hand.get(batch_id, 0) + len(claimed)
                self._waiting.extend(claimed)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            await self._ask_desk(self._desk.renew)

    async def _share_pace(self) -> None:
        """Follow the share of the identity's rate that is left beside its other senders."""
        while self._terms.rate is not None:
            await asyncio.sleep(PACE_EVERY)
            self._pace.limit_to(await self._ask_desk(self._desk.rate))

    async def _ask_desk(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, patiently, work)
