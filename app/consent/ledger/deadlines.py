"""Expires permissions whose time has run out, each with a ledger record that names the rule."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consent import facts, topics
from app.consent.ledger import ledger
from app.consent.ledger.evidence import Evidence
from app.consent.ledger.record import Entry
from app.consent.models import ConsentStateRow
from app.consent.purposes import Event
from app.kernel.queueing import outbox


def expire_due(session: Session, workspace_id: int, *, now: datetime, limit: int = 1_000) -> int:
    """Record the end of up to `limit` permissions whose day has come; the gate has ignored them since that moment."""
    # Whoever renews in this moment waits, or was before us and is no longer due.
    ledger.hold(session, workspace_id)
    due = session.execute(
        select(ConsentStateRow.customer_id, ConsentStateRow.purpose, ConsentStateRow.topic_id, ConsentStateRow.basis)
        .where(
            ConsentStateRow.workspace_id == workspace_id,
            ConsentStateRow.allowed,
            ConsentStateRow.expires_at <= now,
        )
        .order_by(ConsentStateRow.customer_id)
        .limit(limit)
    ).all()
    keys = {topic.id: topic.key for topic in topics.list_all(session, workspace_id)} if due else {}
    evidence = Evidence(method="deadline", actor="system")
    entries = [
        Entry(Event.EXPIRED, customer_id, purpose, evidence, topic_id, keys.get(topic_id), basis=basis)
        for customer_id, purpose, topic_id, basis in due
    ]
    ledger.append_many(session, workspace_id, entries, now=now)
    ended = [facts.ConsentWithdrawn(workspace_id, each.customer_id, each.purpose, each.topic_id) for each in entries]
    outbox.publish_all(session, ended)
    return len(entries)
