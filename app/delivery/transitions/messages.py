"""Moves of messages outside a worker: what is queued is skipped or comes back, and what left is refused after all.

Each is one statement, whatever it concerns. Workers move theirs in `handoff`, dead workers' are moved in `batches`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, cast, func, select, update
from sqlalchemy.orm import Session

from app.delivery.models import Batch, Message, MessageState, Send, SendKind

_LEFT = (MessageState.HANDED, MessageState.SENT, MessageState.IN_DOUBT)


def skip_of_sends(session: Session, workspace_id: int, send_ids: Sequence[int], *, reason: str) -> int:
    """Let what is still queued of these sends never leave, whoever it is for; return how many."""
    return _skip(session, workspace_id, Message.send_id.in_(send_ids), reason=reason)


def skip_of_customer(session: Session, workspace_id: int, customer_id: int, topic_id: int, *, reason: str) -> int:
    """Let what is still queued for a person about a topic (0: about any) never leave; return how many."""
    of_topic = select(Send.id).where(Send.workspace_id == workspace_id, Send.kind != SendKind.TRANSACTIONAL)
    if topic_id:
        of_topic = of_topic.where(Send.topic_id == topic_id)
    concerned = Message.customer_id == customer_id, Message.send_id.in_(of_topic)
    return _skip(session, workspace_id, *concerned, reason=reason)


def skip_pairs(session: Session, workspace_id: int, pairs: Sequence[tuple[int, int]], *, reason: str) -> int:
    """Let what is still queued of these (send, customer) never leave; return how many."""
    numbers = ([send_id for send_id, _ in pairs], [customer_id for _, customer_id in pairs])
    arrays = func.unnest(*(cast(each, ARRAY(BigInteger)) for each in numbers))
    given = arrays.table_valued("send_id", "customer_id").render_derived("given")
    concerned = Message.customer_id == given.c.customer_id, Message.send_id == given.c.send_id
    return _skip(session, workspace_id, *concerned, reason=reason)


def revive_cancelled(session: Session, workspace_id: int, send_ids: Sequence[int], *, now: datetime) -> int:
    """Let what a cancelling stopped wait again, outside of the sends' old batches; return how many."""
    session.execute(
        update(Batch)
        .where(Batch.workspace_id == workspace_id, Batch.send_id.in_(send_ids), Batch.state == "queued")
        .values(state="done")
    )
    revived = session.execute(
        update(Message)
        .where(
            Message.workspace_id == workspace_id,
            Message.send_id.in_(send_ids),
            Message.state == MessageState.SKIPPED,
            Message.reason == "cancelled",
        )
        .values(state=MessageState.QUEUED, reason=None, due_at=now)
        .returning(Message.id)
    ).all()
    return len(revived)


def refuse_returned(
    session: Session, workspace_id: int, message_id: int, *, reason: str, code: int | None, reply: str
) -> bool:
    """Note that a message that had left came back; say whether that was news."""
    moved = session.execute(
        update(Message)
        .where(Message.workspace_id == workspace_id, Message.id == message_id, Message.state.in_(_LEFT))
        .values(
            state=MessageState.REFUSED, reason=reason, smtp_code=code, smtp_reply=reply[:500], doubted_at=None
        )
        .returning(Message.id)
    ).first()
    return moved is not None


def settle_arrived(session: Session, workspace_id: int, message_ids: Collection[int]) -> list[int]:
    """Let messages in doubt count as taken, when they left: what came back of them shows it. Return which were."""
    settled = session.scalars(
        update(Message)
        .where(*_doubted(workspace_id), Message.id.in_(message_ids))
        .values(state=MessageState.SENT, reason=None, sent_at=Message.handed_at, doubted_at=None)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(settled)


def leave_doubted(session: Session, workspace_id: int, send_id: int) -> int:
    """Let the messages of a send that are in doubt stay so, and ask nobody about them again; return how many."""
    left = session.scalars(
        update(Message)
        .where(*_doubted(workspace_id), Message.send_id == send_id)
        .values(reason="left_in_doubt", doubted_at=None)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(left.all())


def requeue_doubted(session: Session, workspace_id: int, send_id: int, *, now: datetime) -> int:
    """Let the messages of a send that are in doubt wait again, for one more copy; return how many."""
    requeued = session.scalars(
        update(Message)
        .where(*_doubted(workspace_id), Message.send_id == send_id)
        .values(state=MessageState.QUEUED, reason=None, due_at=now, doubted_at=None)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(requeued.all())


def _doubted(workspace_id: int) -> tuple[ColumnElement[bool], ...]:
    return Message.workspace_id == workspace_id, Message.doubted_at.is_not(None)


def _skip(session: Session, workspace_id: int, *concerned: ColumnElement[Any], reason: str) -> int:
    """Skip the queued of these messages, locked in the order of their customers; return how many."""
    is_queued = Message.workspace_id == workspace_id, Message.state == MessageState.QUEUED
    in_order = select(Message.id).where(*is_queued, *concerned).order_by(Message.customer_id, Message.id)
    held = in_order.with_for_update(of=Message).cte("held")
    stopped = session.execute(
        update(Message)
        .where(*is_queued, Message.id == held.c.id)
        .values(state=MessageState.SKIPPED, reason=reason, due_at=None)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(stopped)
