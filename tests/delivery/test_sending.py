"""Every message reaches its person once, and every "no" stops it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.accounts import workspaces
from app.accounts.identities import identities
from app.cadence import policies
from app.cadence.decide import Cap, Policy
from app.consent import actions, suppression, topics
from app.consent.ledger.evidence import Evidence
from app.customers.addresses import changes
from app.customers.profiles import engagement, people
from app.delivery.models import SendState
from app.delivery.sending import compiled_sends, recovery, results, sends, store, worker
from app.delivery.smtp.envelopes import Outcome, Phase
from app.kernel.clock import FixedClock
from app.kernel.database import Database
from app.kernel.services import Services
from app.kernel.settings import Key
from app.kernel.tokens import Purpose, Tokens
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests


def test_everyone_who_agreed_gets_one_mail(services: Services, workspace: WorkspaceForTests, tmp_path: Path) -> None:
    """A launched send ends with one accepted message per person and a closed send."""
    send_id = delivery.a_launched_send(services.database, workspace, 120)
    with delivery.a_sink(tmp_path) as sink:
        accepted = delivery.run_lanes(delivery.services_to(services, sink), workspace)

        assert accepted == 120
        assert sorted(sink.recipients()) == sorted(f"p{n}@example.com" for n in range(120))
        assert len(set(sink.message_ids())) == 120
    with services.database.transaction(workspace.id) as session:
        progress = sends.progress(session, workspace.id, send_id)
    assert (progress.state, progress.sent, progress.total) == (SendState.DONE, 120, 120)


def test_who_may_not_be_written_to_is_skipped_with_a_reason(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """Golden case 5: no ledger record, no send; and the row says why."""
    with services.database.transaction(workspace.id) as session:
        delivery.an_audience(session, workspace, 3)
        people.upsert(session, workspace.id, email="no@example.com", fields={}, source="import", now=NOON)
        dead = people.find_by_email(session, workspace.id, "p1@example.com")
        assert dead
        assert dead.address_digest
        suppression.add(
            session, workspace.id, address_digest=dead.address_digest, reason="bounced", source="test", now=NOON
        )
        send = delivery.a_send(session, workspace)
        counts = sends.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
    with delivery.a_sink(tmp_path) as sink:
        delivery.run_lanes(delivery.services_to(services, sink), workspace)

        assert sorted(sink.recipients()) == ["p0@example.com", "p2@example.com"]
    assert (counts.queued, counts.skipped) == (2, {"no_permission": 1, "suppressed": 1})
    found = delivery.states(services.database, workspace)
    assert found["no@example.com"] == ("skipped", "no_permission")
    assert found["p1@example.com"] == ("skipped", "suppressed")


def test_launching_twice_adds_nobody_twice(session: Any, workspace: WorkspaceForTests) -> None:
    """Who joined the audience in between gets a message, the others keep theirs."""
    delivery.an_audience(session, workspace, 3)
    send = delivery.a_send(session, workspace)
    audience = people.base_query(workspace.id)

    first = sends.launch(session, workspace.id, send.id, audience, now=NOON)
    delivery.an_audience(session, workspace, 1, prefix="late")
    second = sends.launch(session, workspace.id, send.id, audience, now=NOON)

    assert (first.queued, second.queued) == (3, 1)
    laid = session.scalar(text("SELECT sum(cardinality(message_ids)) FROM batches"))
    assert laid == 4


def test_a_withdrawal_between_claim_and_hand_over_stops_the_mail(
    services: Services, workspace: WorkspaceForTests
) -> None:
    """Golden case 4: consent is asked in the statement that hands over, whatever the gate saw before."""
    delivery.a_launched_send(services.database, workspace, 3)
    lane_id = delivery.lane_ids(services.database, workspace)[0]
    sender = store.SendStore(services, workspace.id, lane_id)
    claimed = sender.claim()
    assert claimed
    leaving = next(message for message in claimed if message.email == "p1@example.com")
    with services.database.transaction(workspace.id) as session:
        actions.withdraw(session, workspace.id, leaving.customer_id, evidence=Evidence(method="preferences"), now=NOON)

    handed = sender.flush([], [claimed])
    kept = sender.reevaluate([leaving])

    assert handed == {message.id for message in claimed} - {leaving.id}
    assert kept == []
    assert delivery.states(services.database, workspace)["p1@example.com"] == ("skipped", "no_permission")


def test_a_mail_leaves_only_for_the_address_it_was_written_to(
    services: Services, workspace: WorkspaceForTests
) -> None:
    """Whoever changes the address after the claim finds no mail of theirs in the old mailbox."""
    delivery.a_launched_send(services.database, workspace, 3)
    sender = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    claimed = sender.claim()
    assert claimed
    moved = next(message for message in claimed if message.email == "p1@example.com")
    with services.database.transaction(workspace.id) as session:
        person = people.get(session, workspace.id, moved.customer_id)
        changes.change_email(session, person, email="new@example.com", source="preferences", now=NOON)

    handed = sender.flush([], [claimed])

    assert handed == {message.id for message in claimed} - {moved.id}
    assert "p1@example.com" not in [message.email for message in sender.reevaluate([moved])]
    with services.database.transaction(workspace.id) as session:
        left_to = session.execute(
            text(
                "SELECT a.value FROM messages m JOIN addresses a"
                " ON a.customer_id = m.customer_id AND a.id = m.address_id WHERE m.state = 'handed' ORDER BY 1"
            )
        ).scalars()
        assert list(left_to) == ["p0@example.com", "p2@example.com"]


def test_people_keep_the_promise_that_was_made_to_them(services: Services, workspace: WorkspaceForTests) -> None:
    """A topic that promises less restraint than it did changes nothing for those who agreed before."""
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy())
        topics.change(
            session,
            workspace.id,
            workspace.topic_id,
            name="News",
            description="",
            promised_limit=1,
            promised_days=7,
            is_active=True,
        )
    delivery.a_launched_send(services.database, workspace, 1)
    first = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    claimed = first.claim()
    assert claimed
    assert first.flush([], [claimed])
    with services.database.transaction(workspace.id) as session:
        topics.change(
            session,
            workspace.id,
            workspace.topic_id,
            name="News",
            description="",
            promised_limit=10,
            promised_days=7,
            is_active=True,
        )
        send = delivery.a_send(session, workspace)
        sends.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)

    assert store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0]).claim() == []
    with services.database.transaction(workspace.id) as session:
        waiting = session.execute(text("SELECT state, reason FROM messages WHERE send_id = :id"), {"id": send.id}).one()
    assert tuple(waiting) == ("queued", "waiting:promise")


@pytest.mark.parametrize("stop", ["pause", "cancel"])
def test_nothing_is_handed_over_after_a_stop(services: Services, workspace: WorkspaceForTests, stop: str) -> None:
    """A pause that is committed holds for every group that follows; resuming sends exactly the rest."""
    send_id = delivery.a_launched_send(services.database, workspace, 3)
    sender = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    claimed = sender.claim()
    assert claimed
    with services.database.transaction(workspace.id) as session:
        if stop == "pause":
            sends.pause(session, workspace.id, send_id)
        else:
            sends.cancel(session, workspace.id, send_id, now=NOON)

    assert sender.flush([], [claimed]) == set()
    assert sender.reevaluate(claimed) == []


def test_resuming_sends_exactly_the_rest(services: Services, workspace: WorkspaceForTests, tmp_path: Path) -> None:
    """Paused in the middle, resumed, and everybody has one mail."""
    send_id = delivery.a_launched_send(services.database, workspace, 400)
    with delivery.a_sink(tmp_path) as sink:
        to_sink = delivery.services_to(services, sink)
        lane_id = delivery.lane_ids(services.database, workspace)[0]
        worker.run(to_sink, workspace.id, lane_id, should_stop=lambda: len(sink.lines()) >= 30)
        with services.database.transaction(workspace.id) as session:
            sends.pause(session, workspace.id, send_id)
        assert delivery.run_lanes(to_sink, workspace) == 0
        with services.database.transaction(workspace.id) as session:
            sends.resume(session, workspace.id, send_id)
        delivery.run_lanes(to_sink, workspace)

        assert sorted(sink.recipients()) == sorted(f"p{n}@example.com" for n in range(400))
    assert set(delivery.states(services.database, workspace).values()) == {("sent", None)}


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


def test_a_contact_counts_once_when_two_sends_compete(services: Services, workspace: WorkspaceForTests) -> None:
    """Two lanes ask for the same person at the same moment; the cap of one lets one through."""
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy(cap=Cap(1, 7)))
    first = delivery.a_launched_send(services.database, workspace, 5)
    with services.database.transaction(workspace.id) as session:
        other = delivery.another_identity(session, workspace)
        send = delivery.a_send(session, workspace, source_id=2, identity_id=other)
        sends.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
    desks = [
        store.SendStore(services, workspace.id, lane_id) for lane_id in delivery.lane_ids(services.database, workspace)
    ]
    claims = [one.claim() for one in desks]
    assert [len(claim or []) for claim in claims] == [5, 5]

    handed = [one.flush([], [claim]) for one, claim in zip(desks, claims, strict=True) if claim]
    again = desks[1].reevaluate(claims[1] or [])

    assert [len(ids) for ids in handed] == [5, 0]
    assert again == []
    with services.database.transaction(workspace.id) as session:
        assert sends.progress(session, workspace.id, first).handed == 5
        waiting = sends.progress(session, workspace.id, send.id)
    assert (waiting.waiting, waiting.reasons) == (5, {"waiting:cap": 5})


def test_what_waited_leaves_when_its_time_has_come(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path, clock: FixedClock
) -> None:
    """A message deferred by the cap is laid into a batch when due, and sent."""
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy(cap=Cap(1, 7)))
    delivery.a_launched_send(services.database, workspace, 4)
    with delivery.a_sink(tmp_path) as sink:
        to_sink = delivery.services_to(services, sink)
        delivery.run_lanes(to_sink, workspace)
        with services.database.transaction(workspace.id) as session:
            send = delivery.a_send(session, workspace, source_id=2)
            sends.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
        assert delivery.run_lanes(to_sink, workspace) == 0
        now = clock.advance(timedelta(days=7, minutes=1))
        with services.database.transaction(workspace.id) as session:
            recovery.sweep(session, workspace.id, now=now)

        assert delivery.run_lanes(to_sink, workspace) == 4
        assert len(sink.recipients()) == 8


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
        counts = sends.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
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


def test_the_row_names_the_record_that_allowed_it(session: Any, workspace: WorkspaceForTests) -> None:
    """Every message that may leave carries the number of a ledger record."""
    delivery.an_audience(session, workspace, 2)
    send = delivery.a_send(session, workspace)
    sends.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)

    assert None not in session.scalars(text("SELECT permission_seq FROM messages")).all()


def test_no_message_can_be_handed_over_without_a_record(database: Database, workspace: WorkspaceForTests) -> None:
    """The database itself refuses it."""
    from sqlalchemy.exc import IntegrityError

    delivery.a_launched_send(database, workspace, 1)
    with pytest.raises(IntegrityError, match="no_record_no_send"), database.transaction(workspace.id) as session:
        session.execute(text("UPDATE messages SET state = 'handed', permission_seq = NULL"))


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
        if asyncio.current_task() not in self.asked_by:
            self.asked_by.append(asyncio.current_task())
            if len(self.asked_by) == 2:
                raise _Fault
        return super().mint(*given, **end)


def test_one_connection_that_fails_leaves_no_other_waiting(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """A fault nobody foresaw in one connection ends with the fault, not in silence; the others write theirs down."""
    delivery.a_launched_send(services.database, workspace, 200)
    services = replace(services, tokens=FaultyTokens(services.settings.secret_keys))
    with delivery.a_sink(tmp_path) as sink:
        with pytest.raises(_Fault):
            delivery.run_lanes(delivery.services_to(services, sink), workspace)
        taken = set(sink.recipients())

    sent = {to for to, (state, _) in delivery.states(services.database, workspace).items() if state == "sent"}
    assert sent == taken
    assert sent


def test_each_name_in_a_header_is_a_name_of_its_own(
    session: Any, workspace: WorkspaceForTests, services: Services
) -> None:
    """H9, H11: a topic's underscore is none in the DNS, and no part of the Feedback-ID reads like another."""
    topic = topics.create(session, workspace.id, name="Offers", key="big-offers")
    session.execute(text("UPDATE topics SET key = 'big_offers' WHERE id = :id"), {"id": topic.id})
    session.expire_all()
    send = delivery.a_send(session, workspace, topic_id=topic.id)
    identity = identities.get(session, workspace.id, workspace.identity_id)
    stream = compiled_sends.stream(session, workspaces.get(session, workspace.id), identity, send, services.settings)

    assert stream.list_id.startswith("big-offers.")
    assert stream.feedback == ("c1", f"w{workspace.id}", "campaign")


