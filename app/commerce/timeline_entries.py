"""Orders as entries of a customer's timeline."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commerce.models import Order
from app.customers.timeline.timeline import TimelineEntry
from app.kernel.translatable import N_

_NEWEST_FIRST = 2**62
_CANCELLED = N_("Ordered %(product)s for %(price)s and cancelled it")


def of_customer(
    session: Session, workspace_id: int, customer_id: int, until: datetime | None, limit: int
) -> list[TimelineEntry]:
    """Return what this person bought, newest first."""
    query = select(Order).where(Order.workspace_id == workspace_id, Order.customer_id == customer_id)
    if until is not None:
        query = query.where(Order.purchased_at <= until)
    newest = query.order_by(Order.purchased_at.desc(), Order.id.desc()).limit(limit)
    return [
        TimelineEntry(
            at=order.purchased_at,
            channel="purchase",
            kind="purchase",
            key=f"purchase-{_NEWEST_FIRST - order.id:019d}",
            title=_CANCELLED if order.cancelled_at else N_("Bought %(product)s for %(price)s"),
            values={
                "product": order.product or order.order_ref,
                "amount": order.amount,
                "currency": order.currency,
            },
        )
        for order in session.scalars(newest)
    ]
