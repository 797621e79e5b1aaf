"""Sent mail as timeline entries, and send times for tracking's verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, any_, cast, func, literal, select
from sqlalchemy.orm import Session

from app.customers.imports.undoing.traces import Trace
from app.customers.merging import aliases
from app.customers.timeline.timeline import TimelineEntry
from app.delivery.models import Message, MessageState, Send
from app.kernel import page_links
from app.kernel.sql import arrays
from app.kernel.translatable import N_
from app.rendering import subjects

# Message ids by state; what is left out has not left.
_TITLES = {MessageState.SENT: N_("A mail left"), MessageState.IN_DOUBT: N_("A mail may or may not have arrived")}
_NEWEST_FIRST = 2**62
# Who was or is to be mailed, for the undo of imports.
TRACE = Trace(Message.customer_id)


def of_customer(
    session: Session, workspace_id: int, customer_id: int, until: datetime | None, limit: int
) -> list[TimelineEntry]:
    """Return the mails that left for this person as entries of their timeline, newest first."""
    at = func.coalesce(Message.sent_at, Message.handed_at)
    query = (
        select(Message.id, at.label("at"), Message.state, Send.subject, Send.kind, Send.source_id)
        .join(Send, (Send.workspace_id == Message.workspace_id) & (Send.id == Message.send_id))
        .where(
            Message.workspace_id == workspace_id,
            Message.customer_id.in_(aliases.all_ids(session, workspace_id, customer_id)),
            Message.state.in_(_TITLES),
            at.is_not(None),
        )
        .order_by(at.desc(), Message.id.desc())
        .limit(limit)
    )
    if until is not None:
        query = query.where(at <= until)
    rows = session.execute(query).all()
    read = subjects.of_customer(session, workspace_id, customer_id, [row.subject for row in rows])
    return [
        TimelineEntry(
            at=row.at,
            channel="mail",
            kind="message",
            key=f"message-{_NEWEST_FIRST - row.id:019d}",
            title=_TITLES[row.state],
            detail=subject,
            page=page_links.to("campaigns.show", campaign_id=row.source_id) if row.kind == "campaign" else None,
        )
        for row, subject in zip(rows, read, strict=True)
    ]


def sent_times(
    session: Session, workspace_id: int, message_ids: Sequence[int], since: datetime
) -> Mapping[int, datetime]:
    """Return when the server took those it took since then; the hand-off where its answer is not written yet."""
    at = func.coalesce(Message.sent_at, Message.handed_at)
    asked = cast(literal(arrays.numbers(message_ids)), ARRAY(BigInteger))
    query = select(Message.id, at.label("at")).where(
        Message.workspace_id == workspace_id, Message.id == any_(asked), at >= since
    )
    return {row.id: row.at for row in session.execute(query)}
