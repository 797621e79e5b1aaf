"""Which segments are watched: those somebody wants to see entered and left, and those that start journeys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_
from app.segments import rules
from app.segments.models import Segment, SegmentMember
from app.segments.rules import Rule

MOST = 100
# A segment of which nobody can say when time moves people is evaluated as a whole: after a minute, or so many times
# what it took.
SOONEST = timedelta(minutes=1)
_REST = 20


class TooManyWatched(Refusal):
    """A workspace watches a bounded number of segments."""

    status = 422
    message = N_("100 segments are watched already. Stop watching one first.")


@dataclass(frozen=True)
class Watched:
    """A watched segment, as far as its evaluation needs it."""

    segment_id: int
    updated_at: datetime
    evaluated_at: datetime | None
    evaluation: timedelta
    is_outdated: bool = False

    def is_due(self, *, now: datetime) -> bool:
        """Say whether it may be evaluated as a whole again."""
        rest = max(SOONEST, _REST * self.evaluation)
        return self.evaluated_at is None or now >= self.evaluated_at + rest


def watch(session: Session, workspace_id: int, segment_id: int, *, now: datetime) -> None:
    """Keep who is in a segment from now on; raise NotFound, TooManyWatched."""
    found = keyed_rows.hold(session, Segment, workspace_id, segment_id)
    if found.watched_since is not None:
        return
    if not has_room(session, workspace_id):
        raise TooManyWatched
    found.watched_since, found.evaluated_at = now, None
    session.flush()


def has_room(session: Session, workspace_id: int) -> bool:
    """Say whether one more segment can be watched."""
    return len(list_watched(session, workspace_id)) < MOST


def unwatch(session: Session, workspace_id: int, segment_id: int) -> None:
    """Keep no longer who is in a segment; who entered and left so far stays. Raise NotFound."""
    found = keyed_rows.hold(session, Segment, workspace_id, segment_id)
    found.watched_since = found.evaluated_at = None
    session.flush()
    session.execute(
        delete(SegmentMember).where(
            SegmentMember.workspace_id == workspace_id, SegmentMember.segment_id == segment_id
        )
    )


def list_watched(session: Session, workspace_id: int) -> list[Watched]:
    """Return the watched segments of a workspace."""
    columns = (Segment.id, Segment.updated_at, Segment.evaluated_at, Segment.evaluation_ms, Segment.is_outdated)
    query = select(*columns).where(Segment.workspace_id == workspace_id, Segment.watched_since.is_not(None))
    rows = session.execute(query.order_by(Segment.id).limit(MOST + 1))
    return [
        Watched(row.id, row.updated_at, row.evaluated_at, timedelta(milliseconds=row.evaluation_ms), row.is_outdated)
        for row in rows
    ]


def kept_query(session: Session, workspace_id: int, segment_id: int) -> Select[int] | None:
    """Return the statement that selects the `customer_id` of a watched segment's members as they are kept.

    None where nobody keeps them, or did not yet.
    """
    found = session.get(Segment, (workspace_id, segment_id))
    if found is None or found.watched_since is None or found.evaluated_at is None:
        return None
    return select(SegmentMember.customer_id).where(
        SegmentMember.workspace_id == workspace_id, SegmentMember.segment_id == segment_id
    )


def evaluated(session: Session, workspace_id: int, watched: Watched, *, took: timedelta, now: datetime) -> None:
    """Note that a segment was evaluated as a whole, unless it was saved anew, or left, since it was read."""
    session.execute(
        update(Segment)
        .where(Segment.workspace_id == workspace_id, Segment.id == watched.segment_id)
        .where(Segment.updated_at == watched.updated_at, Segment.watched_since.is_not(None))
        .values(evaluated_at=now, evaluation_ms=int(took / timedelta(milliseconds=1)), is_outdated=False)
    )


def outdate(session: Session, workspace_id: int) -> None:
    """Have every watched segment evaluated as a whole, without a rest."""
    watched = update(Segment).where(Segment.workspace_id == workspace_id, Segment.watched_since.is_not(None))
    session.execute(watched.values(is_outdated=True))


def is_unforeseen(rule: Rule) -> bool:
    """Say whether time alone moves people and no condition can say when, so that everybody is asked again and again."""
    return any(each.changes_with_time and not each.is_foreseen for each in rules.conditions(rule))
