"""Applies what a result means beyond its message: suppressions, paused lanes, timeline entries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.consent import suppression
from app.customers.merging import aliases
from app.customers.timeline import activities, activity_queries
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import EventName, Source
from app.delivery import facts
from app.delivery.models import Message, MessageState
from app.delivery.sending import lanes
from app.delivery.sending.results import Effect, Result
from app.kernel.queueing import outbox

_BOUNCES = (Effect.ADDRESS_FAULT, Effect.SOFT_BOUNCE, Effect.UNEXPLAINED)
# After so many refusals in a row, with nothing taken in between, an address is as good as dead: soon where the server
# refused for good without a reason we know, and after a while where it was a full mailbox or one never reached.
_UNEXPLAINED_IN_A_ROW = 3
_SOFT_IN_A_ROW, _SOFT_FOR = 5, timedelta(days=14)


def apply(session: Session, workspace_id: int, lane_id: int, records: list[Result], *, now: datetime) -> None:
    """Do what these answers ask for beyond their own messages; most ask for nothing."""
    for record in records:
        if record.effect is Effect.STREAM_REFUSED:
            lanes.pause(session, workspace_id, lane_id, reason=f"{record.code} {record.reply}"[:300], now=now)
        elif record.effect in _BOUNCES:
            message = record.message
            record_bounce(
                session,
                workspace_id,
                BouncedMessage(message.customer_id, message.id, message.plan.send_id, message.address_digest),
                is_final=record.effect is Effect.ADDRESS_FAULT,
                in_a_row=_in_a_row(record.effect),
                said={"code": record.code, "text": record.reply or "", "cause": record.reason},
                now=now,
            )


class BouncedMessage(NamedTuple):
    """A message that came back, and the digest of the address it left to where that is known."""

    customer_id: int
    message_id: int
    send_id: int
    address_digest: bytes | None


def record_bounce(
    session: Session,
    workspace_id: int,
    message: BouncedMessage,
    *,
    is_final: bool,
    said: dict[str, Any],
    in_a_row: tuple[int, timedelta] | None = None,
    now: datetime,
) -> None:
    """Note that a message came back; where the address itself is at fault, it is never written to again.

    `in_a_row`: how many such answers, over how long a time, say the same although none of them does alone.
    """
    _, message_id, send_id, address_digest = message
    # They may have become part of somebody else while the mail was on its way.
    customer_id = aliases.current_id(session, workspace_id, message.customer_id)
    named = address_digest.hex() if address_digest else ""
    if in_a_row and named and not is_final:
        is_final = _is_the_last(session, workspace_id, customer_id, named, in_a_row, now)
    if is_final and address_digest:
        suppression.add(
            session,
            workspace_id,
            address_digest=address_digest,
            reason=suppression.BOUNCED,
            source=f"message {message_id}",
            now=now,
        )
    told = {**said, "final": is_final, "address": named}
    row = ActivityRow(
        *(workspace_id, customer_id, now, EventName.BOUNCED, Source.DELIVERY, message_id, send_id), facts=told
    )
    activities.record(session, row, now=now)
    outbox.publish(
        session, facts.MessageBounced(workspace_id, customer_id, message_id, str(said.get("cause") or ""), is_final)
    )


def _in_a_row(effect: Effect) -> tuple[int, timedelta] | None:
    if effect is Effect.UNEXPLAINED:
        return _UNEXPLAINED_IN_A_ROW, timedelta(0)
    return (_SOFT_IN_A_ROW, _SOFT_FOR) if effect is Effect.SOFT_BOUNCE else None


def _is_the_last(
    session: Session, workspace_id: int, customer_id: int, named: str, in_a_row: tuple[int, timedelta], now: datetime
) -> bool:
    """Say whether this address (by its digest) has come back often enough since it last took a mail, this time too."""
    taken_at = session.scalar(
        select(func.max(Message.sent_at)).where(
            Message.workspace_id == workspace_id,
            Message.customer_id == customer_id,
            Message.state == MessageState.SENT,
        )
    )
    least, over = in_a_row
    earlier = activity_queries.times(
        *(session, workspace_id, customer_id),
        name=EventName.BOUNCED,
        facts={"address": named},
        after=taken_at,
        limit=least,
    )
    return len(earlier) + 1 >= least and now - min(earlier, default=now) >= over


def record_unsubscribe(
    session: Session, workspace_id: int, customer_id: int, message_id: int, *, now: datetime
) -> None:
    """Note once from which of our mails somebody unsubscribed; the report of its campaign counts it."""
    name = EventName.UNSUBSCRIBED
    if activity_queries.is_recorded(session, workspace_id, customer_id, name=name, message_id=message_id):
        return
    query = select(Message.send_id).where(
        Message.workspace_id == workspace_id,
        Message.id == message_id,
        Message.customer_id.in_(aliases.all_ids(session, workspace_id, customer_id)),
    )
    send_id = session.scalar(query)
    if send_id is not None:
        row = ActivityRow(workspace_id, customer_id, now, name, Source.DELIVERY, message_id, send_id)
        activities.record(session, row, now=now)
