"""The people of a segment as a table for export."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from app.customers.exporting.tables import ExportTable
from app.customers.listing import exports
from app.kernel.database import Database
from app.kernel.translatable import N_
from app.segments import segments


def member_rows(database: Database, workspace_id: int, segment_id: int, now: datetime) -> Iterator[list[str]]:
    """Return the heading and a row for everybody who is in the segment now; raise SegmentUnusable."""
    with database.transaction(workspace_id) as session:
        query = segments.members_query(session, workspace_id, segment_id, now)
    with database.transaction(workspace_id, reading=True) as session:
        # Eight bytes a person, so that the segment is computed once.
        members = array("q", session.scalars(query.execution_options(yield_per=10_000)))
    return exports.rows(database, workspace_id, sorted(members))


def _segments(session: Session, workspace_id: int) -> list[tuple[int, str]]:
    return [(each.id, each.name) for each in segments.list_all(session, workspace_id)]


MEMBERS = ExportTable("segment", N_("People in the segment “%(name)s”"), member_rows, _segments)
