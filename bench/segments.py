"""Segment benchmarks: one rule that finds few, one that finds many, one about products bought and not bought.

SCALE=1: a million customers, twenty million activities, five million order lines. They are filled in once and kept.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.commerce.conditions.products import BoughtProduct
from app.conditions.on_fields.amounts import GreaterThan
from app.conditions.on_fields.dates import NotWithinLast, WithinLast
from app.conditions.on_fields.equality import Is
from app.conditions.tags import HasTag
from app.segments import preview, segments
from app.segments.rules import AllOf, Not
from bench import filling_history, ground, measuring

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
# Bought in one category in 90 days, never in another, and opened lately.
PRODUCTS = AllOf(
    (
        BoughtProduct("orders", Decimal(1), 90, category="Category 1"),
        Not(BoughtProduct("orders", Decimal(1), category="Category 2")),
        WithinLast("latest_open_at", 30),
    )
)
RULES = (("segment_narrow", NARROW), ("segment_broad", BROAD), ("segment_products", PRODUCTS))


def run(scale: int = 1, runs: int = RUNS) -> list[dict[str, Any]]:
    """Return milliseconds a count; beyond SCALE=1 with how many times the figure of SCALE=1 that is."""
    rows = _run(PEOPLE, runs)
    if scale == 1:
        return rows
    larger = _run(PEOPLE * scale, runs)
    for row, small in zip(larger, rows, strict=True):
        growth = row["median"] / small["median"]
        row["name"] += f"@{scale}"
        row |= {"growth": growth, "note": f"{row['note']}; {growth:.1f} times SCALE=1"}
    return [*rows, *larger]


def _run(people: int, runs: int) -> list[dict[str, Any]]:
    with ground.kept(f"history-{people}") as place:
        # Messages are asked by pages alone, which are measured at SCALE=1.
        filling_history.fill(place, people, with_messages=people == PEOPLE)
        return [_count(place, name, rule, runs) for name, rule in RULES]


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
