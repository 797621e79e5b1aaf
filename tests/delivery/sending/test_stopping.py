"""What stops a message on its way: a withdrawal, another address, a pause, a cancelling; and what resuming sends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from app.consent import actions
from app.consent.ledger.evidence import Evidence
from app.customers.addresses import changes
from app.customers.profiles import people
from app.delivery.launching import launches
from app.delivery.models import SendState
from app.delivery.sending import sends, store, worker
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests


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

    handed = sender.flush([], claimed)
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

    handed = sender.flush([], claimed)

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
            sends.cancel_many(session, workspace.id, [send_id], now=NOON)

    assert sender.flush([], claimed) == set()
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
            launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
        session.execute(text("UPDATE sends SET topic_id = 0 WHERE id = :id"), {"id": lost.id})
    with delivery.a_sink(tmp_path) as sink:
        assert delivery.run_lanes(delivery.services_to(services, sink), workspace) == 2
    with services.database.transaction(workspace.id) as session:
        found = [sends.get(session, workspace.id, send.id) for send in (bad, lost, good)]
        assert [send.state for send in found] == [SendState.PAUSED, SendState.PAUSED, SendState.DONE]
