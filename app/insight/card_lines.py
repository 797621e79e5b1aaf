"""What insight puts on the customer card: the next step that fits how somebody buys, if they allow profiling."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.customers.card.sections import CardLine, Section
from app.customers.profiles import inferred_scores
from app.insight import words


def of_customer(session: Session, workspace_id: int, customer_id: int, now: datetime) -> list[CardLine]:  # noqa: ARG001
    """Return what suits this customer's buying pattern."""
    found = inferred_scores.find(session, workspace_id, customer_id)
    return [CardLine(Section.NEXT, words.HINTS[found.segment_label])] if found else []
