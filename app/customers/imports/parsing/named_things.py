"""Finds the things that rows of a file name in reference fields, many rows at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.field_kinds import references
from app.customers.field_kinds.references import ReferenceKind
from app.customers.imports.parsing.people_rows import PersonRow
from app.customers.profiles import fields

UNKNOWN = "reference"
_SET = text(
    """
    UPDATE people_stage s SET custom = s.custom || CAST(found.custom AS jsonb)
    FROM unnest(CAST(:rows AS bigint[]), CAST(:customs AS text[])) AS found(row, custom) WHERE s.row = found.row
    """
)
_LEAVE_OUT = text("UPDATE people_stage SET outcome = :outcome WHERE row = ANY(CAST(:rows AS bigint[]))")


def settle(session: Session, workspace_id: int, rows: Sequence[PersonRow], keys: Iterable[str]) -> dict[int, str]:
    """Put the numbers of things in the places of their names, in these rows and where they are staged.

    Return, by row, what names nothing or more than one thing.
    """
    wanted = set(keys)
    own = [field for field in fields.list_custom(session, workspace_id) if field.key in wanted] if wanted else []
    changed: dict[int, dict[str, int]] = {}
    strangers: dict[int, str] = {}
    for field in own:
        if field.kind != ReferenceKind.name:
            continue
        said = {row.row: row.custom[field.key] for row in rows if isinstance(row.custom.get(field.key), str)}
        found = references.resolve(session, workspace_id, field.refers_to, said.values())
        for row in rows:
            words = said.get(row.row)
            if words in found:
                row.custom[field.key] = found[words]
                changed.setdefault(row.row, {})[field.key] = found[words]
            elif words is not None:
                strangers.setdefault(row.row, words)
    if changed:
        customs = [json.dumps(each) for each in changed.values()]
        session.execute(_SET, {"rows": list(changed), "customs": customs})
    return strangers


def leave_out(session: Session, strangers: Iterable[int]) -> None:
    """Keep these rows from being written."""
    rows = list(strangers)
    if rows:
        session.execute(_LEAVE_OUT, {"rows": rows, "outcome": UNKNOWN})
