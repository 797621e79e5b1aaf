"""Current permission: read by the gate, by segments and by every page that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from app.consent import suppression
from app.consent.models import ConsentStateRow, LedgerRecord
from app.consent.purposes import ALL_TOPICS, CLICK_TRACKING, MARKETING, OPEN_TRACKING, PURPOSES
from app.kernel.sql import moments
from app.kernel.translatable import N_

# Why somebody may not be written to, as message ids; pages translate them.
NO_RECORD = N_("We have no record that this person agreed to this topic.")
REASONS = {
    "pending": N_("This person was asked to confirm by email and has not answered yet."),
    "refused": N_("This person was asked and said no."),
    "withdrawn": N_("This person agreed once and has withdrawn since."),
    "objected": N_("This person objected to all marketing mail."),
    "complained": N_("This person reported a mail as unwanted."),
    "expired": N_("The consent expired and was not renewed."),
    "rejected": N_("The sign-up came from an attack on the form and was rejected."),
    "erased": N_("This person asked to be erased."),
}
SUPPRESSED = {
    suppression.BOUNCED: N_("Mail to this address came back as undeliverable."),
    suppression.COMPLAINED: N_("The owner of this address reported a mail as unwanted."),
    suppression.OBJECTED: N_("The owner of this address asked never to be written to."),
    suppression.ERASED: N_("The owner of this address asked to be erased."),
    suppression.UNCONFIRMED: N_("The owner of this address has not confirmed it yet."),
    suppression.MANUAL: N_("The team added this address to the suppression list."),
}


_TRACKING = {OPEN_TRACKING: "may_track_opens", CLICK_TRACKING: "may_track_clicks"}


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """One answer of one person, as it stands."""

    purpose: str
    topic_id: int
    state: str
    allowed: bool
    basis: str
    method: str
    ledger_seq: int
    consent_text_id: int | None
    promised_limit: int | None
    promised_days: int | None
    expires_at: datetime | None
    since: datetime


def recorded_query(workspace_id: int, topic_id: int, *, first: int, last: int) -> Select[int]:
    """Select the people whom the ledger's records `first` to `last` are about, as far as they speak of this topic.

    What has become of them since is for `allowed_query` to say.
    """
    return (
        select(LedgerRecord.customer_id)
        .where(
            LedgerRecord.workspace_id == workspace_id,
            LedgerRecord.seq.between(first, last),
            LedgerRecord.purpose == MARKETING,
            LedgerRecord.topic_id == topic_id,
        )
        .distinct()
    )


def allowed_query(workspace_id: int, purpose: str, topic_id: int, now: datetime) -> Select[int, int]:
    """Select (customer_id, ledger_seq) of everyone who allows this now and is not suppressed."""
    return consented_query(workspace_id, purpose, topic_id, now).where(
        ~suppression.customer_is_suppressed(workspace_id, ConsentStateRow.customer_id.expression)
    )


def mailable_query(workspace_id: int, now: datetime) -> Select[int]:
    """Select the ids of everyone who allows mails about anything now and is not suppressed."""
    customer_id = ConsentStateRow.customer_id
    query = select(customer_id).where(
        ConsentStateRow.workspace_id == workspace_id, ConsentStateRow.purpose == "marketing", *_in_force(now)
    )
    return query.where(~suppression.customer_is_suppressed(workspace_id, customer_id.expression)).distinct()


def consented_query(workspace_id: int, purpose: str, topic_id: int, now: datetime) -> Select[int, int]:
    """Select (customer_id, ledger_seq) of everyone who allowed this, suppressed or not; some tell the two apart."""
    return select(ConsentStateRow.customer_id, ConsentStateRow.ledger_seq).where(
        ConsentStateRow.workspace_id == workspace_id,
        ConsentStateRow.purpose == purpose,
        ConsentStateRow.topic_id == topic_id,
        *_in_force(now),
    )


def answered_query(
    workspace_id: int,
    purpose: str,
    topic_id: int,
    state: str,
    *,
    period: tuple[datetime | None, datetime | None],
    now: datetime,
) -> Select[int]:
    """Select the people whose answer stands at this state since a time in the period; given is what is in force now."""
    since, before = period
    stands = _in_force(now) if state == "given" else (ConsentStateRow.state == state,)
    query = select(ConsentStateRow.customer_id).where(
        ConsentStateRow.workspace_id == workspace_id,
        ConsentStateRow.purpose == purpose,
        ConsentStateRow.topic_id == topic_id,
        *stands,
    )
    if since is not None:
        query = query.where(ConsentStateRow.since >= since)
    return query if before is None else query.where(ConsentStateRow.since < before)


def next_change(
    workspace_id: int,
    customer_id: ColumnElement[int],
    purpose: str,
    topic_id: int,
    *,
    now: datetime,
    stays: timedelta | None = None,
) -> ColumnElement[datetime]:
    """Return when a customer's answer next expires or, of answers that `stays` old at most are asked for, is older."""
    row = ConsentStateRow
    ends = [moments.just_after(row.since.expression, stays)] if stays is not None else []
    found = moments.earliest_after(now, [row.expires_at.expression, *ends])
    query = select(found).where(row.workspace_id == workspace_id, row.customer_id == customer_id)
    return query.where(row.purpose == purpose, row.topic_id == topic_id).scalar_subquery()


