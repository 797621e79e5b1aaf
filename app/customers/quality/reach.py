"""Why people cannot be mailed: each counts for one reason, the first that holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from app.customers.models import Customer, Engagement
from app.customers.quality.rules import Rules
from app.kernel import extensions
from app.kernel.translatable import N_, MessageId

NO_ADDRESS, NEVER_ASKED = "no_address", "never_asked"
# So many mails have to be without any response before an address is called silent.
MAILS_IN_VAIN = 3


@dataclass(frozen=True)
class Permissions:
    """What the room that knows says: (workspace id, now) -> (customer_id, reason), NULL for who may be mailed.

    Whom it does not name was never asked. `reasons` are its reasons in words, in their order.
    """

    query: Callable[[int, datetime], Select[int, str | None]] | None = None
    reasons: Mapping[str, MessageId] = field(default_factory=dict)


def reasons(session: Session) -> dict[str, MessageId]:
    """Return every reason in words, the first to hold first."""
    told = extensions.of(session, Permissions).reasons
    return {
        NO_ADDRESS: N_("No email address is known."),
        **told,
        NEVER_ASKED: N_("Nobody asked them yet: there is no record of consent."),
    }


def counts(session: Session, workspace_id: int, *, now: datetime) -> dict[str, int]:
    """Count how many cannot be mailed, by reason."""
    reason, query = _reasons_query(session, workspace_id, now)
    counted = query.with_only_columns(reason.label("reason"), func.count().label("people")).group_by(reason)
    return {row.reason: row.people for row in session.execute(counted) if row.reason is not None}


def people_query(session: Session, workspace_id: int, wanted: str, *, now: datetime) -> Select[int]:
    """Select the `customer_id` of everybody who cannot be mailed for this reason first."""
    reason, query = _reasons_query(session, workspace_id, now)
    return query.where(reason == wanted)


def silent_query(workspace_id: int, rules: Rules, *, now: datetime) -> Select[int]:
    """Select the `customer_id` of those who are mailed and have not responded for as long as the rules say."""
    since = rules.silent_before(now)
    return select(Engagement.customer_id.label("customer_id")).join(Customer, _same()).where(
        Engagement.workspace_id == workspace_id,
        Customer.email_key.is_not(None),
        Engagement.sent_count >= MAILS_IN_VAIN,
        Engagement.latest_sent_at >= since,
        func.coalesce(Engagement.latest_human_at, Customer.created_at) < since,
    )  # fmt: skip


def _same() -> ColumnElement[bool]:
    return (Customer.workspace_id == Engagement.workspace_id) & (Customer.id == Engagement.customer_id)


def _reasons_query(session: Session, workspace_id: int, now: datetime) -> tuple[ColumnElement[Any], Select[int]]:
    """Return the reason of each customer, NULL for none, and the select of everybody it stands over."""
    query = select(Customer.id.label("customer_id")).where(Customer.workspace_id == workspace_id)
    ask = extensions.of(session, Permissions).query
    if ask is None:
        return case((Customer.email_key.is_(None), NO_ADDRESS), else_=NEVER_ASKED), query
    told = ask(workspace_id, now).subquery()
    query = query.outerjoin(told, told.c.customer_id == Customer.id)
    reason = case(
        (Customer.email_key.is_(None), NO_ADDRESS), (told.c.customer_id.is_(None), NEVER_ASKED), else_=told.c.reason
    )
    return reason, query
