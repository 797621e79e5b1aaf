"""Who bought or did something often enough in a period? For what the sums beside a customer cannot answer."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, Numeric, Select, Text, column, func, select, table

# Named here, not imported: these rooms own the rows, and a rule needs to know only these columns of them.
_PURCHASES = table(
    "purchases",
    column("workspace_id", BigInteger),
    column("id", BigInteger),
    column("customer_id", BigInteger),
    column("purchased_at", DateTime(timezone=True)),
    column("amount", Numeric(14, 2)),
    column("currency", Text),
)
_ACTIVITIES = table(
    "activities",
    column("workspace_id", BigInteger),
    column("customer_id", BigInteger),
    column("at", DateTime(timezone=True)),
    column("kind", Text),
    column("verdict", Text),
)


def buyers_query(
    workspace_id: int, measure: str, at_least: Decimal, *, since: datetime, until: datetime
) -> Select[int]:
    """Return the customers whose purchases in the period number (`count`) or sum up to (`sum`) at least this much."""
    bought = _PURCHASES.c
    query = select(bought.customer_id).where(
        bought.workspace_id == workspace_id, bought.purchased_at.between(since, until)
    )
    query = query.group_by(bought.customer_id)
    if measure == "count":
        return query.having(func.count() >= at_least)
    # Sums are made in one currency, that of the workspace's first purchase, as those beside a customer are.
    first = _PURCHASES.alias().c
    usual = select(first.currency).where(first.workspace_id == workspace_id).order_by(first.id).limit(1)
    return query.where(bought.currency == usual.scalar_subquery()).having(func.sum(bought.amount) >= at_least)


def doers_query(
    workspace_id: int, kind: str, *, at_least: int, since: datetime | None, until: datetime, human_only: bool
) -> Select[int]:
    """Return the customers with at least so many activities of a kind, counting only a person's own if asked."""
    done = _ACTIVITIES.c
    query = select(done.customer_id).where(done.workspace_id == workspace_id, done.kind == kind, done.at <= until)
    if since is not None:
        query = query.where(done.at >= since)
    if human_only:
        query = query.where(done.verdict == "human")
    return query.group_by(done.customer_id).having(func.count() >= at_least)
