"""Sizes of segments day by day: kept whenever one is counted, read for the picture on its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.segments.models import SegmentSize

SHOWN = timedelta(days=180)
# A year and a bit more, so that a season can be compared with the one before.
KEPT = timedelta(days=800)


@dataclass(frozen=True)
class Size:
    """How many were in a segment on a day."""

    day: date
    size: int


def keep(session: Session, workspace_id: int, segment_id: int, size: int, *, day: date) -> None:
    """Keep how many were counted on a day; the latest count of a day stands."""
    row = insert(SegmentSize).values(workspace_id=workspace_id, segment_id=segment_id, day=day, size=size)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["workspace_id", "segment_id", "day"], set_={"size": row.excluded.size}
        )
    )


def of_segment(session: Session, workspace_id: int, segment_id: int, *, today: date) -> list[Size]:
    """Return the sizes of the latest half year, day by day; days on which nobody counted are left out."""
    query = select(SegmentSize.day, SegmentSize.size).where(
        SegmentSize.workspace_id == workspace_id,
        SegmentSize.segment_id == segment_id,
        SegmentSize.day > today - SHOWN,
    )
    return [Size(row.day, row.size) for row in session.execute(query.order_by(SegmentSize.day))]


def delete_old(session: Session, workspace_id: int, *, today: date) -> None:
    """Forget sizes of long ago."""
    session.execute(
        delete(SegmentSize).where(SegmentSize.workspace_id == workspace_id, SegmentSize.day < today - KEPT)
    )
