"""Moves of sends: many in one statement, under their rows' locks by id, and to done when nothing of them waits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Text, case, column, func, literal_column, or_, select, update, values
from sqlalchemy.orm import Session

from app.delivery.models import Batch, Message, MessageState, Send, SendKind, SendState


@dataclass(frozen=True, slots=True)
class Move:
    """From which states to which, and what is written down besides; `paused_for` moves only what was paused for it."""

    from_states: tuple[SendState, ...]
    to: SendState
    pause_reason: str | None = None
    finished_at: datetime | None = None
    paused_for: str | None = None


def move(session: Session, workspace_id: int, send_ids: Collection[int], move: Move) -> dict[int, str | None]:
    """Move those of these sends that are in one of the states; return them by id, each with why it was paused."""
    in_state = (
        select(Send.id, Send.pause_reason)
        .where(Send.workspace_id == workspace_id, Send.id.in_(send_ids), Send.state.in_(move.from_states))
        .order_by(Send.id)
        .with_for_update(key_share=True)
    )
    if move.paused_for is not None:
        in_state = in_state.where(Send.pause_reason == move.paused_for)
    held = in_state.cte("held")
    moved = session.execute(
        update(Send)
        .where(Send.workspace_id == workspace_id, Send.id == held.c.id)
        .values(state=move.to, pause_reason=move.pause_reason, finished_at=move.finished_at)
        .returning(held.c.id, held.c.pause_reason)
        .execution_options(synchronize_session=False)
    )
    return dict(sorted((row.id, row.pause_reason) for row in moved))


def move_back(
    session: Session, workspace_id: int, pause_reasons: Mapping[int, str | None], *, from_state: SendState
) -> list[int]:
    """Move those of these sends that are in the state back to where they were: paused for their reason, or running."""
    was = values(column("id", BigInteger), column("pause_reason", Text), name="was").data(sorted(pause_reasons.items()))
    held = (
        select(Send.id, was.c.pause_reason)
        .join(was, was.c.id == Send.id)
        .where(Send.workspace_id == workspace_id, Send.state == from_state)
        .order_by(Send.id)
        .with_for_update(of=Send, key_share=True)
        .cte("held")
    )
    is_paused = held.c.pause_reason.is_not(None)
    moved = session.scalars(
        update(Send)
        .where(Send.workspace_id == workspace_id, Send.id == held.c.id)
        .values(
            state=case((is_paused, SendState.PAUSED), else_=SendState.RUNNING),
            pause_reason=held.c.pause_reason,
            finished_at=None,
        )
        .returning(held.c.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(moved)


def start(session: Session, workspace_id: int, send_ids: Collection[int], *, now: datetime) -> None:
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
    interrupted = select(Send.id).where(
        Send.workspace_id == workspace_id,
        Send.kind.in_((SendKind.CAMPAIGN, SendKind.JOURNEY)),
        Send.state == SendState.RUNNING,
        Send.launched_at < ended_at,
        or_(due_batch.exists(), due_message.exists()),
    )
    paused = Move((SendState.RUNNING,), SendState.PAUSED, pause_reason=reason)
    return list(move(session, workspace_id, list(session.scalars(interrupted)), paused))


def finish_empty(session: Session, workspace_id: int, send_ids: Collection[int], *, now: datetime) -> set[int]:
    """Close those of these sends that are campaigns of which nothing waits, and return them; others stay open.

    Open batches are asked first: they are few, while the messages of a large send are many to look through. The rest
    is asked under lock, as what launches to a send holds it. What somebody else is moving is left for the next time.
    """
    has_open_batch = (
        select(Batch.id)
        .where(
            Batch.workspace_id == Send.workspace_id, Batch.send_id == Send.id, Batch.state != literal_column("'done'")
        )
        .exists()
    )
    perhaps_empty = (
        select(Send.id)
        .where(
            Send.workspace_id == workspace_id,
            Send.id.in_(send_ids),
            Send.kind == SendKind.CAMPAIGN,
            Send.state == SendState.RUNNING,
            ~has_open_batch,
        )
        .order_by(Send.id)
    )
    held = list(session.scalars(perhaps_empty.with_for_update(key_share=True, skip_locked=True)))
    if not held:
        return set()
    waits = (
        select(Message.id)
        .where(
            Message.workspace_id == Send.workspace_id,
            Message.send_id == Send.id,
            Message.state.in_((MessageState.QUEUED, MessageState.HANDED)),
        )
        .exists()
    )
    closed = session.scalars(
        update(Send)
        .where(Send.workspace_id == workspace_id, Send.id.in_(held), ~waits)
        .values(state=SendState.DONE, finished_at=now)
        .returning(Send.id)
        .execution_options(synchronize_session=False)
    )
    return set(closed)
