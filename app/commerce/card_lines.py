"""What commerce puts on the customer card: the newest orders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.commerce import orders
from app.customers.card.sections import CardLine, Section
from app.kernel.translatable import N_

SHOWN = 3


def of_customer(session: Session, workspace_id: int, customer_id: int, now: datetime) -> list[CardLine]:  # noqa: ARG001
    """Return what this customer ordered last."""
    return [
        CardLine(
            Section.HAS,
            N_("%(what)s, ordered %(on)s"),
            {"what": order.product or order.order_ref, "on": order.purchased_at.date()},
        )
        for order in orders.newest(session, workspace_id, customer_id, limit=SHOWN, is_standing=True)
    ]
