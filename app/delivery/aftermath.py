"""What else follows from a server's answer? Dead addresses fall silent, refused streams stop, timelines tell."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consent import suppression
from app.customers import timeline
from app.customers.timeline import ActivityRow
from app.delivery import facts, lanes
from app.delivery.models import Message
from app.delivery.outcomes import Effect, Record
from app.kernel import outbox

_BOUNCES = (Effect.ADDRESS_FAULT, Effect.SOFT_BOUNCE)


def apply(session: Session, workspace_id: int, lane_id: int, records: list[Record], *, now: datetime) -> None:
    """Do what these answers ask for beyond their own messages; most ask for nothing."""
    telling = [record for record in records if record.effect in (*_BOUNCES, Effect.STREAM_REFUSED)]
    for record in telling:
        if record.effect is Effect.STREAM_REFUSED:
            lanes.pause(session, workspace_id, lane_id, reason=f"{record.code} {record.reply}"[:300], now=now)
        else:
            letter = record.letter
            bounced(
                session,
                workspace_id,
                customer_id=letter.customer_id,
                message_id=letter.id,
                send_id=letter.plan.send_id,
                address_digest=letter.address_digest,
                is_final=record.effect is Effect.ADDRESS_FAULT,
                said={"code": record.code, "text": record.reply or "", "cause": record.reason},
                now=now,
            )


def bounced(
    session: Session,
    workspace_id: int,
    *,
    customer_id: int,
    message_id: int,
    send_id: int,
    address_digest: bytes | None,
    is_final: bool,
    said: dict[str, Any],
    now: datetime,
) -> None:
    """Note that a message came back; where the address itself is at fault, it is never written to again."""
    if is_final and address_digest:
        suppression.add(
            session,
            workspace_id,
            address_digest=address_digest,
            reason=suppression.BOUNCED,
            source=f"message {message_id}",
            now=now,
        )
    told = {**said, "final": is_final}
    row = ActivityRow(workspace_id, customer_id, now, "bounce", message_id=message_id, send_id=send_id, facts=told)
    timeline.record_many(session, [row])
    outbox.publish(
        session, facts.MessageBounced(workspace_id, customer_id, message_id, str(said.get("cause") or ""), is_final)
    )


def left(session: Session, workspace_id: int, customer_id: int, message_id: int, *, now: datetime) -> None:
    """Note once from which of our mails somebody unsubscribed; the report of its campaign counts it."""
    if timeline.is_noted(session, workspace_id, customer_id, kind="unsubscribe", message_id=message_id):
        return
    query = select(Message.send_id).where(
        Message.workspace_id == workspace_id, Message.id == message_id, Message.customer_id == customer_id
    )
    send_id = session.scalar(query)
    if send_id is not None:
        row = ActivityRow(workspace_id, customer_id, now, "unsubscribe", message_id=message_id, send_id=send_id)
        timeline.record_many(session, [row])