def test_a_send_that_cannot_be_prepared_is_paused_and_others_leave(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path
) -> None:
    """Its lane goes on with the next send instead of failing."""
    with services.database.transaction(workspace.id) as session:
        delivery.an_audience(session, workspace, 2)
        bad = delivery.a_send(session, workspace, content=replace(delivery.CONTENT, subject="{{ nobody.knows }}"))
        lost = delivery.a_send(session, workspace, source_id=2)
        good = delivery.a_send(session, workspace, source_id=3)
        for send in (bad, lost, good):
            sends.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
        session.execute(text("UPDATE sends SET topic_id = 0 WHERE id = :id"), {"id": lost.id})
    with delivery.a_sink(tmp_path) as sink:
        assert delivery.run_lanes(delivery.services_to(services, sink), workspace) == 2
    with services.database.transaction(workspace.id) as session:
        found = [sends.get(session, workspace.id, send.id) for send in (bad, lost, good)]
        assert [send.state for send in found] == [SendState.PAUSED, SendState.PAUSED, SendState.DONE]


def test_recent_contacts_are_kept_newest_first_and_bounded(services: Services, workspace: WorkspaceForTests) -> None:
    """As many as the gate asks about; the oldest makes room."""
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy())
    delivery.a_launched_send(services.database, workspace, 1)
    with services.database.transaction(workspace.id) as session:
        full = "UPDATE customer_engagement SET recent_contact_at = array_fill(:at ::timestamptz, ARRAY[40]),"
        given = {"at": NOON - timedelta(days=60), "topic": workspace.topic_id + 1}
        session.execute(text(f"{full} recent_contact_topic = array_fill(:topic ::bigint, ARRAY[40])"), given)
    sender = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    claimed = sender.claim() or []

    assert len(sender.flush([], [claimed])) == 1
    with services.database.transaction(workspace.id) as session:
        sums = engagement.get(session, workspace.id, claimed[0].customer_id)
    assert sums.recent_contact_at == [NOON, *[NOON - timedelta(days=60)] * 39]
    assert sums.recent_contact_topic == [workspace.topic_id, *[workspace.topic_id + 1] * 39]
