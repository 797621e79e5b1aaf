"""Import benchmarks: the real importer over files of people and purchases."""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from app.customers.imports import files, kinds, running, steps
from app.customers.imports.mapping import guessing, mapping
from bench import ground, measuring

ROWS = 200_000
RUNS = 3
_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
_PEOPLE = (
    *("email", "first_name", "last_name", "language", "country", "city", "tags"),
    *("consent", "consented_at", "consent_method", "consent_wording", "consent_topic"),
)
_PURCHASES = ("order_ref", "email", "purchased_at", "amount", "currency", "items", "product")


def run(rows: int = ROWS, runs: int = RUNS) -> list[dict[str, Any]]:
    """Return `import_people` and `import_purchases`: rows per second, each run into an empty workspace."""
    people, purchases = _people(rows), _purchases(rows)
    found = (measuring.Runs("import_people", "rows/s"), measuring.Runs("import_purchases", "rows/s"))
    with ground.prepared() as base:
        for _ in range(runs):
            place = base.another_workspace()
            for figure, content, kind in ((found[0], people, "people"), (found[1], purchases, "purchases")):
                with measuring.watch(place.postgres_pid) as taken:
                    done = take_over(place, content, kind)
                if done != rows:
                    raise SystemExit(f"bench: {done} of {rows} {kind} were taken over")
                figure.figures.append(rows / taken.wall)
                figure.cpu_us.append(taken.cpu / rows * 1e6)
                figure.note = f"{taken.own / rows * 1e6:.0f} µs of it importer, the rest PostgreSQL"
    return [figure.row() for figure in found]


def take_over(place: ground.Ground, content: bytes, kind: str) -> int:
    services = place.services
    with services.database.transaction(place.workspace_id) as session:
        found = files.store(
            session,
            place.workspace_id,
            io.BytesIO(content),
            file_name=f"{kind}.csv",
            kind=kind,
            source="own",
            source_note="",
            staff_id=None,
            now=place.now,
        )
        choices = kinds.get(session, kind).targets(session, place.workspace_id)
        options = mapping.Options(topic="news")
        mapping.decide(session, found, guessing.columns(found.header, choices), options)
        steps.start(session, found)
        import_id = found.id
    running.run(services.database, services.clock, place.workspace_id, import_id)
    with services.database.transaction(place.workspace_id) as session:
        counts = steps.get(session, place.workspace_id, import_id).counts
    return sum(counts.get(name, 0) for name in ("created", "updated", "recorded"))


def _people(rows: int) -> bytes:
    rng = random.Random(1)
    return as_csv(
        _PEOPLE,
        (
            (
                *(f"person{number}@host{number % 97}.example", "Ada", f"Lovelace {number}", "en"),
                *(rng.choice(("DE", "GB")), "Leeds", "gift;loose-leaf" if number % 3 else ""),
                *("yes", (_BEGAN + timedelta(minutes=number)).isoformat(), "web form"),
                *("Yes, write to me about news.", "news"),
            )
            for number in range(rows)
        ),
    )


def _purchases(rows: int) -> bytes:
    rng = random.Random(2)
    return as_csv(
        _PURCHASES,
        (
            (
                *(f"o{number}", f"person{(number * 7919) % rows}@host{(number * 7919) % rows % 97}.example"),
                *((_BEGAN + timedelta(minutes=number)).isoformat(), f"{rng.uniform(5, 90):.2f}", "EUR"),
                *(str(rng.randint(1, 4)), "Earl Grey Blue 100 g"),
            )
            for number in range(rows)
        ),
    )


def as_csv(header: tuple[str, ...], rows: Any) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
