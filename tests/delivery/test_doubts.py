"""Messages in doubt settle by what comes back of them, and a person settles the rest."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import EventName, Source
from app.delivery import doubts, history
from app.delivery.models import SendState
from app.delivery.sending import recovery, results, sends, store
from app.delivery.sending.outgoing import OutgoingMessage
from app.delivery.smtp.envelopes import Outcome, Phase
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests

LATER = NOON + timedelta(minutes=10)


def happened(
    services: Services, workspace: WorkspaceForTests, send_id: int, message: OutgoingMessage, name: EventName,
    reasons: tuple[str, ...] = (),
) -> None:  # fmt: skip
    source = Source.TRACKING if name in (EventName.OPENED, EventName.CLICKED) else Source.DELIVERY
    row = ActivityRow(
        *(workspace.id, message.customer_id, LATER, name, source, message.id, send_id), reasons=reasons, facts={}
    )
    with services.database.transaction(workspace.id) as session:
        activities.record(session, row, now=LATER)


def settle(services: Services, workspace: WorkspaceForTests) -> int:
    with services.database.transaction(workspace.id) as session:
        return doubts.settle_by_evidence(session, workspace.id)


@pytest.mark.parametrize(
    "name",
    [EventName.OPENED, EventName.CLICKED, EventName.REPLIED, EventName.UNSUBSCRIBED, EventName.COMPLAINED],
)
def test_what_came_back_of_a_mail_says_that_it_arrived(
    services: Services, workspace: WorkspaceForTests, name: EventName
) -> None:
    send_id, (first, *_) = delivery.in_doubt(services, workspace, 3)
    happened(services, workspace, send_id, first, name)

    assert settle(services, workspace) == 1

    states = delivery.states(services.database, workspace)
    assert states[first.email] == ("sent", None)
    assert sorted(states.values())[:2] == [("in_doubt", "sender_died")] * 2
    assert settle(services, workspace) == 0, "once"
    with services.database.transaction(workspace.id) as session:
        left_at = session.execute(text("SELECT sent_at, handed_at FROM messages WHERE state = 'sent'")).one()
        assert left_at[0] == left_at[1], "it was taken when it left"
        assert first.id not in [one.message_id for one in history.in_doubt(session, workspace.id, send_id)]


def test_a_reply_that_a_stranger_may_have_written_says_nothing(
    services: Services, workspace: WorkspaceForTests
) -> None:
    send_id, (first, *_) = delivery.in_doubt(services, workspace, 1)
    happened(services, workspace, send_id, first, EventName.REPLIED, ("unverified_sender",))
    happened(services, workspace, send_id, first, EventName.COMPLAINT_UNVERIFIED)

    assert settle(services, workspace) == 0


def test_another_mail_of_the_same_person_says_nothing(services: Services, workspace: WorkspaceForTests) -> None:
    send_id, (first, second) = delivery.in_doubt(services, workspace, 2)
    happened(services, workspace, send_id, first, EventName.OPENED)

    settle(services, workspace)

    assert delivery.states(services.database, workspace)[second.email] == ("in_doubt", "sender_died")


def test_a_late_answer_settles_it_too(services: Services, workspace: WorkspaceForTests) -> None:
    """The sender was slow, not dead: what it writes of the same attempt counts, and nobody is asked any more."""
    _, (first,) = delivery.in_doubt(services, workspace, 1)
    slow = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    slow.flush([results.interpret(first, Outcome(Phase.DOT, 250, "taken"), now=LATER)], [])
    slow.release()

    with services.database.transaction(workspace.id) as session:
        assert doubts.list_sends(session, workspace.id) == []
    assert delivery.states(services.database, workspace)[first.email] == ("sent", None)


def test_staff_leave_it_at_that(services: Services, workspace: WorkspaceForTests) -> None:
    send_id, (first, _) = delivery.in_doubt(services, workspace, 2)
    with services.database.transaction(workspace.id) as session:
        (found,) = doubts.list_sends(session, workspace.id)
        assert (found.send_id, found.count, found.is_cancelled) == (send_id, 2, False)
        assert doubts.leave(session, workspace.id, send_id) == 2
    with services.database.transaction(workspace.id) as session:
        assert doubts.list_sends(session, workspace.id) == []
        recovery.sweep(session, workspace.id, now=LATER)

    assert delivery.states(services.database, workspace)[first.email] == ("in_doubt", "left_in_doubt")


def test_staff_have_it_sent_once_more(services: Services, workspace: WorkspaceForTests, tmp_path: Path) -> None:
    """It passes the gate like every mail; the campaign runs again until it has left."""
    send_id, _ = delivery.in_doubt(services, workspace, 2)
    with delivery.a_sink(tmp_path) as sink:
        to_sink = delivery.services_to(services, sink)
        assert delivery.run_lanes(to_sink, workspace) == 0
        with services.database.transaction(workspace.id) as session:
            assert sends.get(session, workspace.id, send_id).state == SendState.DONE
            assert doubts.send_again(session, workspace.id, send_id, now=NOON) == 2
        with services.database.transaction(workspace.id) as session:
            recovery.sweep(session, workspace.id, now=NOON)
        assert delivery.run_lanes(to_sink, workspace) == 2

    assert set(delivery.states(services.database, workspace).values()) == {("sent", None)}
    with services.database.transaction(workspace.id) as session:
        assert sends.get(session, workspace.id, send_id).state == SendState.DONE


def test_nothing_of_a_cancelled_send_leaves_again(services: Services, workspace: WorkspaceForTests) -> None:
    send_id, _ = delivery.in_doubt(services, workspace, 1)
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE sends SET state = 'cancelled'"))
    with services.database.transaction(workspace.id) as session, pytest.raises(doubts.SendCancelled):
        doubts.send_again(session, workspace.id, send_id, now=NOON)
