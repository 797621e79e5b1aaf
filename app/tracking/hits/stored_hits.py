"""Stored hits as verdicts see them, read and revised when they are judged anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.customers.timeline import activities, hit_queries
from app.customers.timeline.activities import NewVerdict
from app.customers.timeline.event_names import EventName
from app.customers.timeline.hit_queries import HitOnRecord
from app.tracking.hits.verdicts import VERSION, Hit, Judgement

# What each kind of hit is called on the timeline.
EVENT_NAMES = {"click": EventName.CLICKED.value, "open": EventName.OPENED.value}
_KINDS = {name: kind for kind, name in EVENT_NAMES.items()}


@dataclass(frozen=True, slots=True)
class StoredHit:
    """One click or open of the timeline, with the verdict it carries now."""

    id: int
    customer_id: int
    message_id: int
    verdict: str
    version: int
    hit: Hit


def since(session: Session, workspace_id: int, customer_ids: Sequence[int], at: datetime) -> list[StoredHit]:
    """Return the stored hits of these customers from `at` on, oldest first."""
    return [_stored(row) for row in hit_queries.since(session, workspace_id, customer_ids, at)]


def of_messages(
    session: Session, workspace_id: int, messages: Mapping[int, int], since: datetime, until: datetime
) -> list[StoredHit]:
    """Return the stored hits of these messages (customer by message) in a stretch of time, oldest first."""
    return [_stored(row) for row in hit_queries.of_messages(session, workspace_id, messages, since, until)]


def revise(session: Session, workspace_id: int, revised: Sequence[tuple[StoredHit, Judgement]]) -> None:
    """Write new verdicts beside the raw facts, and correct the sums of the customers concerned."""
    verdicts = [
        NewVerdict(stored.id, stored.customer_id, stored.hit.at, judgement.verdict.value, judgement.reasons)
        for stored, judgement in revised
    ]
    activities.revise_hits(session, workspace_id, verdicts, version=VERSION)


def _stored(row: HitOnRecord) -> StoredHit:
    hit = Hit(_KINDS[row.name], row.at, row.link_id, row.method, row.ip, row.agent)
    return StoredHit(row.id, row.customer_id, row.message_id, row.verdict, row.version, hit)
