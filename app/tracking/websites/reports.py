"""What browsers report: read strictly, kept on the timeline of who allows profiling, otherwise only counted.

No cookie and no number of a browser is involved: who a visitor is says a signed token alone, and without one nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.consent import permission
from app.consent.purposes import PROFILING
from app.customers.profiles import customer_queries, people
from app.customers.timeline import reporting
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import Source
from app.kernel.sql import arrays
from app.kernel.sql.json_values import Key, Number, storable
from app.tracking.models import WebsiteReport
from app.tracking.websites.identities import Identity
from app.tracking.websites.websites import KnownWebsite

MOST_EVENTS = 20
MOST_BYTES = 16 * 1024
# What a visitor's events are called on the timeline and in segments.
EVENT_NAMES = {
    "page": "page_viewed",
    "product": "product_viewed",
    "cart": "cart_updated",
    "search": "site_searched",
}
_COUNT = text(
    """
    INSERT INTO website_reports AS r (workspace_id, website_id, kind, outcome, count, latest_at)
    SELECT :workspace_id, :website_id, kind, :outcome, count(*), :now
    FROM unnest(CAST(:kinds AS text[])) AS reported (kind) GROUP BY kind ORDER BY kind
    ON CONFLICT (workspace_id, website_id, kind, outcome) DO UPDATE SET
        count = r.count + excluded.count, latest_at = greatest(r.latest_at, excluded.latest_at)
    """
)


class Outcome(StrEnum):
    """What became of a report: on a timeline, or why it is related to nobody."""

    RECORDED = "recorded"
    ANONYMOUS = "anonymous"
    BAD_IDENTITY = "bad_identity"
    UNKNOWN_CUSTOMER = "unknown_customer"
    NO_CONSENT = "no_consent"


_Words = Annotated[str, Field(max_length=500), AfterValidator(storable)]
_Plain = _Words | bool | Number | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class BrowserEvent(_Strict):
    """One thing a visitor did."""

    kind: Literal["page", "product", "cart", "search"]
    data: Annotated[dict[Key, _Plain], Field(max_length=20)] = Field(default_factory=dict)


class Report(_Strict):
    """What one browser sends at once. When it happened is when it arrives: a browser's clock is anybody's."""

    key: Annotated[str, Field(max_length=60)]
    identity: Annotated[str, Field(max_length=2000)] | None = None
    events: Annotated[list[BrowserEvent], Field(min_length=1, max_length=MOST_EVENTS)]


def keep(
    session: Session, website: KnownWebsite, events: list[BrowserEvent], whom: Identity | Outcome, *, now: datetime
) -> Outcome:
    """Put the events on the timeline of whom they are of, where profiling is allowed, and count them; say which."""
    customer_id = None if isinstance(whom, Outcome) else _customer_id(session, website.workspace_id, whom)
    rows: list[ActivityRow] = []
    if isinstance(whom, Outcome):
        outcome = whom
    elif customer_id is None:
        outcome = Outcome.UNKNOWN_CUSTOMER
    elif not _allows_profiling(session, website.workspace_id, customer_id, now):
        outcome = Outcome.NO_CONSENT
    else:
        outcome = Outcome.RECORDED
        # A microsecond apart, so that they stay in the order they came in.
        rows = [
            ActivityRow(
                *(website.workspace_id, customer_id, now + timedelta(microseconds=place)),
                *(EVENT_NAMES[event.kind], Source.API),
                facts={"data": event.data, "website": website.id},
            )
            for place, event in enumerate(events)
        ]
    counted = {"workspace_id": website.workspace_id, "website_id": website.id, "outcome": outcome.value, "now": now}
    session.execute(_COUNT, {**counted, "kinds": arrays.words([event.kind for event in events])})
    reporting.record(session, website.workspace_id, rows, now=now)
    if rows:
        reporting.told(session, website.workspace_id, now=now)
    return outcome


def latest(session: Session, workspace_id: int, website_ids: Sequence[int]) -> dict[int, list[WebsiteReport]]:
    """Return what each of these websites reported by kind and outcome, the latest first; there are few of each."""
    query = select(WebsiteReport).where(
        WebsiteReport.workspace_id == workspace_id, WebsiteReport.website_id.in_(website_ids)
    )
    found: dict[int, list[WebsiteReport]] = {website_id: [] for website_id in website_ids}
    order = (WebsiteReport.latest_at.desc(), WebsiteReport.kind, WebsiteReport.outcome)
    for report in session.scalars(query.order_by(*order)):
        found[report.website_id].append(report)
    return found


def _customer_id(session: Session, workspace_id: int, whom: Identity) -> int | None:
    if whom.external_ref is not None:
        return customer_queries.ids_by_ref(session, workspace_id, [whom.external_ref]).get(whom.external_ref)
    customer = people.find_by_email(session, workspace_id, whom.email or "")
    return customer.id if customer else None


def _allows_profiling(session: Session, workspace_id: int, customer_id: int, now: datetime) -> bool:
    query = permission.allowed_query(workspace_id, PROFILING, 0, now)
    return session.execute(query.where(query.selected_columns.customer_id == customer_id)).first() is not None
