"""Who entered and left watched segments, for the pages of segments and customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.customers.profiles import naming, people
from app.segments.models import Segment, SegmentMember, SegmentMove

SHOWN = 8
LOOKED_BACK = timedelta(days=30)
KEPT = timedelta(days=400)


@dataclass(frozen=True)
class Moved:
    """Somebody entered or left, with the name of who it was or of the segment."""

    customer_id: int
    segment_id: int
    name: str
    at: datetime
    has_entered: bool


@dataclass(frozen=True)
class Movement:
    """What happened at the edge of a segment lately: how many came and went, and the latest of them."""

    members: int
    entered: int
    left: int
    latest: tuple[Moved, ...]


def of_segment(session: Session, workspace_id: int, segment_id: int, *, now: datetime) -> Movement:
    """Return who entered and left a watched segment in the last 30 days."""
    mine = (SegmentMove.workspace_id == workspace_id, SegmentMove.segment_id == segment_id)
    counted = select(
        func.count().filter(SegmentMove.has_entered), func.count().filter(~SegmentMove.has_entered)
    ).where(*mine, SegmentMove.at > now - LOOKED_BACK)
    entered, left = session.execute(counted).one()
    named = people.named_query(workspace_id).subquery()
    query = (
        select(SegmentMove, named.c.first_name, named.c.last_name, named.c.email)
        .join(named, named.c.customer_id == SegmentMove.customer_id)
        .where(*mine)
        .order_by(SegmentMove.at.desc(), SegmentMove.id.desc())
        .limit(SHOWN)
    )
    latest = [
        _moved(row[0], naming.full_name(row.first_name, row.last_name) or row.email or f"#{row[0].customer_id}")
        for row in session.execute(query)
    ]
    members = select(func.count()).select_from(SegmentMember)
    is_in = (SegmentMember.workspace_id == workspace_id, SegmentMember.segment_id == segment_id)
    return Movement(session.scalar(members.where(*is_in)) or 0, entered, left, tuple(latest))


# (segment id, its name, since when)
Inside = Sequence[tuple[int, str, datetime]]


def of_customer(session: Session, workspace_id: int, customer_id: int) -> tuple[Inside, list[Moved]]:
    """Return the watched segments somebody is in, and the latest they entered or left."""
    same = (Segment.workspace_id == SegmentMember.workspace_id) & (Segment.id == SegmentMember.segment_id)
    within = (
        select(Segment.id, Segment.name, SegmentMember.since)
        .join(SegmentMember, same)
        .where(SegmentMember.workspace_id == workspace_id, SegmentMember.customer_id == customer_id)
        .order_by(Segment.name)
    )
    of_move = (Segment.workspace_id == SegmentMove.workspace_id) & (Segment.id == SegmentMove.segment_id)
    moves = (
        select(SegmentMove, Segment.name)
        .join(Segment, of_move)
        .where(SegmentMove.workspace_id == workspace_id, SegmentMove.customer_id == customer_id)
        .order_by(SegmentMove.at.desc(), SegmentMove.id.desc())
        .limit(SHOWN)
    )
    found = [(row.id, row.name, row.since) for row in session.execute(within)]
    return found, [_moved(row[0], row.name) for row in session.execute(moves)]


def delete_old(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Forget who entered and left long ago."""
    session.execute(
        delete(SegmentMove).where(SegmentMove.workspace_id == workspace_id, SegmentMove.at < now - KEPT)
    )


def _moved(move: SegmentMove, name: str) -> Moved:
    return Moved(move.customer_id, move.segment_id, name, move.at, move.has_entered)
