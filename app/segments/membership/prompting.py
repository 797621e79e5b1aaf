"""Has members of watched segments brought up to date within seconds of what programs, websites and shops report."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kernel.queueing import outbox
from app.segments.membership import evaluation
from app.segments.models import MemberUpdate, Segment

JOB = "segments.update_changed"
# Between two runs for one workspace; whatever is reported meanwhile is evaluated together.
REST = timedelta(milliseconds=500)
# Between two runs for what time alone changes.
CALM = timedelta(seconds=10)
_AHEAD = timedelta(seconds=70)


def prompt(session: Session, workspace_id: int, now: datetime) -> None:
    """Have those who changed in this transaction evaluated, where the workspace watches a segment."""
    watches = exists().where(Segment.workspace_id == workspace_id, Segment.watched_since.is_not(None))
    latest = select(MemberUpdate.at).where(MemberUpdate.workspace_id == workspace_id).scalar_subquery()
    is_watching, latest_at = session.execute(select(watches, latest)).one()
    if is_watching:
        rested_at = latest_at + REST if latest_at else now
        run_at = rested_at if now < rested_at <= now + REST else None
        outbox.enqueue(session, JOB, key=f"{JOB}:{workspace_id}", run_at=run_at, workspace_id=workspace_id)


def prompt_next(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Have whom time may move evaluated when that is; the job of each minute sees to what is further ahead."""
    due_at = evaluation.next_due(session, workspace_id)
    if due_at is not None and due_at < now + _AHEAD:
        run_at = max(due_at, now + CALM)
        outbox.enqueue(session, JOB, key=f"{JOB}:{workspace_id}", run_at=run_at, workspace_id=workspace_id)


def note(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Note that those who changed were evaluated."""
    row = insert(MemberUpdate).values(workspace_id=workspace_id, at=now)
    session.execute(row.on_conflict_do_update(index_elements=["workspace_id"], set_={"at": row.excluded.at}))
