"""Updates the engagement row of customers set-wise after events."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.models import Engagement

_REPLIED = text(
    """
    UPDATE customer_engagement SET latest_reply_at = greatest(latest_reply_at, :at),
                                   latest_human_at = greatest(latest_human_at, :at)
    WHERE workspace_id = :workspace_id AND customer_id = :customer_id
    """
)


def record_reply(session: Session, workspace_id: int, customer_id: int, *, at: datetime) -> None:
    """Note that a person answered. What is older than the latest answer changes nothing."""
    session.execute(_REPLIED, {"workspace_id": workspace_id, "customer_id": customer_id, "at": at})


def get(session: Session, workspace_id: int, customer_id: int) -> Engagement:
    """Return the sums of one customer; the row exists because the customer does."""
    return session.get_one(Engagement, (workspace_id, customer_id))
