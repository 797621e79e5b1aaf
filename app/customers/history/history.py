"""Keeps values that are replaced, and reads what was known of a customer before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from app.customers.history.models import ReplacedValues
from app.customers.models import Customer
from app.customers.profiles import provenance
from app.customers.profiles.provenance import Origin

MOST_SHOWN = 100
# Each import is asked by its key: there are few, and their changes have no index by customer that every row would pay.
_BY_IMPORTS = text(
    """
    SELECT x.before, coalesce(i.started_at, i.created_at) AS replaced_at,
           jsonb_build_array(i.id, CAST(extract(epoch FROM i.created_at) AS bigint), i.nature) AS replaced_by
    FROM imports i CROSS JOIN LATERAL (
        SELECT x.before FROM import_changes x
        WHERE x.workspace_id = :w AND x.import_id = i.id AND x.kind = 'customer' AND x.row_id = :customer_id LIMIT 1) x
    WHERE i.workspace_id = :w AND i.state <> 'undone' ORDER BY i.id DESC LIMIT :limit
    """
)


@dataclass(frozen=True)
class Former:
    """A value as it was until another took its place, or until it expired: who had told it, and who told the next."""

    name: str
    value: Any
    origin: Origin | None
    until: datetime
    replaced_by: Origin


def keep(
    session: Session,
    workspace_id: int,
    customer_id: int,
    before: Mapping[str, list[Any]],
    replaced_by: list[Any],
    *,
    now: datetime,
) -> None:
    """Keep values as they were, [value, mark] by name, before others take their places."""
    if before:
        row = {"customer_id": customer_id, "replaced_at": now, "before": dict(before), "replaced_by": replaced_by}
        session.execute(insert(ReplacedValues).values(workspace_id=workspace_id, **row))


def read(session: Session, workspace_id: int, customer_id: int) -> list[Former]:
    """Return what was known of a customer before, the latest first."""
    table = ReplacedValues
    query = select(table.before, table.replaced_at, table.replaced_by).where(
        table.workspace_id == workspace_id, table.customer_id == customer_id
    )
    rows = list(session.execute(query.order_by(table.id.desc()).limit(MOST_SHOWN)))
    rows += session.execute(_BY_IMPORTS, {"w": workspace_id, "customer_id": customer_id, "limit": MOST_SHOWN})
    first = session.scalar(
        select(Customer.provenance[provenance.EVERYTHING]).where(
            Customer.workspace_id == workspace_id, Customer.id == customer_id
        )
    )
    told: list[tuple[str, Any, list[Any] | None, datetime, list[Any]]] = []
    for row in rows:
        for name, kept in row.before.items():
            if name != "updated_at" and isinstance(kept, list) and kept[0] is not None:
                mark = (kept[1] if len(kept) > 1 else None) or first
                told.append((name, kept[0], mark, row.replaced_at, row.replaced_by))
    told.sort(key=lambda each: each[3], reverse=True)
    shown = told[:MOST_SHOWN]
    marks: dict[tuple[int, int], list[Any] | None] = {}
    for number, (_name, _value, mark, _until, by) in enumerate(shown):
        marks |= {(number, 0): mark, (number, 1): by}
    known = provenance.origins(session, workspace_id, marks)
    return [
        Former(name, value, known.get((number, 0)), until, known[number, 1])
        for number, (name, value, _mark, until, _by) in enumerate(shown)
    ]
