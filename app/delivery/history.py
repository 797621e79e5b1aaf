"""A customer's message history with reasons, and the messages of a send that are in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, any_, case, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from app.commerce import merge_data
from app.customers.merging import aliases
from app.delivery import decisions, words
from app.delivery.decisions import KeptDecision
from app.delivery.models import Message, MessageState, Send, SendKind
from app.rendering import subjects


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One message to one person, with its subject as they read it. `why` is a message id; `at` is when it last moved
    or will."""

    message_id: int
    send_id: int
    kind: str
    source_id: int
    subject: str
    state: str
    reason: str | None
    why: str
    at: datetime
    due_at: datetime | None
    permission_seq: int | None
    smtp_reply: str | None
    decisions: tuple[KeptDecision, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A message that may or may not have arrived."""

    message_id: int
    customer_id: int
    email: str | None
    reason: str | None
    handed_at: datetime | None

    @property
    def why(self) -> str:
        """The message id of the sentence that says why."""
        return words.why(MessageState.IN_DOUBT, self.reason)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where one person's message of a send stands. `due_at`: it waits until then, for what `reason` says."""

    state: str
    reason: str | None
    due_at: datetime | None
    left_at: datetime | None

    @property
    def is_settled(self) -> bool:
        """It has left, may have left, or never will."""
        return self.state not in (MessageState.QUEUED, MessageState.HANDED)


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """How many messages of a send wait for the same thing, and until when the first of them does."""

    reason: str | None
    count: int
    first_at: datetime


def of_customer(session: Session, workspace_id: int, customer_id: int, limit: int = 20) -> list[HistoryRow]:
    """Return the newest messages to this person, those that did not leave too."""
    found = session.execute(
        select(Message, Send.kind, Send.source_id, Send.subject, Send.created_at)
        .join(Send, (Send.workspace_id == Message.workspace_id) & (Send.id == Message.send_id))
        .where(
            Message.workspace_id == workspace_id,
            Message.customer_id.in_(aliases.all_ids(session, workspace_id, customer_id)),
        )
        .order_by(Message.id.desc())
        .limit(limit)
    ).all()
    rows = [_row(*row) for row in found]
    read = subjects.of_customer(session, workspace_id, customer_id, [row.subject for row in rows])
    decided = decisions.of_messages(session, workspace_id, [row.message_id for row in rows])
    return [
        replace(row, subject=subject, decisions=tuple(decided.get(row.message_id, ())))
        for row, subject in zip(rows, read, strict=True)
    ]


def whereabouts(
    session: Session, workspace_id: int, asked: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Whereabouts]:
    """Return where these people's messages stand, by (send, customer); who has none of that send is left out."""
    numbers = ([send_id for send_id, _ in asked], [customer_id for _, customer_id in asked])
    arrays = func.unnest(*(cast(each, ARRAY(BigInteger)) for each in numbers))
    pairs = arrays.table_valued("send_id", "customer_id").render_derived("asked")
    left_at = case(
        (Message.state == MessageState.SENT, Message.sent_at),
        (Message.state == MessageState.IN_DOUBT, Message.handed_at),
    )
    rows = session.execute(
        select(
            Message.send_id,
            Message.customer_id,
            Message.state,
            Message.reason,
            Message.due_at,
            left_at.label("left_at"),
        )
        .join(pairs, (pairs.c.send_id == Message.send_id) & (pairs.c.customer_id == Message.customer_id))
        .where(Message.workspace_id == workspace_id)
    )
    return {
        (row.send_id, row.customer_id): Whereabouts(row.state, row.reason, row.due_at, row.left_at) for row in rows
    }


def waiting(session: Session, workspace_id: int, send_ids: Sequence[int]) -> dict[int, list[WaitingGroup]]:
    """Return what the waiting messages of these sends wait for, the most frequent first."""
    rows = session.execute(
        select(
            Message.send_id,
            Message.reason,
            func.count().label("how_many"),
            func.min(Message.due_at).label("first_at"),
        )
        .where(
            Message.workspace_id == workspace_id,
            Message.send_id == any_(cast(list(send_ids), ARRAY(BigInteger))),
            Message.due_at.is_not(None),
        )
        .group_by(Message.send_id, Message.reason)
        .order_by(func.count().desc())
    )
    found: dict[int, list[WaitingGroup]] = {}
    for row in rows:
        found.setdefault(row.send_id, []).append(WaitingGroup(row.reason, row.how_many, row.first_at))
    return found


def contacts(
    session: Session, workspace_id: int, customer_ids: Sequence[int], *, since: datetime
) -> list[tuple[int, list[datetime], list[int]]]:
    """Return when these people were written to since then, the newest first, and about which topics (0: none)."""
    order = Message.contact_at.desc()
    rows = session.execute(
        select(
            Message.customer_id,
            func.array_agg(aggregate_order_by(Message.contact_at, order)),
            func.array_agg(aggregate_order_by(func.coalesce(Send.topic_id, 0), order)),
        )
        .join(Send, (Send.workspace_id == Message.workspace_id) & (Send.id == Message.send_id))
        .where(
            Message.workspace_id == workspace_id,
            Message.customer_id == any_(cast(list(customer_ids), ARRAY(BigInteger))),
            Message.contact_at > since,
            Send.kind != SendKind.TRANSACTIONAL,
        )
        .group_by(Message.customer_id)
    )
    return [(customer_id, [at for at in moments if at], list(topics)) for customer_id, moments, topics in rows]


def in_doubt(session: Session, workspace_id: int, send_id: int, *, limit: int = 500) -> list[Doubtful]:
    """Return the messages of a send that are in doubt and not settled."""
    data = merge_data.query(workspace_id, with_purchases=False).subquery()
    rows = session.execute(
        select(Message.id, Message.customer_id, data.c.email, Message.reason, Message.handed_at)
        .outerjoin(data, data.c.customer_id == Message.customer_id)
        .where(
            Message.workspace_id == workspace_id,
            Message.send_id == send_id,
            Message.doubted_at.is_not(None),
        )
        .order_by(Message.id)
        .limit(limit)
    )
    return [Doubtful(*row) for row in rows]


def _row(message: Message, kind: str, source_id: int, subject: str, created_at: datetime) -> HistoryRow:
    moments = (message.due_at, message.sent_at, message.handed_at, created_at)
    return HistoryRow(
        message_id=message.id,
        send_id=message.send_id,
        kind=kind,
        source_id=source_id,
        subject=subject,
        state="waiting" if message.due_at else message.state,
        reason=message.reason,
        why=words.why(message.state, message.reason),
        at=next(moment for moment in moments if moment is not None),
        due_at=message.due_at,
        permission_seq=message.permission_seq,
        smtp_reply=message.smtp_reply,
    )
