"""What others changed while a sender held it is neither handed off, nor counted, nor answered for."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.delivery.models import MessageState
from app.delivery.sending import recovery, results, sends, store
from app.delivery.sending.outgoing import OutgoingMessage
from app.delivery.smtp.envelopes import Outcome, Phase
from app.delivery.transitions import handoff
from app.kernel.database import raw
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests

ACCEPTED = Outcome(Phase.DOT, 250, "2.0.0 taken")
GREYLISTED = Outcome(Phase.RCPT, 450, "4.2.0 greylisted")


def holding(services: Services, workspace: WorkspaceForTests) -> tuple[store.SendStore, list[OutgoingMessage]]:
    """A sender with a batch in its hands and nothing handed off."""
    sender = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    messages = sender.claim()
    assert messages
    return sender, messages


def kept(services: Services, workspace: WorkspaceForTests, message: OutgoingMessage) -> tuple[str, bool, int]:
    """Where a message stands, whether it waits for a time, and how many mails its person counts."""
    query = text(
        "SELECT m.state, m.due_at IS NOT NULL, e.sent_count FROM messages m JOIN customer_engagement e"
        " ON e.workspace_id = m.workspace_id AND e.customer_id = m.customer_id WHERE m.id = :id"
    )
    with services.database.transaction(workspace.id) as session:
        state, waits, sent_count = session.execute(query, {"id": message.id}).one()
        return state, waits, sent_count


def test_a_cancelling_taken_back_leaves_what_a_sender_holds_waiting(
    services: Services, workspace: WorkspaceForTests
) -> None:
    """What waits for a new batch is handed off from there; the results of what had left are written all the same."""
    send_id = delivery.a_launched_send(services.database, workspace, 2)
    sender, (gone, held) = holding(services, workspace)
    assert sender.flush([], [gone]) == {gone.id}
    with services.database.transaction(workspace.id) as session:
        sends.cancel_many(session, workspace.id, [send_id], now=NOON)
        sends.restart_many(session, workspace.id, {send_id: None}, now=NOON)

    assert sender.flush([results.interpret(gone, ACCEPTED, now=NOON)], [held]) == set()
    assert kept(services, workspace, gone) == ("sent", False, 1)
    assert kept(services, workspace, held) == ("queued", True, 0)
    sender.close()
    with services.database.transaction(workspace.id) as session:
        recovery.sweep(session, workspace.id, now=NOON)
    assert [message.id for message in holding(services, workspace)[1]] == [held.id]


def test_a_mail_skipped_meanwhile_is_no_contact(services: Services, workspace: WorkspaceForTests) -> None:
    """Its person's caps keep their room."""
    send_id = delivery.a_launched_send(services.database, workspace, 2)
    sender, (skipped, other) = holding(services, workspace)
    with services.database.transaction(workspace.id) as session:
        sends.skip(session, workspace.id, [(send_id, skipped.customer_id)], reason="cancelled")

    assert sender.flush([], [skipped, other]) == {other.id}
    assert kept(services, workspace, skipped) == ("skipped", False, 0)
    assert kept(services, workspace, other) == ("handed", False, 1)


@pytest.mark.parametrize("change", ["attempt = 1", "due_at = now() + interval '1 day'"])
def test_the_gate_answers_for_the_attempt_it_looked_at(
    services: Services, workspace: WorkspaceForTests, change: str
) -> None:
    """Who has handed the message off since, or put it off, is not overruled by an older look."""
    delivery.a_launched_send(services.database, workspace, 1)
    _, (message,) = holding(services, workspace)
    answer = {"workspace": workspace.id, "now": NOON, "policy_version": 1, "ids": [message.id], "attempts": [0]}
    answer |= {"states": [MessageState.SKIPPED.value], "reasons": ["suppressed"], "due": [None]}
    with services.database.transaction(workspace.id) as session:
        session.execute(text(f"UPDATE messages SET {change}"))
        raw(session).execute(handoff.ANSWER, answer)

    assert kept(services, workspace, message)[0] == "queued"


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(ACCEPTED, "sent"), (Outcome(Phase.DOT, 550, "5.1.1 unknown"), "refused"), (GREYLISTED, "in_doubt")],
)
def test_what_is_in_doubt_is_settled_or_stays_so(
    services: Services, workspace: WorkspaceForTests, outcome: Outcome, state: str
) -> None:
    """A late word that it may be tried again would queue what no batch holds and no send waits for."""
    delivery.a_launched_send(services.database, workspace, 1)
    sender, (message,) = holding(services, workspace)
    sender.flush([], [message])
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE batches SET lease_until = 'epoch' WHERE state = 'leased'"))
        recovery.sweep(session, workspace.id, now=NOON)
    assert kept(services, workspace, message)[0] == "in_doubt"

    sender.flush([results.interpret(message, outcome, now=NOON)], [])

    assert kept(services, workspace, message)[0] == state
