"""What a long outage interrupted is held until a person looks at it; what waits for its own time goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.consent import permission
from app.delivery.sending import outage_holds, recovery, sends, worker
from app.delivery.sending.store import SendStore
from tests.factories import NOON, delivery
from tests.factories.consent import consented_customer
from tests.factories.outages import a_silent_relay, an_outage

HOUR = timedelta(hours=1)


@pytest.fixture
def send_id(services, workspace):
    """A send to one person, launched at noon, of which nothing has left."""
    return delivery.a_launched_send(services.database, workspace, 1)


def state(services, workspace, send_id):
    with services.database.transaction(workspace.id) as session:
        send = sends.get(session, workspace.id, send_id)
        return send.state, send.pause_reason


def first_sender(services, workspace):
    return SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])


def test_a_sender_holds_what_an_outage_interrupted_before_it_takes_anything(services, workspace, send_id):
    sender = first_sender(services, workspace)
    with an_outage(services.database, NOON + HOUR, NOON + 4 * HOUR):
        sender.open()

        assert state(services, workspace, send_id) == ("paused", "outage")
        assert not sender.claim()


def test_the_sweep_holds_it_too_and_resuming_holds_it_no_more(services, workspace, send_id):
    with an_outage(services.database, NOON + HOUR, NOON + 4 * HOUR):
        with services.database.transaction(workspace.id) as session:
            recovery.sweep(session, workspace.id, now=NOON + 4 * HOUR)
        assert state(services, workspace, send_id) == ("paused", "outage")

        with services.database.transaction(workspace.id) as session:
            sends.resume(session, workspace.id, send_id)
            assert outage_holds.hold(session, workspace.id) == []
        sender = first_sender(services, workspace)
        sender.open()
        assert state(services, workspace, send_id) == ("running", None)
        assert len(sender.claim()) == 1


def test_nothing_leaves_while_the_relay_is_still_away(services, workspace, send_id):
    """A worker may be up before the relay that writes the outage down."""
    with a_silent_relay(services.database, "2 hours"):
        assert first_sender(services, workspace).open() is None

    assert state(services, workspace, send_id) == ("running", None)


def test_a_notice_leaves_while_the_relay_is_still_away(services, workspace, tmp_path):
    """Somebody waits for it; a campaign in the same lane stays."""
    delivery.a_launched_send(services.database, workspace, 1)
    with services.database.transaction(workspace.id) as session:
        person = consented_customer(session, workspace.id, email="asked@example.com")
        seq = permission.state_of(session, workspace.id, person.id)[0].ledger_seq
        send = delivery.a_send(session, workspace, kind="transactional", topic_id=None)
        delivery.add_transactional(session, workspace, send, person.id, permission_seq=seq)
    with a_silent_relay(services.database, "2 hours"), delivery.a_sink(tmp_path) as sink:
        for lane_id in delivery.lane_ids(services.database, workspace):
            worker.run(
                delivery.services_to(services, sink), workspace.id, lane_id, seconds=20, only_transactional=True
            )
        assert sink.recipients() == ["asked@example.com"]

    assert delivery.states(services.database, workspace)["p0@example.com"][0] == "queued"


def test_what_was_launched_after_the_outage_is_not_held(services, workspace, send_id):
    with an_outage(services.database, NOON - 4 * HOUR, NOON - HOUR):
        first_sender(services, workspace).open()

    assert state(services, workspace, send_id) == ("running", None)


def test_what_waits_for_its_own_time_goes_on(services, workspace, send_id):
    """Quiet hours that end after the outage are no delay."""
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE batches SET state = 'done'"))
        session.execute(text("UPDATE messages SET due_at = :at"), {"at": NOON + 9 * HOUR})
    with (
        an_outage(services.database, NOON + HOUR, NOON + 4 * HOUR),
        services.database.transaction(workspace.id) as session,
    ):
        assert outage_holds.hold(session, workspace.id) == []


def test_notices_are_never_held(services, workspace):
    with services.database.transaction(workspace.id) as session:
        customer_id = delivery.an_audience(session, workspace, 1)[0]
        send = delivery.a_send(session, workspace, kind="transactional", topic_id=None)
        delivery.add_transactional(session, workspace, send, customer_id, permission_seq=1)
    with (
        an_outage(services.database, NOON + HOUR, NOON + 4 * HOUR),
        services.database.transaction(workspace.id) as session,
    ):
        assert outage_holds.hold(session, workspace.id) == []
