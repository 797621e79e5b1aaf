"""Undoes what a file of relations did, but for what staff have changed since: such a row names the file no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from app.customers.imports.models import Import
from app.customers.imports.undoing.piece import ROWS, Piece
from app.customers.organisations import members

_OF = "x.workspace_id = :w AND x.import_id = :import_id AND x.row_id = ANY(CAST(:ids AS bigint[]))"
_NEXT = text(
    """
    SELECT DISTINCT row_id FROM import_changes WHERE workspace_id = :w AND import_id = :import_id AND row_id > :after
    ORDER BY row_id LIMIT :limit
    """
)
_MEMBER = f"""
    (SELECT o.* FROM import_changes x
     CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS organisation_members), x.before -> 'member') o
     WHERE {_OF} AND x.kind = 'member')"""
_RESTORE_MEMBERS = text(
    f"""
    UPDATE organisation_members m SET position = o.position, buying_roles = o.buying_roles, since = o.since,
        until = o.until, import_id = o.import_id,
        is_primary = o.is_primary AND NOT EXISTS (
            SELECT FROM organisation_members p WHERE p.workspace_id = :w AND p.customer_id = m.customer_id
                AND p.organisation_id <> m.organisation_id AND p.is_primary AND p.import_id IS DISTINCT FROM :import_id)
    FROM {_MEMBER} o
    WHERE m.workspace_id = :w AND m.organisation_id = o.organisation_id AND m.customer_id = o.customer_id
      AND m.import_id = :import_id
    """
)
# Two are not primary at once, not even in between: one that the file added makes room.
_MAKE_ROOM = text(
    f"""
    UPDATE organisation_members m SET is_primary = false FROM {_MEMBER} o
    WHERE o.is_primary AND m.workspace_id = :w AND m.customer_id = o.customer_id AND m.import_id = :import_id
      AND m.is_primary AND m.organisation_id <> o.organisation_id
    """
)
_HOUSEHOLDS_AGAIN = text(
    f"""
    INSERT INTO households SELECT DISTINCT ON (h.id) h.* FROM import_changes x
    CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS households), x.before -> 'household') h
    JOIN household_members m ON m.workspace_id = :w AND m.customer_id = x.row_id AND m.import_id = :import_id
    WHERE {_OF} AND x.kind = 'home' ORDER BY h.id ON CONFLICT DO NOTHING
    """
)
_RESTORE_HOMES = text(
    f"""
    UPDATE household_members m SET household_id = o.household_id, import_id = o.import_id
    FROM import_changes x
    CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS household_members), x.before -> 'home') o
    JOIN households h ON h.workspace_id = :w AND h.id = o.household_id
    WHERE {_OF} AND x.kind = 'home' AND m.workspace_id = :w AND m.customer_id = x.row_id AND m.import_id = :import_id
    """
)
_ADDED = "workspace_id = :w AND import_id = :import_id"
_END_RELATIONS = text(f"DELETE FROM customer_relations WHERE {_ADDED}")
_END_MEMBERS = text(f"DELETE FROM organisation_members WHERE {_ADDED} RETURNING customer_id")
_END_HOMES = text(f"DELETE FROM household_members WHERE {_ADDED}")
_END_HOUSEHOLDS = text(
    f"""
    DELETE FROM households h WHERE {_ADDED} AND NOT EXISTS (
        SELECT FROM household_members m WHERE m.workspace_id = :w AND m.household_id = h.id)
    """
)


def undo(session: Session, found: Import, *, after: int) -> Piece:
    """Give the next memberships and households back as they were; after the last one what the file added goes."""
    binds = {"w": found.workspace_id, "import_id": found.id}
    ids = list(session.scalars(_NEXT, {**binds, "after": after, "limit": ROWS}))
    if ids:
        here = {**binds, "ids": ids}
        session.execute(_MAKE_ROOM, here)
        session.execute(_HOUSEHOLDS_AGAIN, here)
        restored = sum(_count(session, each, here) for each in (_RESTORE_MEMBERS, _RESTORE_HOMES))
        return Piece(ids[-1], {"restored": restored, "kept_changed": max(len(ids) - restored, 0)})
    relations = _count(session, _END_RELATIONS, binds)
    left = list(session.scalars(_END_MEMBERS, binds))
    if left:
        members.let_follow(session, found.workspace_id, left)
    homes = _count(session, _END_HOMES, binds)
    session.execute(_END_HOUSEHOLDS, binds)
    return Piece(None, {"relations_removed": relations + len(left) + homes})


def _count(session: Session, statement: TextClause, binds: Mapping[str, Any]) -> int:
    return int(session.execute(statement, binds).rowcount)  # type: ignore[attr-defined]
