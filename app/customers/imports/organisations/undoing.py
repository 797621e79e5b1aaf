"""Undoes what a file of organisations did: what it added goes unless anybody belongs to it, what it changed returns."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.imports.declared.restoring import RestoredTable
from app.customers.imports.models import Import
from app.customers.imports.undoing.piece import Piece
from app.customers.organisations import hierarchy, organisations
from app.customers.organisations.hierarchy import MOST_LEVELS, HierarchyCycle
from app.customers.organisations.organisations import NumberTaken
from app.kernel.database import refusing_duplicates

ORGANISATIONS = RestoredTable(
    kind="organisation",
    table="organisations",
    columns=(
        *("name", "external_ref", "parent_id", "industry", "employees", "website", "domains", "address", "city"),
        "country",
    ),
    in_use="""EXISTS (SELECT FROM organisation_members m WHERE m.workspace_id = :w AND m.organisation_id = t.id)
        OR EXISTS (SELECT FROM organisations b WHERE b.workspace_id = :w AND b.parent_id = t.id)""",
)
_LET_GO = text(
    f"""
    UPDATE organisations t SET parent_id = NULL FROM {ORGANISATIONS.kept} x
    WHERE x.row_id = ANY(CAST(:ids AS bigint[])) AND t.workspace_id = :w AND t.id = x.row_id
      AND t.updated_at = CAST(x.before ->> 'at' AS timestamptz) AND t.parent_id IS DISTINCT FROM (x.o).parent_id
    """
)
# What stood above it may have been deleted since: then it stands at the top.
_FORGET_GONE = text(
    """
    UPDATE import_changes x SET before = jsonb_set(x.before, '{row,parent_id}', 'null')
    WHERE x.workspace_id = :w AND x.import_id = :import_id AND x.kind = 'organisation'
      AND x.row_id = ANY(CAST(:ids AS bigint[])) AND NOT EXISTS (
        SELECT FROM organisations o WHERE o.workspace_id = :w
            AND o.id = CAST(x.before -> 'row' ->> 'parent_id' AS bigint))
    """
)


def undo(session: Session, found: Import, *, after: int) -> Piece:
    """Give the next organisations back what the import changed; after the last one those it added go, from below."""
    ids = ORGANISATIONS.next_ids(session, found, after)
    if ids:
        restored = _restore(session, found, ids)
        return Piece(ids[-1], {"restored": restored, "kept_changed": len(ids) - restored})
    removed = left = 0
    for _level in range(MOST_LEVELS):
        gone, left = ORGANISATIONS.remove(session, found)
        removed += gone
        if not gone or not left:
            break
    return Piece(None, {"organisations_removed": removed, "kept_changed": left})


def _restore(session: Session, found: Import, ids: Sequence[int]) -> int:
    """Restore these at once, or one by one where one would stand above itself by now, or its number is taken."""
    try:
        return _restore_at_once(session, found, ids)
    except (HierarchyCycle, NumberTaken):
        if len(ids) == 1:
            return 0
    return sum(_restore(session, found, [each]) for each in ids)


def _restore_at_once(session: Session, found: Import, ids: Sequence[int]) -> int:
    binds = {"w": found.workspace_id, "import_id": found.id, "ids": list(ids)}
    taken = refusing_duplicates(session, organisations.UNIQUE_REF, NumberTaken())
    with hierarchy.refusing_cycles(session), taken:
        session.execute(_FORGET_GONE, binds)
        session.execute(_LET_GO, binds)
        return ORGANISATIONS.restore(session, found, ids)
