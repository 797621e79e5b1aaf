"""Failed jobs: lists those given up, and retries them; `queue` draws the states of a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.queueing.outbox import CHANNEL

# Jobs of no workspace serve every one of them, so everybody hears of those.
_OURS = "failed_at IS NOT NULL AND coalesce(CAST(args ->> 'workspace_id' AS bigint), :workspace_id) = :workspace_id"
_LIST = text(
    f"SELECT name, count(*) AS count, min(failed_at) AS since FROM outbox WHERE {_OURS}"
    " GROUP BY name ORDER BY since, name LIMIT 20"
)
# With a holder named, as after a worker's death, the job runs in a child: it may be what killed the workers before.
_TRY_AGAIN = text(
    "UPDATE outbox SET failed_at = NULL, attempts = 0, holder = 'tried again', leased_until = clock_timestamp()"
    f" WHERE {_OURS} RETURNING id"
)
_NOTIFY = text("SELECT pg_notify(:channel, '')")


@dataclass(frozen=True)
class FailedJob:
    """One kind of job: how many were given up, the first of them when."""

    name: str
    count: int
    since: datetime


def list_all(session: Session, workspace_id: int) -> list[FailedJob]:
    """Return what was given up of this workspace's work and of everybody's, the oldest first."""
    return [FailedJob(**row._mapping) for row in session.execute(_LIST, {"workspace_id": workspace_id})]


def retry(session: Session, workspace_id: int) -> int:
    """Let all of it run once more, from its first attempt on; return how many jobs that are."""
    again = session.execute(_TRY_AGAIN, {"workspace_id": workspace_id}).all()
    session.execute(_NOTIFY, {"channel": CHANNEL})
    return len(again)
