"""How long does a marketer wait for a count? A million customers; one rule that finds few, one that finds many."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.consent import permission
from app.delivery import sends
from app.delivery.content import Content
from app.segments import preview
from app.segments.comparisons import GreaterThan, Is, NotWithinLast, WithinLast
from app.segments.happenings import HasTag
from app.segments.rules import All
from bench import filling, ground, measuring

PEOPLE = 1_000_000
RUNS = 7
NARROW = All(
    (
        Is("country", "DE"),
        HasTag("tag7"),
        WithinLast("latest_open_at", 30),
        NotWithinLast("latest_purchase_at", 90),
        GreaterThan("spent", Decimal(100)),
    )
)
BROAD = All((WithinLast("latest_open_at", 30),))


def run(people: int = PEOPLE, runs: int = RUNS) -> list[dict[str, Any]]:
    """Return `segment_narrow`, `segment_broad` (milliseconds a count) and `snapshot` (messages laid out a second)."""
    with ground.prepared() as place:
        filling.fill(place, people)
        rules = (("segment_narrow", NARROW), ("segment_broad", BROAD))
        rows = [_count(place, name, rule, runs) for name, rule in rules]
        return [*rows, _snapshot(place)]


def _count(place: ground.Ground, name: str, rule: All, runs: int) -> dict[str, Any]:
    found = 0

    def count() -> None:
        nonlocal found
        with place.services.database.transaction(place.workspace_id, reading=True) as session:
            found = preview.count(session, place.workspace_id, rule, now=place.now)

    count()
    row = measuring.durations(name, count, runs=runs, pids=(place.postgres_pid,))
    return row | {"note": f"{found:,} found"}


def _snapshot(place: ground.Ground, runs: int = 3) -> dict[str, Any]:
    """Lay out a message for everybody who may be written to: the INSERT ... SELECT of a launch."""

    def lay() -> int:
        workspace_id, now = place.workspace_id, place.now
        with place.services.database.transaction(workspace_id) as session:
            send = sends.create(
                session,
                workspace_id,
                kind="campaign",
                source_id=1,
                topic_id=place.topic_id,
                purpose="marketing",
                identity_id=place.identity_id,
                content=Content("Hello", "", "<p>Hello {{ customer.first_name }}</p>", "Hello", "en"),
                now=now,
            )
            allowed = permission.allowed_query(workspace_id, "marketing", place.topic_id, now).subquery()
            audience = allowed.select().with_only_columns(allowed.c.customer_id)
            counts = sends.launch(session, workspace_id, send.id, audience, now=now)
        return int(counts.queued)

    return measuring.rates("snapshot", "messages/s", lay, runs=runs, pids=(place.postgres_pid,))
