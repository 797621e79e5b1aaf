"""Suggested values for conditions, taken from the newest customers."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.customers.profiles import people
from app.customers.profiles.fields import FieldInfo

_LOOKED_AT = 2000
_OFFERED = 50


def of(session: Session, workspace_id: int, info: FieldInfo) -> list[str]:
    """Return the most frequent values of a text or tags field among the newest customers."""
    base = people.base_query(workspace_id)
    newest = base.order_by(base.selected_columns.customer_id.desc()).limit(_LOOKED_AT)
    value = func.unnest(info.expression) if info.kind == "tags" else info.expression
    # By the name of the field: what names people is masked by it.
    found = newest.with_only_columns(value.label(info.name)).subquery()
    word = found.c[info.name]
    query = select(word).where(word.is_not(None)).group_by(word).order_by(func.count().desc())
    return [str(word) for word in session.scalars(query.limit(_OFFERED))]
