"""Sends: creating, launching, pausing and cancelling them, and their progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Select, cast, column, func, literal_column, select, update, values
from sqlalchemy import BigInteger as BigInt
from sqlalchemy.orm import Session

from app.delivery.models import Batch, Message, MessageState, Send, SendKind, SendState
from app.delivery.sending import lanes, queueing
from app.delivery.sending.queueing import LaunchCounts
from app.kernel.refusals import NotFound, Refusal
from app.rendering.content import Content

# Which of several messages to one person goes first; the smaller waits.
PRIORITY = {SendKind.NOTICE: 100, SendKind.API: 50, SendKind.JOURNEY: 20, SendKind.CAMPAIGN: 10}


class NotRunning(Refusal):
    """The send is not in a state that allows this."""

    message = "This send is not running any more."


@dataclass(frozen=True, slots=True)
class Progress:
    """How many messages of a send stand where. `reasons` counts the skipped, refused and waiting by why."""

    state: str
    pause_reason: str | None
    total: int = 0
    queued: int = 0
    waiting: int = 0
    handed: int = 0
    sent: int = 0
    refused: int = 0
    in_doubt: int = 0
    skipped: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return self.sent + self.refused + self.in_doubt + self.skipped

    @property
    def is_over(self) -> bool:
        return self.done == self.total


def create(
    session: Session,
    workspace_id: int,
    *,
    kind: str,
    source_id: int,
    topic_id: int | None,
    purpose: str,
    identity_id: int,
    content: Content,
    priority: int | None = None,
    now: datetime,
) -> Send:
    """Freeze content for an audience. Nothing leaves before `launch` or `add`."""
    send = Send(
        workspace_id=workspace_id,
        kind=kind,
        source_id=source_id,
        topic_id=topic_id,
        purpose=purpose,
        identity_id=identity_id,
        priority=PRIORITY[SendKind(kind)] if priority is None else priority,
        subject=content.subject,
        preheader=content.preheader,
        html=content.html,
        text=content.text,
        language=content.language,
        state=SendState.PREPARING,
        created_at=now,
    )
    session.add(send)
    session.flush()
    lanes.open_for(session, workspace_id, identity_id)
    return send


def get(session: Session, workspace_id: int, send_id: int) -> Send:
    """Return the send as it stands now; raise NotFound."""
    found = session.get(Send, (workspace_id, send_id), populate_existing=True)
    if found is None:
        raise NotFound
    return found


def launch(
    session: Session,
    workspace_id: int,
    send_id: int,
    audience: Select[tuple[int]],
    *,
    now: datetime,
    due_at: datetime | None = None,
) -> LaunchCounts:
    """Lay a message for everyone in `audience` and start sending at `due_at` (None: now). Twice adds nobody twice."""
    send = get(session, workspace_id, send_id)
    if send.state not in (SendState.PREPARING, SendState.RUNNING):
        raise NotRunning
    counts = queueing.enqueue(session, send, audience, now=now, due_at=due_at, is_large=True)
    send.state = SendState.RUNNING
    send.launched_at = send.launched_at or now
    session.flush()
    if counts.queued:
        lanes.wake_for_send(session, workspace_id, send_id)
    else:
        finish_empty(session, workspace_id, send_id, now=now)
    return counts


def add(
    session: Session,
    workspace_id: int,
    send_id: int,
    customer_ids: Sequence[int],
    *,
    now: datetime,
    due_at: datetime | None = None,
    extra: dict[str, Any] | None = None,
    permission_seq: int | None = None,
) -> LaunchCounts:
    """Add these people to a send that is under way; journeys and notices grow this way.

    Who is due later waits by themselves and is laid into a batch when the time has come.
    """
    send = get(session, workspace_id, send_id)
    if send.state in (SendState.CANCELLED, SendState.DONE):
        raise NotRunning
    rows = values(column("customer_id", BigInt), name="given").data([(number,) for number in customer_ids])
    is_later = due_at is not None and due_at > now
    send.launched_at = send.launched_at or now
    if send.state == SendState.PREPARING:
        send.state = SendState.RUNNING
    session.flush()
    counts = queueing.enqueue(
        session,
        send,
        select(rows.c.customer_id),
        now=now,
        due_at=due_at,
        is_batched=not is_later,
        extra=extra,
        permission_seq=permission_seq,
    )
    if counts.queued and not is_later:
        lanes.wake_for_send(session, workspace_id, send_id)
    return counts


def is_open(session: Session, workspace_id: int, send_id: int) -> bool:
    """Say whether people may still be added to a send: it was neither cancelled nor is it over."""
    return get(session, workspace_id, send_id).state not in (SendState.CANCELLED, SendState.DONE)


def pause(session: Session, workspace_id: int, send_id: int, *, reason: str = "staff") -> None:
    """Let nothing more of this send leave; what was handed over already finishes within seconds."""
    _move(session, workspace_id, send_id, (SendState.RUNNING,), SendState.PAUSED, reason)


def resume(session: Session, workspace_id: int, send_id: int) -> None:
    """Send exactly the rest."""
    _move(session, workspace_id, send_id, (SendState.PAUSED,), SendState.RUNNING, None)
    lanes.wake_for_send(session, workspace_id, send_id)


def cancel(session: Session, workspace_id: int, send_id: int, *, now: datetime) -> int:
    """End this send for good and return how many messages will now never leave."""
    open_states = (SendState.PREPARING, SendState.RUNNING, SendState.PAUSED)
    _move(session, workspace_id, send_id, open_states, SendState.CANCELLED, None)
    get(session, workspace_id, send_id).finished_at = now
    stopped = session.execute(
        update(Message)
        .where(
            Message.workspace_id == workspace_id,
            Message.send_id == send_id,
            Message.state == MessageState.QUEUED,
        )
        .values(state=MessageState.SKIPPED, reason="cancelled", due_at=None)
        .returning(Message.id)
    ).all()
    return len(stopped)


def restart(session: Session, workspace_id: int, send_id: int, *, is_paused: bool, now: datetime) -> int:
    """Let what a cancelling stopped wait to leave again, as if it had not happened; return how many.

    They are laid into new batches and weighed anew; whatever had left before stays as it is.
    """
    to, reason = (SendState.PAUSED, "staff") if is_paused else (SendState.RUNNING, None)
    _move(session, workspace_id, send_id, (SendState.CANCELLED,), to, reason)
    get(session, workspace_id, send_id).finished_at = None
    session.execute(
        update(Batch)
        .where(Batch.workspace_id == workspace_id, Batch.send_id == send_id, Batch.state == "queued")
        .values(state="done")
    )
    revived = session.execute(
        update(Message)
        .where(
            Message.workspace_id == workspace_id,
            Message.send_id == send_id,
            Message.state == MessageState.SKIPPED,
            Message.reason == "cancelled",
        )
        .values(state=MessageState.QUEUED, reason=None, due_at=now)
        .returning(Message.id)
    ).all()
    return len(revived)


def withdraw_customer(session: Session, workspace_id: int, customer_id: int, topic_id: int) -> int:
    """Skip what is still queued for somebody who said no to a topic (0: to all); return how many."""
    of_topic = select(Send.id).where(Send.workspace_id == workspace_id, Send.kind != SendKind.NOTICE)
    if topic_id:
        of_topic = of_topic.where(Send.topic_id == topic_id)
    stopped = session.execute(
        update(Message)
        .where(
            Message.workspace_id == workspace_id,
            Message.customer_id == customer_id,
            Message.state == MessageState.QUEUED,
            Message.send_id.in_(of_topic),
        )
        .values(state=MessageState.SKIPPED, reason="withdrawn", due_at=None)
        .returning(Message.id)
    ).all()
    return len(stopped)


def skip(session: Session, workspace_id: int, laid: Sequence[tuple[int, int]], *, reason: str) -> int:
    """Let what is still queued of these (send, customer) never leave; return how many."""
    numbers = ([send_id for send_id, _ in laid], [customer_id for _, customer_id in laid])
    arrays = func.unnest(*(cast(each, ARRAY(BigInt)) for each in numbers))
    pairs = arrays.table_valued("send_id", "customer_id").render_derived("laid")
    stopped = session.execute(
        update(Message)
        .where(
            Message.workspace_id == workspace_id,
            Message.customer_id == pairs.c.customer_id,
            Message.send_id == pairs.c.send_id,
            Message.state == MessageState.QUEUED,
        )
        .values(state=MessageState.SKIPPED, reason=reason, due_at=None)
        .returning(Message.id)
    ).all()
    return len(stopped)


def skip_queued(session: Session, workspace_id: int, send_ids: Sequence[int], *, reason: str) -> int:
    """Let what is still queued of these sends never leave, whoever it is for; return how many. The sends stay open."""
    stopped = session.execute(
        update(Message)
        .where(
            Message.workspace_id == workspace_id,
            Message.send_id.in_(send_ids),
            Message.state == MessageState.QUEUED,
        )
        .values(state=MessageState.SKIPPED, reason=reason, due_at=None)
        .returning(Message.id)
    ).all()
    return len(stopped)


def count_queued(session: Session, workspace_id: int, send_ids: Sequence[int]) -> int:
    """Return how many messages of these sends have not left."""
    query = select(func.count()).where(
        Message.workspace_id == workspace_id, Message.send_id.in_(send_ids), Message.state == MessageState.QUEUED
    )
    return session.scalar(query) or 0


def in_state(session: Session, workspace_id: int, send_ids: Sequence[int], state: str) -> list[int]:
    """Return those of these sends that are in this state."""
    query = select(Send.id).where(Send.workspace_id == workspace_id, Send.id.in_(send_ids), Send.state == state)
    return list(session.scalars(query.order_by(Send.id)))


def progress(session: Session, workspace_id: int, send_id: int) -> Progress:
    """Count the messages of a send by where they stand."""
    send = get(session, workspace_id, send_id)
    is_waiting = Message.due_at.is_not(None)
    rows = session.execute(
        select(Message.state, Message.reason, is_waiting, func.count())
        .where(Message.workspace_id == workspace_id, Message.send_id == send_id)
        .group_by(Message.state, Message.reason, is_waiting)
    )
    counts: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for state, reason, waits, count in rows:
        key = "waiting" if waits else str(state)
        counts[key] = counts.get(key, 0) + count
        if reason:
            reasons[reason] = reasons.get(reason, 0) + count
    return Progress(
        state=send.state, pause_reason=send.pause_reason, total=sum(counts.values()), reasons=reasons, **counts
    )


def finish_empty(session: Session, workspace_id: int, send_id: int, *, now: datetime) -> bool:
    """Close a campaign's send when nothing of it waits; journeys and notices stay open for those to come.

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


def _move(
    session: Session,
    workspace_id: int,
    send_id: int,
    from_states: tuple[SendState, ...],
    to: SendState,
    pause_reason: str | None,
) -> None:
    moved = session.execute(
        update(Send)
        .where(Send.workspace_id == workspace_id, Send.id == send_id, Send.state.in_(from_states))
        .values(state=to, pause_reason=pause_reason)
        .returning(Send.id)
    ).first()
    if moved is None:
        get(session, workspace_id, send_id)
        raise NotRunning
