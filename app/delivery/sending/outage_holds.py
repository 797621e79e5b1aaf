"""Holds what was being sent when a long outage came: its content may be stale, so a person decides whether it goes on.

Waiting for quiet hours or a cap is no reason: only sends with mail that was due by the end of the outage are held.
"""

from __future__ import annotations

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.delivery.models import Batch, Message, MessageState, Send, SendKind, SendState
from app.kernel.queueing import outages

PAUSE_REASON = "outage"
_HANDLER = "delivery"


def hold(session: Session, workspace_id: int) -> list[int]:
    """Pause the campaigns and journeys an outage interrupted, once for each outage; return the ids of their sends."""
    outage = outages.take(session, workspace_id, _HANDLER)
    if outage is None:
        return []
    due_batch = select(Batch.id).where(
        Batch.workspace_id == Send.workspace_id,
        Batch.send_id == Send.id,
        Batch.state != "done",
        or_(Batch.due_at.is_(None), Batch.due_at <= outage.ended_at),
    )
    due_message = select(Message.id).where(
        Message.workspace_id == Send.workspace_id,
        Message.send_id == Send.id,
        Message.state == MessageState.QUEUED,
        Message.due_at <= outage.ended_at,
    )
    held = session.scalars(
        update(Send)
        .where(
            Send.workspace_id == workspace_id,
            Send.kind.in_((SendKind.CAMPAIGN, SendKind.JOURNEY)),
            Send.state == SendState.RUNNING,
            Send.launched_at < outage.ended_at,
            or_(due_batch.exists(), due_message.exists()),
        )
        .values(state=SendState.PAUSED, pause_reason=PAUSE_REASON)
        .returning(Send.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(held)
