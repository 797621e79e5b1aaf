"""Adds up anew what customers bought, for the sums beside them: after an order was corrected or cancelled."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.profiles import engagement

_CUSTOMERS = "SELECT unnest(CAST(:customer_ids AS bigint[]))"
# A cancelled order counts nowhere; of one who has no other, everything is nought again.
_TOTALS = f"""
    SELECT c.customer_id, count(p.id) AS orders,
           coalesce(sum(p.amount - p.refunded) FILTER (WHERE p.currency = :currency), 0) AS spent,
           coalesce(sum(p.items - coalesce((SELECT sum(r.items) FROM refunds r
                                            WHERE r.workspace_id = p.workspace_id AND r.order_id = p.id), 0)), 0)
               AS items,
           min(p.purchased_at) AS first_at, max(p.purchased_at) AS latest_at
    FROM ({_CUSTOMERS}) c(customer_id)
    LEFT JOIN orders p ON p.workspace_id = :workspace_id AND p.customer_id = c.customer_id AND p.cancelled_at IS NULL
    GROUP BY c.customer_id
"""


def recompute(session: Session, workspace_id: int, customer_ids: Sequence[int]) -> None:
    """Put the sums of these customers' orders in place of what was summed up before."""
    currency = workspaces.get(session, workspace_id).currency
    binds = {"customer_ids": list(customer_ids), "currency": currency}
    engagement.set_purchases_of_many(session, workspace_id, _CUSTOMERS, _TOTALS, **binds)
