"""A person's consent records as timeline entries."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consent.models import LedgerRecord, Topic
from app.consent.words import PURPOSES
from app.customers.merging import aliases
from app.customers.timeline.timeline import TimelineEntry
from app.kernel.translatable import N_

# Message ids by event; what is left out is no act of the person.
_TITLES = {
    "requested": N_("Was asked to confirm"),
    "given": N_("Gave consent"),
    "confirmed": N_("Confirmed by email"),
    "renewed": N_("Renewed consent"),
    "imported": N_("Consent imported"),
    "refused": N_("Refused consent"),
    "withdrawn": N_("Withdrew consent"),
    "objected": N_("Objected to all marketing"),
    "complained": N_("Reported a mail as unwanted"),
    "expired": N_("Consent expired"),
}
_NEWEST_FIRST = 2**62


def of_customer(
    session: Session, workspace_id: int, customer_id: int, until: datetime | None, limit: int
) -> list[TimelineEntry]:
    """Return this person's answers as entries of their timeline, newest first."""
    query = (
        select(LedgerRecord.seq, LedgerRecord.recorded_at, LedgerRecord.event, LedgerRecord.purpose, Topic.name)
        .outerjoin(Topic, (Topic.workspace_id == LedgerRecord.workspace_id) & (Topic.id == LedgerRecord.topic_id))
        .where(
            LedgerRecord.workspace_id == workspace_id,
            LedgerRecord.customer_id.in_(aliases.all_ids(session, workspace_id, customer_id)),
            LedgerRecord.event.in_(_TITLES),
        )
        .order_by(LedgerRecord.recorded_at.desc(), LedgerRecord.seq.desc())
        .limit(limit)
    )
    if until is not None:
        query = query.where(LedgerRecord.recorded_at <= until)
    return [
        TimelineEntry(
            at=row.recorded_at,
            channel="consent",
            kind="consent",
            key=f"consent-{_NEWEST_FIRST - row.seq:019d}",
            title=_TITLES[row.event],
            values={} if row.name else {"purpose": PURPOSES[row.purpose]},
            detail=row.name or "",
        )
        for row in session.execute(query)
    ]
