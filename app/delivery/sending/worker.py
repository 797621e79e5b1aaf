"""The worker of one lane: several SMTP connections, each sending one message after another that is handed off.

A killed worker leaves at most the dispatcher's window in doubt, every message of it by name.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.delivery.models import MessageState
from app.delivery.sending import compiled_sends, outgoing, results
from app.delivery.sending.dispatcher import Dispatcher
from app.delivery.sending.outgoing import OutgoingMessage, Stamp
from app.delivery.sending.results import Effect, Result
from app.delivery.sending.store import LaneSettings, SendStore, with_retries
from app.delivery.smtp import handshake
from app.delivery.smtp.connection import Connection
from app.delivery.smtp.envelopes import Envelope, Outcome, Phase, Timeouts
from app.delivery.smtp.handshake import ConnectionRefused
from app.delivery.throttling.rate_limit import RateLimit
from app.delivery.transitions.batches import RENEW_EVERY
from app.kernel.processes import garbage
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
RATE_EVERY = 2.0
# Messages that leave within so many seconds of each other carry the same date.
STAMPED_FOR = 1.0
LOSSES_ALLOWED = 3
# A sender runs for long; what failed exchanges leave in cycles is not to pile up.
_OBJECTS = 20_000
# So long a sender goes on before others get theirs; what is under way by then has as long as a reply may take.
RUN_SECONDS = 30.0
REST = timedelta(minutes=1)
# Gmail's 4.7.28 says a quota is used up; it asks for ten quiet minutes.
QUOTA_REST = timedelta(minutes=10)


def run(
    services: Services,
    workspace_id: int,
    lane_id: int,
    *,
    seconds: float = RUN_SECONDS,
    only_transactional: bool = False,
    timeouts: Timeouts | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> int:
    """Send what is due in one lane until nothing is left or the time is up; return how many messages were accepted.

    With `only_transactional` a worker does it between its other jobs, and keeps its memory as it is.
    """
    store = SendStore(services, workspace_id, lane_id, only_transactional=only_transactional)
    settings = with_retries(store.open)
    if settings is None:
        return 0
    bounds = Bounds(seconds, timeouts or settings.timeouts, should_stop or (lambda: False))
    with (
        asyncio.Runner(loop_factory=new_event_loop) as runner,
        nullcontext() if only_transactional else garbage.rarely_collected(above=_OBJECTS),
    ):
        return runner.run(LaneWorker(services, workspace_id, store, settings, bounds).run())


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long one run begins new work, how long a server may take, and who may end the run earlier."""

    seconds: float
    timeouts: Timeouts
    should_stop: Callable[[], bool]


