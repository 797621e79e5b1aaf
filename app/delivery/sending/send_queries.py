"""Published questions to sends and messages, for rooms that report on what they sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.delivery.models import Message, MessageState, Send
from app.kernel.refusals import NotFound


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


def progress_of(session: Session, workspace_id: int, send_id: int) -> Progress:
    """Count the messages of a send by where they stand; raise NotFound."""
    found = progress_of_many(session, workspace_id, [send_id])
    if send_id not in found:
        raise NotFound
    return found[send_id]


def progress_of_many(session: Session, workspace_id: int, send_ids: Sequence[int]) -> dict[int, Progress]:
    """Count the messages of each of these sends by where they stand, in two queries."""
    query = select(Send.id, Send.state, Send.pause_reason).where(Send.workspace_id == workspace_id)
    states = {row.id: row for row in session.execute(query.where(Send.id.in_(send_ids)).order_by(Send.id))}
    is_waiting = Message.due_at.is_not(None)
    rows = session.execute(
        select(Message.send_id, Message.state, Message.reason, is_waiting, func.count())
        .where(Message.workspace_id == workspace_id, Message.send_id.in_(send_ids))
        .group_by(Message.send_id, Message.state, Message.reason, is_waiting)
    )
    counts: dict[int, Counter[str]] = {send_id: Counter() for send_id in states}
    reasons: dict[int, Counter[str]] = {send_id: Counter() for send_id in states}
    for send_id, state, reason, waits, count in rows:
        counts[send_id]["waiting" if waits else str(state)] += count
        if reason:
            reasons[send_id][reason] += count
    return {
        send_id: Progress(
            state=send.state,
            pause_reason=send.pause_reason,
            total=counts[send_id].total(),
            reasons=dict(reasons[send_id]),
            **counts[send_id],
        )
        for send_id, send in states.items()
    }


def recipients_query(workspace_id: int, send_ids: Select[int], *, until: datetime) -> Select[int]:
    """Select the customers to whom a message of one of these sends was sent."""
    return select(Message.customer_id).where(
        Message.workspace_id == workspace_id, Message.send_id.in_(send_ids), Message.sent_at <= until
    )


def states_query(workspace_id: int) -> Select[int, str, str | None]:
    """Select (send_id, state, pause_reason) of every send."""
    return select(Send.id.label("send_id"), Send.state, Send.pause_reason).where(Send.workspace_id == workspace_id)


def sent_query(workspace_id: int) -> Select[int, int]:
    """Select (send_id, customer_id) of every message that was sent."""
    return select(Message.send_id, Message.customer_id).where(
        Message.workspace_id == workspace_id, Message.state == MessageState.SENT
    )
