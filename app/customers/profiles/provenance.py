"""Provenance of a customer's values: which source set each, and when.

Kept in one compact column per customer: `{"*": [import, row], "city": ["staff:3", 1767225600]}`. A pair whose first
part is a number names a row of an imported file; otherwise it names a source and the second it spoke. `*` stands for
every value without an entry of its own, so a person imported once costs a few bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.imports.models import Import

EVERYTHING = "*"


@dataclass(frozen=True)
class Origin:
    """Where one value comes from. `kind` is file, or what stands before the colon of the source (staff, form, api)."""

    kind: str
    name: str
    row: int | None
    at: datetime
    is_own: bool


def told(source: str, *, now: datetime) -> list[Any]:
    """Return the mark of a value told by this source, such as `staff:3`, `form:news` or `api:7`."""
    return [source, int(now.timestamp())]


def mark(known: dict[str, Any], names: list[str], origin: list[Any]) -> dict[str, Any]:
    """Return the provenance after these values were set by this origin. A new person's first origin covers all."""
    if not known:
        return {EVERYTHING: origin}
    return {**known, **dict.fromkeys(names, origin)}


def explain(session: Session, workspace_id: int, provenance: dict[str, Any], names: list[str]) -> dict[str, Origin]:
    """Return for each named value where it comes from, as far as it is known."""
    marks = {name: provenance.get(name) or provenance.get(EVERYTHING) for name in names}
    files = _imports(session, workspace_id, {m[0] for m in marks.values() if m and isinstance(m[0], int)})
    origins = {name: _origin(found, files) for name, found in marks.items() if found}
    return {name: origin for name, origin in origins.items() if origin}


def _imports(session: Session, workspace_id: int, ids: set[int]) -> dict[int, Import]:
    if not ids:
        return {}
    query = select(Import).where(Import.workspace_id == workspace_id, Import.id.in_(ids))
    return {found.id: found for found in session.scalars(query)}


def _origin(found: list[Any], files: dict[int, Import]) -> Origin | None:
    who, number = found
    if isinstance(who, str):
        kind, _, name = who.partition(":")
        return Origin(kind, name, None, datetime.fromtimestamp(number, UTC), is_own=True)
    file = files.get(who)
    if file is None:
        return None
    return Origin("file", file.file_name, number, file.created_at, is_own=file.source == "own")
