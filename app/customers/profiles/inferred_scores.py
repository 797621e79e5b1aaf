"""Inferred scores of customers, written by insight for those who allow profiling."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Select, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.customers.models import Engagement, Traits

# Quintiles run from 1 to 5; the share is of the revenue of all scored people.
SCORES = ("recency", "frequency", "monetary", "value_tier", "revenue_share", "segment_label")


def find(session: Session, workspace_id: int, customer_id: int) -> Traits | None:
    """Return what was inferred about this customer, if they allow it and have bought anything."""
    return session.get(Traits, (workspace_id, customer_id))


def write_query(session: Session, workspace_id: int, scored: Select[*tuple[Any, ...]], now: datetime) -> int:
    """Set the traits of everyone in `scored` (customer_id and SCORES, in order) and return how many they are."""
    source = scored.subquery("scored")
    rows = select(literal(workspace_id), *source.c, literal(now))
    names = ["workspace_id", "customer_id", *SCORES, "inferred_at"]
    statement = _replacing(insert(Traits).from_select(names, rows, include_defaults=False))
    written = session.execute(statement, execution_options={"preserve_rowcount": True})
    return cast("CursorResult[Any]", written).rowcount


def scored_query(workspace_id: int) -> Select[*tuple[Any, ...]]:
    """Return (customer_id, value_tier, revenue_share, segment_label, orders, spent) of everyone scored."""
    return (
        select(
            *(Traits.customer_id, Traits.value_tier, Traits.revenue_share, Traits.segment_label),
            *(Engagement.orders, Engagement.spent),
        )
        .join(
            Engagement,
            (Engagement.workspace_id == Traits.workspace_id) & (Engagement.customer_id == Traits.customer_id),
        )
        .where(Traits.workspace_id == workspace_id, Engagement.workspace_id == workspace_id)
    )


def scored_at(session: Session, workspace_id: int) -> datetime | None:
    """Return when people were last scored; None when nobody is."""
    return session.scalar(select(func.max(Traits.inferred_at)).where(Traits.workspace_id == workspace_id))


def forget(session: Session, workspace_id: int, customer_ids: Sequence[int]) -> None:
    """Delete what was inferred about these customers."""
    session.execute(delete(Traits).where(Traits.workspace_id == workspace_id, Traits.customer_id.in_(customer_ids)))


def forget_older(session: Session, workspace_id: int, *, now: datetime) -> int:
    """Delete what this run did not write again: its people withdrew, or no longer have purchases."""
    gone = delete(Traits).where(Traits.workspace_id == workspace_id, Traits.inferred_at < now)
    return cast("CursorResult[Any]", session.execute(gone)).rowcount


def _replacing(statement: Any) -> Any:
    fresh = {name: statement.excluded[name] for name in (*SCORES, "inferred_at")}
    return statement.on_conflict_do_update(index_elements=["workspace_id", "customer_id"], set_=fresh)
