"""What do the sums about each customer say after these events? Set-wise, one update for a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.models import Engagement

# As many recent contacts as the longest cadence window can ask about.
CONTACTS_KEPT = 40


@dataclass(frozen=True, slots=True)
class Contact:
    """One mail that reached one customer; `topic_id` 0 when it belonged to none."""

    customer_id: int
    at: datetime
    topic_id: int


_REPLIED = text(
    """
    UPDATE customer_engagement SET latest_reply_at = greatest(latest_reply_at, :at),
                                   latest_human_at = greatest(latest_human_at, :at)
    WHERE workspace_id = :workspace_id AND customer_id = :customer_id
    """
)

_CONTACTED = text(
    f"""
    UPDATE customer_engagement e SET
        sent_count = e.sent_count + 1,
        latest_sent_at = greatest(e.latest_sent_at, c.at),
        recent_contact_at = (array_prepend(c.at, e.recent_contact_at))[1:{CONTACTS_KEPT}],
        recent_contact_topic = (array_prepend(c.topic_id, e.recent_contact_topic))[1:{CONTACTS_KEPT}]
    FROM unnest(CAST(:ids AS bigint[]), CAST(:at AS timestamptz[]), CAST(:topics AS bigint[]))
        AS c(customer_id, at, topic_id)
    WHERE e.workspace_id = :workspace_id AND e.customer_id = c.customer_id
    """
)


def record_reply(session: Session, workspace_id: int, customer_id: int, *, at: datetime) -> None:
    """Note that a person answered. What is older than the latest answer changes nothing."""
    session.execute(_REPLIED, {"workspace_id": workspace_id, "customer_id": customer_id, "at": at})


def record_contacts(session: Session, workspace_id: int, contacts: Sequence[Contact]) -> None:
    """Note mails that left, newest first per customer; each customer appears at most once in the batch."""
    if not contacts:
        return
    arrays = {
        "ids": [contact.customer_id for contact in contacts],
        "at": [contact.at for contact in contacts],
        "topics": [contact.topic_id for contact in contacts],
    }
    session.execute(_CONTACTED, {"workspace_id": workspace_id, **arrays})


def get(session: Session, workspace_id: int, customer_id: int) -> Engagement:
    """Return the sums of one customer; the row exists because the customer does."""
    return session.get_one(Engagement, (workspace_id, customer_id))
