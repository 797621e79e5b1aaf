"""Messages in doubt: evidence settles them by itself, and a person the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from app.customers.timeline import activity_queries
from app.customers.timeline.event_names import EventName
from app.delivery.models import Message, Send, SendState
from app.delivery.transitions import messages, send_states
from app.delivery.transitions.send_states import Move
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

# Each carries a token that stood in this mail alone, so whoever made it happen, even a machine, had the mail.
_EVIDENCE = (
    EventName.OPENED, EventName.CLICKED, EventName.REPLIED, EventName.UNSUBSCRIBED, EventName.COMPLAINED,
)  # fmt: skip
_CLOCKS_DIFFER = timedelta(minutes=5)
_AT_ONCE = 1000


class SendCancelled(Refusal):
    """Nothing of a cancelled send leaves any more."""

    status = 409
    message = N_("This was cancelled, so nothing of it is sent again.")


@dataclass(frozen=True, slots=True)
class DoubtfulSend:
    """A send with messages in doubt: how many, since when the first of them."""

    send_id: int
    kind: str
    source_id: int
    subject: str
    is_cancelled: bool
    count: int
    since: datetime | None


def settle_by_evidence(session: Session, workspace_id: int) -> int:
    """Count as taken what was opened, clicked or answered since it left; return how many. A bounce settles itself."""
    settled, latest = 0, (0, 0)
    while rows := session.execute(_after(workspace_id, latest)).all():
        latest = rows[-1].send_id, rows[-1].id
        since = min(row.handed_at for row in rows) - _CLOCKS_DIFFER
        owners = {row.id: row.customer_id for row in rows}
        arrived = activity_queries.messages_with(session, workspace_id, owners, names=_EVIDENCE, since=since)
        if arrived:
            settled += len(messages.settle_arrived(session, workspace_id, arrived))
    return settled


def count(session: Session, workspace_id: int) -> int:
    """Return how many messages are in doubt and not settled."""
    query = select(func.count()).where(Message.workspace_id == workspace_id, Message.doubted_at.is_not(None))
    return session.scalar(query) or 0


def list_sends(session: Session, workspace_id: int, *, limit: int = 50) -> list[DoubtfulSend]:
    """Return the sends with messages in doubt, the newest first."""
    query = _sends_query(workspace_id).order_by(Send.id.desc()).limit(limit)
    return [DoubtfulSend(*row) for row in session.execute(query)]


def find_send(session: Session, workspace_id: int, send_id: int) -> DoubtfulSend | None:
    """Return what is in doubt of a send, or None where nothing is. Raise NotFound."""
    keyed_rows.get(session, Send, workspace_id, send_id)
    row = session.execute(_sends_query(workspace_id).where(Send.id == send_id)).first()
    return DoubtfulSend(*row) if row else None


def _sends_query(workspace_id: int) -> Select[int, str, int, str, bool, int, datetime | None]:
    return (
        select(
            *(Send.id, Send.kind, Send.source_id, Send.subject),
            Send.state == SendState.CANCELLED,
            func.count(Message.id),
            func.min(Message.doubted_at),
        )
        .join(Message, (Message.workspace_id == Send.workspace_id) & (Message.send_id == Send.id))
        .where(Send.workspace_id == workspace_id, Message.workspace_id == workspace_id, Message.doubted_at.is_not(None))
        .group_by(Send.workspace_id, Send.id)
    )


def leave(session: Session, workspace_id: int, send_id: int) -> int:
    """Leave the send's messages in doubt as they are, and ask nobody again; return how many. Raise NotFound."""
    send = keyed_rows.lock(session, Send, workspace_id, send_id)
    return messages.leave_doubted(session, workspace_id, send.id)


def send_again(session: Session, workspace_id: int, send_id: int, *, now: datetime) -> int:
    """Let the send's messages in doubt leave once more, through the gate; return how many.

    Some of their people may get a second copy. Raise NotFound or SendCancelled.
    """
    send = keyed_rows.lock(session, Send, workspace_id, send_id)
    if send.state == SendState.CANCELLED:
        raise SendCancelled
    again = messages.requeue_doubted(session, workspace_id, send.id, now=now)
    if again:
        send_states.move(session, workspace_id, [send.id], Move((SendState.DONE,), SendState.RUNNING))
    return again


def _after(workspace_id: int, latest: tuple[int, int]) -> Select[int, int, int, datetime | None]:
    key = tuple_(Message.send_id, Message.id)
    return (
        select(Message.send_id, Message.id, Message.customer_id, Message.handed_at)
        .where(Message.workspace_id == workspace_id, Message.doubted_at.is_not(None), key > latest)
        .order_by(Message.send_id, Message.id)
        .limit(_AT_ONCE)
    )
