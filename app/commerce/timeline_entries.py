"""Purchases as entries of a customer's timeline."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.commerce.models import Purchase
from app.customers.timeline.timeline import TimelineEntry
from app.kernel.translatable import N_

_NEWEST_FIRST = 2**62


def of_customer(
    session: Session, workspace_id: int, customer_id: int, until: datetime | None, limit: int
) -> list[TimelineEntry]:
    """Return what this person bought, newest first."""
    query = select(Purchase).where(Purchase.workspace_id == workspace_id, Purchase.customer_id == customer_id)
    if until is not None:
        query = query.where(Purchase.purchased_at <= until)
    newest = query.order_by(Purchase.purchased_at.desc(), Purchase.id.desc()).limit(limit)
    return [
        TimelineEntry(
            at=purchase.purchased_at,
            channel="purchase",
            kind="purchase",
            key=f"purchase-{_NEWEST_FIRST - purchase.id:019d}",
            title=N_("Bought %(product)s for %(price)s"),
            values={
                "product": purchase.product or purchase.order_ref,
                "amount": purchase.amount,
                "currency": purchase.currency,
            },
        )
        for purchase in session.scalars(newest)
    ]
