"""Recovery of sending: expired leases, due messages, and lanes without a worker."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.delivery.models import Batch, Send, SendKind, SendState
from app.delivery.sending import lanes, outage_holds
from app.delivery.transitions import batches, send_states


def sweep(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Put one workspace's sending in order: sends first, then batches, then messages, as they are locked elsewhere."""
    outage_holds.hold(session, workspace_id)
    over = _perhaps_over(session, workspace_id)
    finished = send_states.finish_empty(session, workspace_id, over, now=now)
    batches.recover(session, workspace_id)
    batches.drop_cancelled(session, workspace_id)
    stuck = sorted(set(over) - finished)
    if stuck:
        batches.requeue_unbatched(session, workspace_id, stuck, now=now)
    batches.enqueue_due(session, workspace_id, now=now)
    for is_transactional in (True, False):
        due = lanes.list_with_work(session, workspace_id, is_transactional=is_transactional, now=now)
        lanes.wake(session, workspace_id, due, for_transactional=is_transactional)


def _perhaps_over(session: Session, workspace_id: int) -> list[int]:
    """Running campaigns without an open batch: either all is said, or something waits for its time."""
    has_open_batch = exists().where(
        Batch.workspace_id == Send.workspace_id, Batch.send_id == Send.id, Batch.state != "done"
    )
    query = select(Send.id).where(
        Send.workspace_id == workspace_id,
        Send.kind == SendKind.CAMPAIGN,
        Send.state == SendState.RUNNING,
        ~has_open_batch,
    )
    return list(session.scalars(query.limit(1000)))
