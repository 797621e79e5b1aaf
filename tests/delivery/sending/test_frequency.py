"""How often people are written to: promises and caps hold however many sends there are, and what waited leaves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from app.cadence import policies
from app.cadence.decide import Cap, Policy
from app.consent import topics
from app.customers.profiles import engagement, people
from app.delivery.launching import launches
from app.delivery.sending import recovery, send_queries, store
from app.kernel.clock import FixedClock
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests


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
    assert first.flush([], claimed)
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
        launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)

    assert store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0]).claim() == []
    with services.database.transaction(workspace.id) as session:
        waiting = session.execute(text("SELECT state, reason FROM messages WHERE send_id = :id"), {"id": send.id}).one()
    assert tuple(waiting) == ("queued", "waiting:promise")


def test_a_contact_counts_once_when_two_sends_compete(services: Services, workspace: WorkspaceForTests) -> None:
    """Two lanes ask for the same person at the same moment; the cap of one lets one through."""
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy(cap=Cap(1, 7)))
    first = delivery.a_launched_send(services.database, workspace, 5)
    with services.database.transaction(workspace.id) as session:
        other = delivery.another_identity(session, workspace)
        send = delivery.a_send(session, workspace, source_id=2, identity_id=other)
        launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
    stores = [
        store.SendStore(services, workspace.id, lane_id) for lane_id in delivery.lane_ids(services.database, workspace)
    ]
    claims = [one.claim() for one in stores]
    assert [len(claim or []) for claim in claims] == [5, 5]

    handed = [one.flush([], claim) for one, claim in zip(stores, claims, strict=True) if claim]
    again = stores[1].reevaluate(claims[1] or [])

    assert [len(ids) for ids in handed] == [5, 0]
    assert again == []
    with services.database.transaction(workspace.id) as session:
        assert send_queries.progress_of(session, workspace.id, first).handed == 5
        waiting = send_queries.progress_of(session, workspace.id, send.id)
    assert (waiting.waiting, waiting.reasons) == (5, {"waiting:cap": 5})


def test_what_waited_leaves_when_its_time_has_come(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path, clock: FixedClock
) -> None:
    """A message deferred by the cap is put into a batch when due, and sent."""
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy(cap=Cap(1, 7)))
    delivery.a_launched_send(services.database, workspace, 4)
    with delivery.a_sink(tmp_path) as sink:
        to_sink = delivery.services_to(services, sink)
        delivery.run_lanes(to_sink, workspace)
        with services.database.transaction(workspace.id) as session:
            send = delivery.a_send(session, workspace, source_id=2)
            launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=NOON)
        assert delivery.run_lanes(to_sink, workspace) == 0
        now = clock.advance(timedelta(days=7, minutes=1))
        with services.database.transaction(workspace.id) as session:
            recovery.sweep(session, workspace.id, now=now)

        assert delivery.run_lanes(to_sink, workspace) == 4
        assert len(sink.recipients()) == 8


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

    assert len(sender.flush([], claimed)) == 1
    with services.database.transaction(workspace.id) as session:
        sums = engagement.get(session, workspace.id, claimed[0].customer_id)
    assert sums.recent_contact_at == [NOON, *[NOON - timedelta(days=60)] * 39]
    assert sums.recent_contact_topic == [workspace.topic_id, *[workspace.topic_id + 1] * 39]
