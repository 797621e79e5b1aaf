"""Moves of sends: from one of the states given, under their row's lock, and to done when nothing of them waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from app.delivery.models import Batch, Message, MessageState, Send, SendKind, SendState


def move(
    session: Session,
    workspace_id: int,
    send_id: int,
    from_states: Sequence[SendState],
    to: SendState,
    *,
    pause_reason: str | None = None,
    finished_at: datetime | None = None,
) -> bool:
    """Move a send; say whether it was in one of those states."""
    moved = session.execute(
        update(Send)
        .where(Send.workspace_id == workspace_id, Send.id == send_id, Send.state.in_(from_states))
        .values(state=to, pause_reason=pause_reason, finished_at=finished_at)
        .returning(Send.id)
    ).first()
    return moved is not None


def start(session: Session, workspace_id: int, send_ids: Sequence[int], *, now: datetime) -> None:
    """Let prepared sends run, and note of all that are open when they were launched; a paused one stays paused."""
    is_prepared = Send.state == SendState.PREPARING
    session.execute(
        update(Send)
        .where(
            Send.workspace_id == workspace_id,
            Send.id.in_(send_ids),
            Send.state.in_((SendState.PREPARING, SendState.RUNNING, SendState.PAUSED)),
        )
        .values(
            state=case((is_prepared, SendState.RUNNING), else_=Send.state),
            launched_at=func.coalesce(Send.launched_at, now),
        )
        .execution_options(synchronize_session=False)
    )


def pause_interrupted(session: Session, workspace_id: int, *, ended_at: datetime, reason: str) -> list[int]:
    """Pause running campaigns and journeys that had mail due by the end of an outage; return their ids."""
    due_batch = select(Batch.id).where(
        Batch.workspace_id == Send.workspace_id,
        Batch.send_id == Send.id,
        Batch.state != "done",
        or_(Batch.due_at.is_(None), Batch.due_at <= ended_at),
    )
    due_message = select(Message.id).where(
        Message.workspace_id == Send.workspace_id,
        Message.send_id == Send.id,
        Message.state == MessageState.QUEUED,
        Message.due_at <= ended_at,
    )
    interrupted = (
        select(Send.id)
        .where(
            Send.workspace_id == workspace_id,
            Send.kind.in_((SendKind.CAMPAIGN, SendKind.JOURNEY)),
            Send.state == SendState.RUNNING,
            Send.launched_at < ended_at,
            or_(due_batch.exists(), due_message.exists()),
        )
        .order_by(Send.id)
        .with_for_update(of=Send)
    )
    paused = list(session.scalars(interrupted))
    session.execute(
        update(Send)
        .where(Send.workspace_id == workspace_id, Send.id.in_(paused))
        .values(state=SendState.PAUSED, pause_reason=reason)
        .execution_options(synchronize_session=False)
    )
    return paused


def finish_empty(session: Session, workspace_id: int, send_id: int, *, now: datetime) -> bool:
    """Close a campaign's send when nothing of it waits; the others stay open for those to come.

    Open batches are asked first: they are few, while the messages of a large send are many to look through.
    """
    is_open = select(Batch.id).where(
        Batch.workspace_id == workspace_id, Batch.send_id == send_id, Batch.state != literal_column("'done'")
    )
    if session.scalar(is_open.limit(1)) is not None:
        return False
    waits = (
        select(Message.id)
        .where(
            Message.workspace_id == workspace_id,
            Message.send_id == send_id,
            Message.state.in_((MessageState.QUEUED, MessageState.HANDED)),
        )
        .exists()
    )
    closed = session.execute(
        update(Send)
        .where(
            Send.workspace_id == workspace_id,
            Send.id == send_id,
            Send.kind == SendKind.CAMPAIGN,
            Send.state == SendState.RUNNING,
            ~waits,
        )
        .values(state=SendState.DONE, finished_at=now)
        .returning(Send.id)
    ).first()
    return closed is not None
