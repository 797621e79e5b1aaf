"""Detects list bombing through sign-up forms, and purges what one attack created."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.consent import topics
from app.consent.ledger import ledger
from app.consent.ledger.evidence import Evidence
from app.consent.ledger.record import Entry
from app.consent.models import SignupRequest
from app.consent.purposes import MARKETING, Event
from app.kernel import networks

FASTEST_HUMAN = timedelta(seconds=2)
PAGE_VALID_FOR = timedelta(hours=24)

# How many posts are let through: one network, one form, and one form's mail to one provider, so that a storm on one
# form leaves all others open. The address itself is guarded by the database, not here.
_LIMITS = (
    ("network:{network}", 30, timedelta(minutes=10)),
    ("form:{form}", 600, timedelta(minutes=10)),
    ("domain:{form}:{domain}", 300, timedelta(minutes=10)),
)


class Limiter(Protocol):
    """Anything that counts calls under a key."""

    def allow(self, key: str, limit: int, per: timedelta, *, fail_open: bool = False) -> bool: ...


@dataclass(frozen=True, slots=True)
class NetworkCount:
    """How many requests one network sent, to how many addresses, and how many of them were confirmed."""

    network: str
    requests: int
    addresses: int
    confirmed: int
    first_at: datetime
    latest_at: datetime


def admits(limiter: Limiter, *, workspace_id: int, form_id: int, ip: str | None, email: str) -> bool:
    """Say whether one more sign-up is within the limits; closed when they cannot be counted."""
    domain = email.rpartition("@")[2].strip().lower()[:100]
    values = {"network": networks.truncated(ip), "form": f"{workspace_id}:{form_id}", "domain": domain}
    return all(
        limiter.allow(f"signup:{key.format(**values)}", limit, per, fail_open=False) for key, limit, per in _LIMITS
    )


def list_networks(
    session: Session, workspace_id: int, form_id: int, *, since: datetime, limit: int = 20
) -> list[NetworkCount]:
    """Return where a form's requests came from, busiest first."""
    row = SignupRequest
    rows = session.execute(
        select(
            row.network,
            func.count(),
            func.count(row.address_digest.distinct()),
            func.count().filter(row.state == "confirmed"),
            func.min(row.requested_at),
            func.max(row.requested_at),
        )
        .where(row.workspace_id == workspace_id, row.form_id == form_id, row.requested_at >= since)
        .group_by(row.network)
        .order_by(func.count().desc(), row.network)
        .limit(limit)
    )
    return [NetworkCount(*found) for found in rows]


def purge(
    session: Session,
    workspace_id: int,
    form_id: int,
    *,
    since: datetime,
    until: datetime,
    staff_id: int,
    now: datetime,
    from_network: str | None = None,
) -> int:
    """Reject every unconfirmed request of this time (and network) and return how many; the ledger keeps them."""
    row = SignupRequest
    scope = [
        row.workspace_id == workspace_id,
        row.form_id == form_id,
        row.requested_at >= since,
        row.requested_at < until,
    ]
    if from_network is not None:
        scope.append(row.network == from_network)
    rejected = session.execute(
        update(row)
        .where(*scope, row.state == "pending")
        .values(state="rejected_abuse")
        .returning(row.id, row.customer_id, row.address_digest, row.topic_ids)
    ).all()
    suppressed = session.execute(
        update(row).where(*scope, row.state == "unmailed").values(state="rejected_abuse").returning(row.id)
    ).all()
    keys = {topic.id: topic.key for topic in topics.list_all(session, workspace_id)}
    entries = [
        Entry(
            event=Event.REJECTED_ABUSE,
            customer_id=customer_id,
            purpose=MARKETING,
            evidence=Evidence(method="purge", actor="staff", actor_id=staff_id, form_id=form_id, request_id=request_id),
            topic_id=topic_id,
            topic_key=keys.get(topic_id),
            address_digest=digest,
        )
        for request_id, customer_id, digest, topic_ids in rejected
        for topic_id in topic_ids
    ]
    ledger.append_many(session, workspace_id, entries, now=now)
    return len(rejected) + len(suppressed)
