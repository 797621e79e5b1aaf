"""The membership row: what it costs to bring 50 watched segments up to date for each customer who changed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.campaigns.conditions import WithCampaign
from app.commerce.conditions.products import BoughtProduct
from app.commerce.conditions.purchases import Purchased
from app.conditions.activities import Did
from app.conditions.on_fields.amounts import GreaterThan
from app.conditions.on_fields.dates import NotWithinLast, WithinLast
from app.conditions.on_fields.equality import Is
from app.conditions.tags import HasTag
from app.segments import segments
from app.segments.membership import updating, watching
from app.segments.rules import AllOf, Not, Rule
from app.segments.segments import SegmentChange
from bench import filling_history, ground, measuring
from bench.ground import Ground

PEOPLE = 100_000
WATCHED = 50
CHANGED = 2_000
RUNS = 7
_CHANGE = text(
    """
    UPDATE customer_engagement SET open_count = open_count + 1, latest_open_at = :now
    WHERE workspace_id = :w AND customer_id IN (
        SELECT id FROM customers WHERE workspace_id = :w ORDER BY hashint8(id + :turn) LIMIT :changed)
    """
)


def run(runs: int = RUNS) -> list[dict[str, Any]]:
    """Return microseconds for each changed customer; marking them is counted, evaluating whole segments is not."""
    with ground.kept(f"history-{PEOPLE}") as place:
        filling_history.fill(place, PEOPLE, with_messages=False)
        database, turns = place.services.database, count()
        with database.transaction(place.workspace_id) as session:
            _watch(session, place)
        for segment_id in _watched(place):
            with database.transaction(place.workspace_id) as session:
                updating.update_whole(session, place.workspace_id, segment_id, now=place.now)

        def update() -> None:
            values = {"w": place.workspace_id, "now": place.now, "changed": CHANGED, "turn": next(turns)}
            with database.transaction(place.workspace_id) as session:
                session.execute(_CHANGE, values)
            has_more = True
            while has_more:
                with database.transaction(place.workspace_id) as session:
                    has_more = updating.update_changed(session, place.workspace_id, place.services.clock)

        update()
        row = measuring.durations("membership", update, runs=runs, pids=(place.postgres_pid,))
        with database.transaction(place.workspace_id) as session:
            for segment_id in _watched(place):
                watching.unwatch(session, place.workspace_id, segment_id)
    each = {name: row[name] * 1000 / CHANGED for name in ("median", "min", "max")}
    note = f"{CHANGED:,} changed customers of {PEOPLE:,}, {WATCHED} watched segments"
    return [row | each | {"cpu_us": row["cpu_us"] / CHANGED, "unit": "µs", "note": note}]


def _watched(place: Ground) -> list[int]:
    with place.services.database.transaction(place.workspace_id) as session:
        return [each.segment_id for each in watching.list_watched(session, place.workspace_id)]


def _watch(session: Session, place: Ground) -> None:
    kept = {segment.name: segment.id for segment in segments.list_all(session, place.workspace_id)}
    for number, rule in zip(range(WATCHED), _rules(), strict=False):
        change = SegmentChange(f"Watched {number}", rule, kept.get(f"Watched {number}"))
        made = segments.save(session, place.workspace_id, change, staff_id=None, now=place.now)
        watching.watch(session, place.workspace_id, made.id, now=place.now)


def _rules() -> Iterator[Rule]:
    """Yield rules of the usual kinds: fields, activities, purchases, products, messages, each a little different."""
    for number in count():
        days = 30 + number
        yield AllOf((Is("country", "DE"), HasTag(f"tag{number % 10}"), WithinLast("latest_open_at", days)))
        yield AllOf((Did("click", 2, 60 if number % 2 else 30), GreaterThan("spent", Decimal(10 * number))))
        yield AllOf((Purchased("sum", Decimal(50), 90), NotWithinLast("latest_purchase_at", days)))
        yield Not(BoughtProduct("orders", Decimal(1), 90, category=f"Category {1 + number % 4}"))
        yield AllOf((WithCampaign("open", None, None, "human", 1, 30), WithinLast("created_at", 300 + number)))
