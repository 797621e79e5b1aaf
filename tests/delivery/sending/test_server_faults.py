"""What mail servers do wrong: each fault has its own end, and costs nobody else their mail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.customers.profiles import people
from app.delivery.launching import launches
from app.delivery.sending import results, store
from app.delivery.smtp.envelopes import Outcome, Phase
from app.kernel.clock import FixedClock
from app.kernel.services import Services
from app.kernel.settings import Key
from app.kernel.tokens import Purpose, Tokens
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests


class PoisonedTokens(Tokens):
    """Tokens that cannot be minted for one person."""

    def __init__(self, keys: tuple[Key, ...], customer_id: int) -> None:
        super().__init__(keys)
        self.customer_id = customer_id

    def mint(self, purpose: Purpose, workspace_id: int, a: int, b: int = 0, c: int = 0, **end: Any) -> str:
        # The link to unsubscribe begins with whose it is.
        if (purpose, a) == (Purpose(3), self.customer_id):
            raise ZeroDivisionError
        return super().mint(purpose, workspace_id, a, b, c, **end)


def test_one_poisoned_person_stops_nobody_else(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """A record that cannot be filled in is skipped by name; everybody else's mail leaves."""
    delivery.a_launched_send(services.database, workspace, 20)
    with services.database.transaction(workspace.id) as session:
        poisoned = people.find_by_email(session, workspace.id, "p7@example.com")
        assert poisoned
    services = replace(services, tokens=PoisonedTokens(services.settings.secret_keys, poisoned.id))
    with delivery.a_sink(tmp_path) as sink:
        delivery.run_lanes(delivery.services_to(services, sink), workspace)

        assert len(sink.recipients()) == 19
    assert delivery.states(services.database, workspace)["p7@example.com"] == ("skipped", "render_error")


SERVER_FAULTS = [
    ({"at": "rcpt", "reply": "450 4.2.0 greylisted"}, ("queued", "deferred:throttled")),
    ({"at": "rcpt", "reply": "452 4.2.2 full"}, ("queued", "deferred:mailbox_full")),
    ({"at": "dot", "reply": "451 4.3.0 later"}, ("queued", "deferred:throttled")),
    ({"at": "rcpt", "reply": "550 5.1.1 no such user"}, ("refused", "address")),
    ({"at": "rcpt", "reply": "552 5.2.2 full"}, ("refused", "mailbox_full")),
    ({"at": "dot", "reply": "550 5.7.1 blocked"}, ("refused", "policy")),
    ({"at": "dot", "reply": "554 5.6.0 bad content"}, ("refused", "content")),
    ({"at": "dot", "drop": True}, ("in_doubt", "connection_lost")),
    ({"at": "data", "drop": True}, ("queued", "deferred:connection")),
]


@pytest.mark.parametrize(("rule", "expected"), SERVER_FAULTS)
def test_each_fault_of_a_server_has_its_own_end(
    services: Services,
    workspace: WorkspaceForTests,
    tmp_path: Path,
    rule: dict[str, Any],
    expected: tuple[str, str | None],
) -> None:
    """The table of faults: who is tried again, who is not, and who cannot be known."""
    delivery.a_launched_send(services.database, workspace, 1)
    with delivery.a_sink(tmp_path, rule, offer="PIPELINING") as sink:
        delivery.run_lanes(delivery.services_to(services, sink), workspace)

    assert delivery.states(services.database, workspace) == {"p0@example.com": expected}


def test_a_dead_address_is_suppressed(services: Services, workspace: WorkspaceForTests, tmp_path: Path) -> None:
    """5.1.1 suppresses the address and tells the timeline; the next send skips it."""
    delivery.a_launched_send(services.database, workspace, 2)
    with delivery.a_sink(tmp_path, {"at": "rcpt", "to": "p1@", "reply": "550 5.1.1 gone"}) as sink:
        delivery.run_lanes(delivery.services_to(services, sink), workspace)
    with services.database.transaction(workspace.id) as session:
        send = delivery.a_send(session, workspace, source_id=2)
        counts = launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
        kinds = list(session.scalars(text("SELECT name FROM activities")))

    assert counts.skipped == {"suppressed": 1}
    assert kinds == ["bounced"]