def promised_query(workspace_id: int, purpose: str, topic_id: int) -> Select[*tuple[Any, ...]]:
    """Select (customer_id, promised_limit, promised_days): how often each was told to expect mail."""
    return select(ConsentStateRow.customer_id, ConsentStateRow.promised_limit, ConsentStateRow.promised_days).where(
        ConsentStateRow.workspace_id == workspace_id,
        ConsentStateRow.purpose == purpose,
        ConsentStateRow.topic_id == topic_id,
        ConsentStateRow.promised_limit.is_not(None),
    )


def is_allowed(
    workspace_id: int,
    customer_id: ColumnElement[int],
    purpose: str,
    topic_id: ColumnElement[int] | int,
    now: datetime,
) -> ColumnElement[bool]:
    """Return the condition "allowed and not suppressed now" about a customer of an enclosing statement."""
    held = select(ConsentStateRow.ledger_seq).where(
        ConsentStateRow.workspace_id == workspace_id,
        ConsentStateRow.customer_id == customer_id,
        ConsentStateRow.purpose == purpose,
        ConsentStateRow.topic_id == topic_id,
        *_in_force(now),
    )
    return exists(held) & ~suppression.customer_is_suppressed(workspace_id, customer_id)


def answers_query(workspace_id: int, purpose: str, topic_id: int, now: datetime) -> Select[*tuple[Any, ...]]:
    """Select what a sender asks of everyone, in one look at their answers; suppression is asked beside it.

    Columns: customer_id, ledger_seq (of the record that allows the purpose; null: nothing does), promised_limit and
    promised_days (as they were when this person agreed), may_track_opens, may_track_clicks.
    """
    is_this = (ConsentStateRow.purpose == purpose) & (ConsentStateRow.topic_id == topic_id)
    tracks = {name: (ConsentStateRow.purpose == name) & (ConsentStateRow.topic_id == ALL_TOPICS) for name in _TRACKING}
    return (
        select(
            ConsentStateRow.customer_id,
            func.max(ConsentStateRow.ledger_seq).filter(is_this).label("ledger_seq"),
            func.max(ConsentStateRow.promised_limit).filter(is_this).label("promised_limit"),
            func.max(ConsentStateRow.promised_days).filter(is_this).label("promised_days"),
            *(func.bool_or(condition).label(_TRACKING[name]) for name, condition in tracks.items()),
        )
        .where(ConsentStateRow.workspace_id == workspace_id, *_in_force(now), or_(is_this, *tracks.values()))
        .group_by(ConsentStateRow.customer_id)
    )


def allows(
    session: Session, workspace_id: int, customer_id: int, *, purpose: str, topic_id: int, now: datetime
) -> bool:
    """Say whether this is allowed for this person now."""
    condition = is_allowed(workspace_id, literal(customer_id), purpose, topic_id, now)
    return bool(session.scalar(select(condition)))


def state_of(session: Session, workspace_id: int, customer_id: int) -> list[PermissionRow]:
    """Return every answer of this person, marketing first."""
    columns = [getattr(ConsentStateRow, name) for name in PermissionRow.__dataclass_fields__]
    rows = session.execute(
        select(*columns)
        .where(ConsentStateRow.workspace_id == workspace_id, ConsentStateRow.customer_id == customer_id)
        .order_by(ConsentStateRow.topic_id)
    )
    return sorted((PermissionRow(*row) for row in rows), key=lambda row: PURPOSES.index(row.purpose))


def explain(
    session: Session,
    workspace_id: int,
    customer_id: int,
    topic_id: int,
    now: datetime,
    *,
    purpose: str = MARKETING,
) -> str | None:
    """Return the sentence that says why this person may not be written to about this topic; None: they may be."""
    suppressed = suppression.find_of_customer(session, workspace_id, customer_id)
    if suppressed:
        return SUPPRESSED[suppressed.reason]
    answers = {row.topic_id: row for row in state_of(session, workspace_id, customer_id) if row.purpose == purpose}
    row = answers.get(topic_id) or answers.get(ALL_TOPICS)
    return explain_row(row, now=now)


def explain_row(row: PermissionRow | None, *, now: datetime) -> str | None:
    """Return why this answer does not allow mail, or None when it does."""
    if row is None:
        return NO_RECORD
    if not row.allowed:
        return REASONS[row.state]
    if row.expires_at and row.expires_at <= now:
        return REASONS["expired"]
    return None


def _in_force(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    # The column alone: with "IS TRUE" the index of what is allowed would not be used.
    return ConsentStateRow.allowed.expression, or_(
        ConsentStateRow.expires_at.is_(None), ConsentStateRow.expires_at > now
    )
