"""However many connections a lane has and whatever they do, few messages are handed off without a written answer."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from concurrent.futures import Future
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.delivery.models import MessageState
from app.delivery.sending import dispatcher, results
from app.delivery.sending.dispatcher import Dispatcher
from app.delivery.sending.outgoing import OutgoingMessage
from app.delivery.sending.results import Effect, Result
from app.delivery.smtp.envelopes import Envelope
from app.delivery.throttling.rate_limit import RateLimit
from app.kernel.clock import FixedClock
from tests.factories import NOON

PLAN: Any = object()
BATCH = 40


def a_message(number: int) -> OutgoingMessage:
    return OutgoingMessage(
        plan=PLAN, batch_id=number // BATCH, id=number, customer_id=number, attempt=0, counted_at=None, seen=None,
        email="", address_id=None, address_digest=None, may_track_opens=False, may_track_clicks=False, extra={},
        person={},
    )  # fmt: skip


class StoreInMemory:
    """Keeps what PostgreSQL would: which messages are handed off, and what became of each."""

    def __init__(self, count: int, refused: set[int]) -> None:
        self.batches = [
            [a_message(number) for number in range(start, min(start + BATCH, count))]
            for start in range(0, count, BATCH)
        ]
        self.refused = refused
        self.handed: set[int] = set()
        self.most_handed = 0
        self.states: dict[int, MessageState] = {}
        self.closed: list[int] = []

    def claim(self) -> list[OutgoingMessage] | None:
        return self.batches.pop(0) if self.batches else None

    def flush(self, records: list[Result], messages: Sequence[OutgoingMessage]) -> set[int]:
        for record in records:
            self.handed.remove(record.message.id)
            if record.effect is not Effect.RETURNED:
                assert record.message.id not in self.states, "one answer each"
                self.states[record.message.id] = record.state
        handed = {message.id for message in messages} - self.refused
        assert not handed & self.handed
        self.handed |= handed
        self.most_handed = max(self.most_handed, len(self.handed))
        return handed

    def reevaluate(self, held: list[OutgoingMessage]) -> list[OutgoingMessage]:
        return []

    def close(self, batch_ids: Sequence[int]) -> None:
        self.closed += batch_ids


class Lane:
    """Connections that take messages, and do with them what the plan of their test says."""

    def __init__(self, store: StoreInMemory, fates: list[str], slow: Collection[int] = ()) -> None:
        self.is_stopping = False
        self.slow = slow
        self.fates = fates
        self.dispatcher = Dispatcher(store, FixedClock(NOON), self)

    def must_end(self) -> bool:
        return self.is_stopping

    def prepare(self, message: OutgoingMessage) -> None:
        """Some of them take long to sign."""
        if message.id in self.slow:
            message.prepared = Future()
            asyncio.get_running_loop().call_later(0.002, self.signed, message.prepared)

    def signed(self, prepared: Future[Any]) -> None:
        prepared.set_result(None)
        self.dispatcher.look_again()

    def stop(self) -> None:
        """Only what the store refused is a reason, and others go on."""

    async def run(self, connections: int) -> None:
        await self.dispatcher.refill(1)
        limit = RateLimit(None, now=asyncio.get_running_loop().time())
        serving = asyncio.ensure_future(self.dispatcher.serve(limit, connections=connections))
        try:
            await asyncio.gather(*(self.use_connection() for _ in range(connections)))
            self.dispatcher.finish()
            await serving
        finally:
            self.dispatcher.shut_down()

    async def use_connection(self) -> None:
        while await self.dispatcher.has_more():
            taken = []
            while len(taken) < 3 and (message := self.dispatcher.take()) is not None:
                taken.append(message)
            for message in taken:
                assert message.is_ready, "it is signed"
                fate = self.fates.pop() if self.fates else "sent"
                if fate == "slow":
                    await asyncio.sleep(0.001)
                self.dispatcher.settle(
                    results.unsent(message, now=NOON)
                    if fate == "unsent"
                    else Result(message, MessageState.SENT, None, None, 250, "", NOON)
                )
            await asyncio.sleep(0)


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(0, 400),
    connections=st.integers(1, 14),
    refused=st.sets(st.integers(0, 400), max_size=20),
    fates=st.lists(st.sampled_from(["sent", "unsent", "slow"]), max_size=60),
    slow=st.sets(st.integers(0, 400), max_size=30),
)
def test_everything_is_settled_once_and_the_window_holds(
    count: int, connections: int, refused: set[int], fates: list[str], slow: set[int]
) -> None:
    store = StoreInMemory(count, refused)

    asyncio.run(Lane(store, fates, slow).run(connections))

    assert store.states == dict.fromkeys(set(range(count)) - refused, MessageState.SENT)
    assert store.most_handed <= dispatcher.window(connections)
    assert store.handed == set()
    assert sorted(store.closed) == sorted({number // BATCH for number in range(count)})


def test_ten_connections_leave_at_most_a_hundred_in_doubt() -> None:
    assert dispatcher.window(10) == 100


def test_what_waits_too_long_for_a_connection_is_asked_about_again() -> None:
    """Whoever says no meanwhile is heard: what was handed off and not begun goes back to the queue."""
    store = StoreInMemory(BATCH, set())
    claimed = list(store.batches[0])

    async def run() -> None:
        lane = Lane(store, [])
        await lane.dispatcher.refill(1)
        limit = RateLimit(None, now=asyncio.get_running_loop().time())
        serving = asyncio.ensure_future(lane.dispatcher.serve(limit, connections=1))
        assert await lane.dispatcher.has_more()
        prepared: list[Future[Envelope]] = [Future() for _ in claimed]
        for message, envelope in zip(claimed, prepared, strict=True):
            message.begin_by, message.prepared = 0.0, envelope
        assert lane.dispatcher.take() is None
        assert await lane.dispatcher.has_more()
        again = lane.dispatcher.take()
        assert again is claimed[0], "they come first, and in their order"
        assert all(envelope.cancelled() for envelope in prepared), "and nobody signs what goes back"
        lane.dispatcher.settle(results.unsent(again, now=NOON))
        lane.dispatcher.finish()
        await serving
        lane.dispatcher.shut_down()

    asyncio.run(run())

    assert store.handed == set()
    assert store.states == {}
