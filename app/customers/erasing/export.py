"""Everything held about one person, as JSON: for themselves and for staff; every look is in the audit log."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, text
from sqlalchemy.orm import Session

from app.accounts import audit
from app.customers.erasing import erasures
from app.customers.merging import person_tables
from app.customers.merging.person_tables import PersonTable
from app.customers.models import Customer
from app.kernel.sql import keyed_rows

# Of somebody of whom there is more in one table, the newest rows are told, and that there are more.
MOST_ROWS = 20_000


def read(
    session: Session, workspace_id: int, customer_id: int, *, by: str, staff_id: int | None = None, now: datetime
) -> str:
    """Return everything about a person by table; raise NotFound."""
    keyed_rows.get(session, Customer, workspace_id, customer_id)
    whom = erasures.about(session, workspace_id, customer_id, now=now)
    held: dict[str, list[Any]] = {}
    cut_off = []
    for each in person_tables.list_all(session):
        rows = _rows(session, each, whom.binds) if each.of_person else []
        if rows:
            held[each.table.name] = rows[:MOST_ROWS]
        if len(rows) > MOST_ROWS:
            cut_off.append(each.table.name)
    audit.record(
        session,
        workspace_id,
        staff_id=staff_id,
        action="customer.data_exported",
        subject_kind="customer",
        subject_id=customer_id,
        details={"by": by},
        now=now,
    )
    told = {"customer_id": customer_id, "exported_at": now.isoformat(), "not_whole": cut_off, "held": held}
    return json.dumps(told, ensure_ascii=False, indent=1)


def _rows(session: Session, asked: PersonTable, binds: dict[str, Any]) -> list[dict[str, Any]]:
    table = asked.table
    left_out = ", ".join(f"'{name}'" for name in ("workspace_id", *asked.hidden))
    query = text(
        f"SELECT to_jsonb(t) - ARRAY[{left_out}] FROM {table.name} t"
        f" WHERE t.workspace_id = :w AND ({asked.of_person}) LIMIT {MOST_ROWS + 1}"
    )
    binary = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
    return [_readable(row, binary) for row in session.scalars(query, binds)]


def _readable(row: dict[str, Any], binary: list[str]) -> dict[str, Any]:
    """Return a row with what came as bytes as the text it is."""
    spelled = {name: bytes.fromhex(row[name][2:]).decode(errors="replace") for name in binary if row.get(name)}
    return {**row, **spelled}
