"""Segment benchmarks: a million customers; one rule that finds few, one that finds many."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.conditions.on_fields.amounts import GreaterThan
from app.conditions.on_fields.dates import NotWithinLast, WithinLast
from app.conditions.on_fields.equality import Is
from app.conditions.tags import HasTag
from app.segments import preview, segments
from app.segments.rules import AllOf
from bench import filling, ground, measuring

PEOPLE = 1_000_000
RUNS = 7
NARROW = AllOf(
    (
        Is("country", "DE"),
        HasTag("tag7"),
        WithinLast("latest_open_at", 30),
        NotWithinLast("latest_purchase_at", 90),
        GreaterThan("spent", Decimal(100)),
    )
)
BROAD = AllOf((WithinLast("latest_open_at", 30),))


def run(people: int = PEOPLE, runs: int = RUNS) -> list[dict[str, Any]]:
    """Return `segment_narrow` and `segment_broad`: milliseconds a count."""
    with ground.prepared() as place:
        filling.fill(place, people)
        rules = (("segment_narrow", NARROW), ("segment_broad", BROAD))
        return [_count(place, name, rule, runs) for name, rule in rules]


def _count(place: ground.Ground, name: str, rule: AllOf, runs: int) -> dict[str, Any]:
    found = 0

    def count() -> None:
        nonlocal found
        with place.services.database.transaction(place.workspace_id, reading=True) as session:
            matches = segments.matches_query(session, place.workspace_id, rule, now=place.now)
            found = preview.count(session, matches)

    count()
    row = measuring.durations(name, count, runs=runs, pids=(place.postgres_pid,))
    return row | {"note": f"{found:,} found"}
