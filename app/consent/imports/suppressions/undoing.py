"""Undoes what a file of suppressions did: addresses that it alone put on the list leave it.

Whatever else has said of an address since, a bounce, a complaint, staff or another file, keeps it there.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.consent import suppression
from app.customers.imports.models import Import
from app.customers.imports.undoing.piece import Piece

# Pieces are ranges of hashes, by how they begin: each is a range of the table's key.
_RANGES = 16
_RANGE = """workspace_id = :w AND address_digest >= CAST(:least AS bytea)
    AND (CAST(:below AS bytea) IS NULL OR address_digest < CAST(:below AS bytea))"""
_TAKE_BACK = text(
    f"""
    UPDATE suppressions SET import_ids = array_remove(import_ids, CAST(:import_id AS bigint))
    WHERE {_RANGE} AND CAST(:import_id AS bigint) = ANY(import_ids) RETURNING address_digest
    """
)
_REMOVE = text(
    f"""
    DELETE FROM suppressions WHERE workspace_id = :w AND address_digest = ANY(CAST(:digests AS bytea[]))
      AND cardinality(import_ids) = 0 AND source ~ '{suppression.OF_FILE}'
    """
)


def undo(session: Session, found: Import, *, after: int) -> Piece:
    """Take back the suppressions of the next range of hashes."""
    below = bytes([(after + 1) * 256 // _RANGES]) if after + 1 < _RANGES else None
    least = bytes([after * 256 // _RANGES])
    binds = {"w": found.workspace_id, "import_id": found.id, "least": least, "below": below}
    named = list(session.scalars(_TAKE_BACK, binds))
    removed = 0
    if named:
        gone = session.execute(_REMOVE, {"w": found.workspace_id, "digests": named})
        removed = gone.rowcount  # type: ignore[attr-defined]
    counts = {"suppressions_removed": removed, "kept_suppressions": len(named) - removed}
    return Piece(after + 1 if after + 1 < _RANGES else None, counts)
