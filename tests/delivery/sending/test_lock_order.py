"""Whoever locks in the order written down meets nobody who locks the other way round."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from app.delivery.launching.occasions import Occasion
from app.delivery.sending import sends, store
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.waiting_locks import until_somebody_waits
from tests.factories.workspaces import WorkspaceForTests


def test_closing_a_batch_locks_it_before_its_messages(services: Services, workspace: WorkspaceForTests) -> None:
    """As recovery does: who holds the batch may go on to its messages while the sender waits."""
    delivery.a_launched_send(services.database, workspace, 1)
    sender = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    messages = sender.claim()
    assert messages
    sender.flush([], messages)
    with ThreadPoolExecutor(1) as pool:
        with services.database.transaction(workspace.id) as session:
            session.execute(text("SELECT FROM batches FOR UPDATE"))
            closing = pool.submit(sender.close)
            until_somebody_waits(services.database, session)
            session.execute(text("UPDATE messages SET reason = reason"))
        closing.result()

    assert delivery.states(services.database, workspace) == {"p0@example.com": ("in_doubt", "answer_lost")}


def test_messages_are_skipped_in_the_order_of_their_customers(
    services: Services, workspace: WorkspaceForTests
) -> None:
    """Also where they were written in another: a sender that holds the first goes on to the second."""
    with services.database.transaction(workspace.id) as session:
        first, second = delivery.an_audience(session, workspace, 2)
        send_id = delivery.a_send(session, workspace, kind="journey").id
        for customer_id in (second, first):
            recipient = sends.Recipient(customer_id, Occasion.journey_step(1, 1))
            sends.add(session, workspace.id, send_id, [recipient], now=NOON)

    def skip() -> int:
        with services.database.transaction(workspace.id) as session:
            return sends.skip_queued(session, workspace.id, [send_id], reason="cancelled")

    lock = text("SELECT FROM messages WHERE customer_id = :id FOR UPDATE")
    with ThreadPoolExecutor(1) as pool:
        with services.database.transaction(workspace.id) as session:
            session.execute(lock, {"id": first})
            skipping = pool.submit(skip)
            until_somebody_waits(services.database, session)
            session.execute(lock, {"id": second})
        assert skipping.result() == 2
