"""Nothing waits for ever: what came back too late, to the wrong batch, or after everything was over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.consent import permission
from app.delivery.models import SendState
from app.delivery.sending import recovery, results, sends, store
from app.delivery.sending.outgoing import OutgoingMessage
from app.delivery.smtp.envelopes import Outcome, Phase
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests


def handed_over(services: Services, workspace: WorkspaceForTests) -> tuple[store.SendStore, list[OutgoingMessage]]:
    """A sender with everything of its lane handed over and nothing answered yet."""
    sender = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    messages = sender.claim()
    assert messages
    assert sender.flush([], messages) == {message.id for message in messages}
    return sender, messages


def sweep_when_leases_ran_out(services: Services, workspace: WorkspaceForTests, after: timedelta) -> None:
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE batches SET lease_until = 'epoch' WHERE state = 'leased'"))
        recovery.sweep(session, workspace.id, now=NOON + after)


GREYLISTED = Outcome(Phase.RCPT, 450, "4.2.0 greylisted")


@pytest.mark.parametrize("outcome", [Outcome(Phase.UNSENT, 0, "gone"), GREYLISTED])
def test_what_comes_back_after_a_cancelling_does_not_wait(
    services: Services, workspace: WorkspaceForTests, outcome: Outcome
) -> None:
    """A message under way while its send is cancelled ends as cancelled, and so does its batch."""
    send_id = delivery.a_launched_send(services.database, workspace, 1)
    sender, messages = handed_over(services, workspace)
    with services.database.transaction(workspace.id) as session:
        sends.cancel_many(session, workspace.id, [send_id], now=NOON)
    sender.flush([results.interpret(messages[0], outcome, now=NOON)], [])
    sender.close()
    sweep_when_leases_ran_out(services, workspace, timedelta(minutes=1))

    assert delivery.states(services.database, workspace) == {"p0@example.com": ("skipped", "cancelled")}
    assert delivery.lane_ids(services.database, workspace) == []


def test_a_notice_whose_sender_died_is_sent_again(services: Services, workspace: WorkspaceForTests) -> None:
    """G2: a confirmation somebody waits for is never lost; a campaign's mail is never sent twice."""
    with services.database.transaction(workspace.id) as session:
        customer_id = delivery.an_audience(session, workspace, 1)[0]
        seq = permission.state_of(session, workspace.id, customer_id)[0].ledger_seq
        send = delivery.a_send(session, workspace, kind="transactional", topic_id=None)
        delivery.add_transactional(session, workspace, send, customer_id, permission_seq=seq)
    handed_over(services, workspace)
    sweep_when_leases_ran_out(services, workspace, timedelta(minutes=2))

    assert delivery.states(services.database, workspace) == {"p0@example.com": ("queued", "sender_died")}
    assert [message.attempt for message in handed_over(services, workspace)[1]] == [2]


def test_nobody_else_closes_a_batch(services: Services, workspace: WorkspaceForTests) -> None:
    """A sender that lost its lease puts nothing in doubt that another one has under way."""
    delivery.a_launched_send(services.database, workspace, 1)
    sender, _ = handed_over(services, workspace)
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE batches SET holder = 'another'"))
    sender.close()

    assert delivery.states(services.database, workspace) == {"p0@example.com": ("handed", None)}


def test_what_came_back_after_the_batch_was_closed_leaves_again(
    services: Services, workspace: WorkspaceForTests
) -> None:
    """The lease was lost, the batch is done, and then the message turns out never to have left."""
    delivery.a_launched_send(services.database, workspace, 1)
    sender, messages = handed_over(services, workspace)
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE batches SET state = 'done', holder = NULL, lease_until = NULL"))
    sender.renew()
    sender.flush([results.unsent(messages[0], now=NOON)], [])
    sender.close()
    sweep_when_leases_ran_out(services, workspace, timedelta(seconds=1))

    assert [message.attempt for message in handed_over(services, workspace)[1]] == [2]


def test_no_send_stays_open_for_what_lies_nowhere(services: Services, workspace: WorkspaceForTests) -> None:
    """Queued and handed messages in no open batch: the ones are due at once, the others in doubt."""
    send_id = delivery.a_launched_send(services.database, workspace, 2)
    _, messages = handed_over(services, workspace)
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE batches SET state = 'done', holder = NULL, lease_until = NULL"))
        session.execute(text("UPDATE messages SET state = 'queued' WHERE id = :id"), {"id": messages[0].id})
    sweep_when_leases_ran_out(services, workspace, timedelta(minutes=2))

    states = delivery.states(services.database, workspace)
    assert states[messages[1].email] == ("in_doubt", "answer_lost")
    assert [message.id for message in handed_over(services, workspace)[1]] == [messages[0].id]
    with services.database.transaction(workspace.id) as session:
        assert sends.get(session, workspace.id, send_id).state == SendState.RUNNING


def test_who_lost_its_lease_hands_nothing_over(services: Services, workspace: WorkspaceForTests) -> None:
    """Two senders claimed the same attempt; what the one has handed over since, the other does not hand over again."""
    delivery.a_launched_send(services.database, workspace, 1)
    first, messages = handed_over(services, workspace)
    first.flush([results.unsent(messages[0], now=NOON)], [])
    sweep_when_leases_ran_out(services, workspace, timedelta(seconds=1))
    slow = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    held = slow.claim()
    sweep_when_leases_ran_out(services, workspace, timedelta(seconds=2))
    other, theirs = handed_over(services, workspace)
    other.flush([results.unsent(theirs[0], now=NOON)], [])

    assert held
    assert slow.flush([], held) == set()


def test_a_late_answer_says_nothing_about_a_later_attempt(services: Services, workspace: WorkspaceForTests) -> None:
    """A mail taken for lost is under way again when the first sender speaks: it would be sent a third time."""
    with services.database.transaction(workspace.id) as session:
        customer_id = delivery.an_audience(session, workspace, 1)[0]
        seq = permission.state_of(session, workspace.id, customer_id)[0].ledger_seq
        send = delivery.a_send(session, workspace, kind="transactional", topic_id=None)
        delivery.add_transactional(session, workspace, send, customer_id, permission_seq=seq)
    slow, messages = handed_over(services, workspace)
    sweep_when_leases_ran_out(services, workspace, timedelta(minutes=2))
    handed_over(services, workspace)
    slow.flush([results.interpret(messages[0], GREYLISTED, now=NOON)], [])

    assert delivery.states(services.database, workspace) == {"p0@example.com": ("handed", None)}
