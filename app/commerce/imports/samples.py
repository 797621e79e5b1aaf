"""What a rehearsal of purchases showed: the first orders of each outcome, and what changes of known ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.commerce.imports.orders import PurchaseRow
from app.customers.imports.previewing.samples import OUTCOMES, Sample, Seen

_FIRST = """
    SELECT row, outcome FROM (
        SELECT row, outcome, row_number() OVER (PARTITION BY outcome ORDER BY row) AS place FROM purchase_found
        WHERE outcome = ANY(CAST(:outcomes AS text[]))) f
    WHERE place <= :most
"""
_ROWS = """FROM purchase_found s JOIN orders p ON p.workspace_id = :w AND p.id = s.order_id
    WHERE s.outcome = 'updated'"""


def show(
    session: Session, rows: Sequence[PurchaseRow], compared: Sequence[str], *, workspace_id: int, most: int
) -> Seen:
    """Return the first orders of each outcome of those staged; `compared` are the columns that a file tells."""
    found: dict[int, str] = dict(session.execute(text(_FIRST), {"outcomes": list(OUTCOMES), "most": most}).all())
    seen = Seen()
    changes: dict[int, Any] = {}
    if "updated" in found.values():
        told = ", ".join(f"count(*) FILTER (WHERE p.{name} IS DISTINCT FROM s.{name})" for name in compared)
        counts = session.execute(text(f"SELECT {told} {_ROWS}"), {"w": workspace_id}).one()
        seen.changed = +Counter(dict(zip(compared, counts, strict=True)))
        pairs = ", ".join(
            f"'{name}', CASE WHEN p.{name} IS DISTINCT FROM s.{name} THEN jsonb_build_array(p.{name}, s.{name}) END"
            for name in compared
        )
        binds = {"w": workspace_id, "rows": list(found)}
        statement = f"SELECT s.row, jsonb_strip_nulls(jsonb_build_object({pairs})) {_ROWS} AND s.row = ANY(:rows)"
        changes = dict(session.execute(text(statement), binds).all())
    for row in rows:
        if outcome := found.get(row.row):
            values = changes.get(row.row, {}) if outcome != "created" else _said(row, compared)
            first = min(row.row, *row.covers) if row.covers else row.row
            seen.rows.append(Sample(first, row.order_ref, outcome, values))
    return seen


def _said(row: PurchaseRow, compared: Sequence[str]) -> dict[str, Any]:
    said = {"customer": row.email, **{name: getattr(row, name) for name in compared}}
    told = {name: value.isoformat() if name == "purchased_at" else value for name, value in said.items() if value}
    return {name: [None, value] for name, value in told.items()}
