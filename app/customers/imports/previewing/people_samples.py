"""What a rehearsal of people showed: the first rows of each outcome with what they change, and changes by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.addresses.queries import EMAIL, PHONE, POSTAL
from app.customers.imports.mapping.mapping import ADDRESSES
from app.customers.imports.parsing.people_rows import PersonRow
from app.customers.imports.previewing.samples import Sample, Seen
from app.kernel.sql import json_objects

# Each value the file brings: its name, what it is and what it will be, as SQL over the row `s` and the customer `c`.
Values = Sequence[tuple[str, str, str]]
_ROWS = """FROM people_stage s JOIN customers c ON c.workspace_id = :w AND c.id = s.customer_id
    WHERE s.outcome = 'updated'"""


def show(
    session: Session,
    people: Sequence[PersonRow],
    values: Values,
    *,
    names: Sequence[str],
    binds: Mapping[str, Any],
    most: int,
) -> Seen:
    """Return the first rows of each outcome of those staged; `names` are those of what a row says."""
    outcomes: dict[int, str] = dict(session.execute(text("SELECT row, outcome FROM people_stage")).all())
    counted = [person for person in people if not person.is_again]
    seen = Seen()
    is_changed = False
    shown: Counter[str] = Counter()
    wanted: dict[int, PersonRow] = {}
    for person in counted:
        outcome = outcomes.get(person.row, "")
        is_changed |= outcome == "updated"
        if outcome not in ("created", "updated", "unchanged") or shown[outcome] >= most:
            continue
        shown[outcome] += 1
        if outcome == "updated":
            wanted[person.row] = person
        else:
            said = _said(person, names) if outcome == "created" else {}
            seen.rows.append(Sample(_first_row(person), _who(person), outcome, said))
    if is_changed and values:
        seen.changed = _count(session, values, binds)
        seen.rows += _changes(session, values, binds, wanted)
    return seen


def _who(person: PersonRow) -> str:
    return person.email or person.number


def _first_row(person: PersonRow) -> int:
    return min(person.row, *person.covers) if person.covers else person.row


def _said(person: PersonRow, names: Sequence[str]) -> dict[str, Any]:
    said: dict[str, Any] = {"email": person.email} if person.email else {}
    said |= {name: value for name, value in zip(names, person.said, strict=True) if value}
    said |= {f"custom.{key}": value for key, value in person.custom.items()}
    if person.tags:
        said["tags"] = list(person.tags)
    for address in person.addresses:
        said.setdefault(_ADDRESSES[address.kind], []).append(address.value)
    return {name: [None, value] for name, value in said.items()}


_ADDRESSES = dict(zip((PHONE, EMAIL, POSTAL), ADDRESSES, strict=True))


def _changes(
    session: Session, values: Values, binds: Mapping[str, Any], wanted: Mapping[int, PersonRow]
) -> list[Sample]:
    pairs = [
        f"{name}, CASE WHEN {old} IS DISTINCT FROM {new} THEN jsonb_build_array({old}, {new}) END"
        for name, old, new in values
    ]
    told = json_objects.build(pairs)
    found = _run(
        session,
        f"SELECT s.row, jsonb_strip_nulls({told}) {_ROWS} AND s.row = ANY(CAST(:rows AS bigint[]))",
        {**binds, "rows": list(wanted)},
    )
    return [Sample(_first_row(wanted[row]), _who(wanted[row]), "updated", changes) for row, changes in found]


def _count(session: Session, values: Values, binds: Mapping[str, Any]) -> Counter[str]:
    told = ", ".join(
        f"{name}, count(*) FILTER (WHERE {old} IS DISTINCT FROM {new})" for name, old, new in values
    )
    counts = _run(session, f"SELECT {told} {_ROWS}", binds).one()
    return +Counter(dict(zip(counts[::2], counts[1::2], strict=True)))


def _run(session: Session, statement: str, binds: Mapping[str, Any]) -> Any:
    prepared = text(statement)
    return session.execute(prepared, {name: binds[name] for name in prepared._bindparams})