def test_a_server_that_cannot_be_reached_costs_nobody_their_mail(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path, clock: FixedClock
) -> None:
    """The lane rests; no message is blamed, refused or in doubt."""
    delivery.a_launched_send(services.database, workspace, 5)
    nowhere = replace(services, settings=replace(services.settings, smtp_url="smtp://127.0.0.1:9?tls=none"))
    delivery.run_lanes(nowhere, workspace)

    assert set(delivery.states(services.database, workspace).values()) == {("queued", None)}
    with delivery.a_sink(tmp_path) as sink:
        assert delivery.run_lanes(delivery.services_to(services, sink), workspace) == 0
        clock.advance(timedelta(minutes=5))
        assert delivery.run_lanes(delivery.services_to(services, sink), workspace) == 5


def test_a_message_at_which_connections_break_lets_the_others_go_first(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path, clock: FixedClock
) -> None:
    """A server that hangs up at one person's mail costs that person's mail time, and nobody else's."""
    delivery.a_launched_send(services.database, workspace, 30)
    with delivery.a_sink(tmp_path, {"at": "data", "to": "p3@", "drop": True}, offer="PIPELINING") as sink:
        to_sink = delivery.services_to(services, sink)
        for _ in range(3):
            delivery.run_lanes(to_sink, workspace)
            clock.advance(timedelta(minutes=2))

        assert len(sink.recipients()) == 29
    assert delivery.states(services.database, workspace)["p3@example.com"] == ("queued", "deferred:connection")


def test_a_first_no_for_now_is_tried_again_soon(services: Services, workspace: WorkspaceForTests) -> None:
    """However often a message came back unsent before, greylisting asks for a minute."""
    delivery.a_launched_send(services.database, workspace, 1)
    sender = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    message = (sender.claim() or [])[0]
    message.attempt, message.counted_at = 8, NOON
    greylisted = Outcome(Phase.RCPT, 450, "4.2.0 greylisted")

    waits = [
        (results.interpret(message, greylisted, now=now).due_at or NOON) - now
        for now in (NOON, NOON + timedelta(minutes=2), NOON + timedelta(hours=5))
    ]

    assert waits == [timedelta(seconds=45), timedelta(minutes=4), timedelta(hours=4)]


class _Fault(BaseException):
    """A fault that nobody foresaw."""


class FaultyTokens(Tokens):
    """Tokens that end the second connection that asks for any."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        super().__init__(keys)
        self.asked_by: list[object] = []

    def mint(self, *given: Any, **end: Any) -> str:
        # What is prepared ahead, while a server answers, is asked for by no task.
        task = asyncio.current_task()
        if task is not None and task not in self.asked_by:
            self.asked_by.append(task)
            if len(self.asked_by) == 2:
                raise _Fault
        return super().mint(*given, **end)


def test_one_connection_that_fails_leaves_no_other_waiting(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """A fault nobody foresaw in one connection ends with the fault, not in silence; the others write theirs down."""
    delivery.a_launched_send(services.database, workspace, 200)
    services = replace(services, tokens=FaultyTokens(services.settings.secret_keys))
    # No server is so fast that one connection takes all mail before the next is open.
    slowly = {"at": "dot", "delay": 0.01}
    with delivery.a_sink(tmp_path, slowly) as sink:
        with pytest.raises(_Fault):
            delivery.run_lanes(delivery.services_to(services, sink), workspace)
        taken = set(sink.recipients())

    sent = {to for to, (state, _) in delivery.states(services.database, workspace).items() if state == "sent"}
    assert sent == taken
    assert sent