class LaneWorker:
    """The connections of one lane."""

    def __init__(
        self, services: Services, workspace_id: int, store: SendStore, settings: LaneSettings, bounds: Bounds
    ) -> None:
        self._services = services
        self._workspace_id = workspace_id
        self._store = store
        self._settings = settings
        self._bounds = bounds
        self._dispatcher = Dispatcher(store, services.clock, self)
        self._signing = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="sign")
        self._is_stopping = False
        self._backoff: timedelta | None = None
        self._is_relay_away = False
        self._is_refused = False
        self._connections: set[Connection] = set()
        self._losses = 0
        self._accepted = 0
        self._stamp = outgoing.stamp(services.clock.now())
        self._stamped_at = 0.0

    async def run(self) -> int:
        """Open the connections and keep them busy."""
        loop = asyncio.get_running_loop()
        self._rate_limit = RateLimit(self._settings.rate, now=loop.time())
        self._ends_at = loop.time() + self._bounds.seconds
        try:
            try:
                await self._dispatcher.refill(1)
                if self._dispatcher.waiting_count:
                    await self._send_all()
            finally:
                await self._dispatcher.in_store(self._store.close)
            await self._learn()
        finally:
            self._signing.shutdown(cancel_futures=True)
            self._dispatcher.shut_down()
            self._store.release()
        return self._accepted

    async def _send_all(self) -> None:
        count = max(1, min(self._settings.connections, -(-self._dispatcher.waiting_count // self._rate_limit.group)))
        serving = asyncio.ensure_future(self._dispatcher.serve(self._rate_limit, connections=count))
        renewing = asyncio.ensure_future(self._renew())
        sharing = asyncio.ensure_future(self._share_rate())
        ending = asyncio.ensure_future(self._end_in_time())
        # When one connection fails in a way nobody foresaw, the others still finish and write down what they know.
        connections = asyncio.gather(*(self._use_connection() for _ in range(count)), return_exceptions=True)
        try:
            await asyncio.wait((serving, connections), return_when=asyncio.FIRST_COMPLETED)
            self._dispatcher.finish()
            await serving
            for result in connections.result():
                if result is not None:
                    raise result
        finally:
            for background in (serving, renewing, sharing, ending, connections):
                background.cancel()
            await asyncio.gather(serving, renewing, sharing, ending, connections, return_exceptions=True)

    async def _learn(self) -> None:
        """Remember for the next time how the lane went."""
        backoff = self._backoff
        if backoff is not None:
            await self._dispatcher.in_store(lambda: self._store.back_off(backoff, is_relay_away=self._is_relay_away))
        elif self._accepted and not self._is_refused:
            await self._dispatcher.in_store(self._store.clear_backoff)

    # -- one connection ---------------------------------------------------------------------------------------

    async def _use_connection(self) -> None:
        """Keep one connection and send through it what is handed off."""
        connection: Connection | None = None
        try:
            while not self.must_end():
                if connection is None or not connection.is_usable:
                    connection = await self._connect()
                    if connection is None:
                        break
                    self._connections.add(connection)
                if not await self._dispatcher.has_more():
                    break
                await self._deliver(connection)
        finally:
            if connection is not None:
                await connection.close()

    async def _end_in_time(self) -> None:
        """Hang up on a server that keeps us beyond all bounds, however often it says a word meanwhile."""
        await asyncio.sleep(self._ends_at + self._bounds.timeouts.dot - asyncio.get_running_loop().time())
        self.stop()
        for connection in self._connections:
            connection.hang_up("this run is over")

    def must_end(self) -> bool:
        if self._rate_limit.is_blocked:
            self.stop(REST)
        if asyncio.get_running_loop().time() > self._ends_at or self._bounds.should_stop():
            self.stop()
        return self._is_stopping

    def stop(self, backoff: timedelta | None = None) -> None:
        """Begin nothing new; with a backoff the lane rests for at least so long."""
        self._is_stopping = True
        if backoff is not None:
            self._backoff = max(backoff, self._backoff or backoff)

    async def _connect(self) -> Connection | None:
        """Open a connection; when none can be opened the lane rests, and nobody's message is blamed for it."""
        while not self.must_end():
            try:
                helo = compiled_sends.helo(self._services.settings)
                return await handshake.connect(self._settings.relay, helo=helo, timeouts=self._bounds.timeouts)
            except ConnectionRefused as refusal:
                log.warning("delivery.connection_refused", code=refusal.code, text=refusal.text)
                if self._lost(has_timed_out=refusal.has_timed_out):
                    self._is_relay_away = True
                    break
                await asyncio.sleep(0.2 * self._losses)
        return None

    def _lost(self, *, has_timed_out: bool = False) -> bool:
        """Count a connection that failed; after several in a row without any success the sender gives up for now.

        One that said nothing for as long as it may counts as several: the next would cost as much time again.
        """
        self._losses += LOSSES_ALLOWED if has_timed_out else 1
        if self._losses >= LOSSES_ALLOWED:
            self.stop(timedelta(seconds=15))
        return self._is_stopping

    async def _deliver(self, connection: Connection) -> None:
        """Send through a connection as long as there is something to take."""
        taken: dict[int, OutgoingMessage] = {}
        is_broken = has_sent = False

        def following() -> Envelope | None:
            while not self._is_stopping and (message := self._dispatcher.take()) is not None:
                try:
                    envelope = message.prepared.result() if message.prepared else self._envelope(message)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with one person stops nobody else
                    self._dispatcher.settle(self._poisoned(message, error))
                else:
                    taken[message.id] = message
                    return envelope
            return None

        def settled(envelope: Envelope, outcome: Outcome) -> None:
            nonlocal is_broken, has_sent
            message = taken.pop(envelope.key)
            if outcome.phase in (Phase.UNSENT, Phase.DROPPED_AFTER_DOT) and not is_broken:
                # The first to hear of a broken connection is the one that was under way.
                is_broken = True
                message.breaks += 1
            result = self._judged(message, outcome)
            has_sent = has_sent or result.state is MessageState.SENT
            self._dispatcher.settle(result)

        await connection.deliver(following, settled)
        if not connection.is_usable and not has_sent:
            self._lost(has_timed_out=connection.has_timed_out)
            self._is_relay_away = self._is_relay_away or connection.has_timed_out

    def prepare(self, message: OutgoingMessage) -> None:
        """Fill in and sign in threads what takes long to sign: the interpreter lets go of its lock meanwhile."""
        if message.plan.compiled.is_slow_to_sign:
            stamp = self._stamped()
            tokens = self._services.tokens
            loop = asyncio.get_running_loop()
            message.prepared = self._signing.submit(outgoing.envelope, message, tokens, self._workspace_id, stamp)
            message.prepared.add_done_callback(lambda _: loop.call_soon_threadsafe(self._dispatcher.look_again))

    def _envelope(self, message: OutgoingMessage) -> Envelope:
        return outgoing.envelope(message, self._services.tokens, self._workspace_id, self._stamped())

    def _stamped(self) -> Stamp:
        now = asyncio.get_running_loop().time()
        if now >= self._stamped_at + STAMPED_FOR:
            self._stamp, self._stamped_at = outgoing.stamp(self._services.clock.now()), now
        return self._stamp

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
            self._rate_limit.accepted()
        elif record.effect is Effect.SLOW_DOWN:
            self._rate_limit.deferred(now=asyncio.get_running_loop().time())
            if "4.7.28" in outcome.text:
                self.stop(QUOTA_REST)
        elif record.effect is Effect.STREAM_REFUSED:
            self._is_refused = True
            self.stop()
        return record

    # -- next to the connections -------------------------------------------------------------------------------

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            await self._dispatcher.in_store(self._store.renew)

    async def _share_rate(self) -> None:
        """Follow the share of the identity's rate that is left beside its other senders."""
        while self._settings.rate is not None:
            await asyncio.sleep(RATE_EVERY)
            self._rate_limit.limit_to(await self._dispatcher.in_store(self._store.rate))
