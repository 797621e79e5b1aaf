"""Import benchmarks: the real importer over files of people and orders, each beside a raw COPY of the same file."""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from app.customers.imports import files, kinds, running, steps
from app.customers.imports.mapping import guessing, mapping
from bench import ground, measuring

ROWS = 200_000
RUNS = 3
LINES = 2
_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
_PERSON = ("email", "first_name", "last_name", "language", "country", "city", "tags")
_PROOF = ("consent", "consented_at", "consent_method", "consent_wording", "consent_topic")
_ORDERS = ("order_ref", "email", "purchased_at", "amount", "currency", "items", "product", "product_ref", "category")


class _File(NamedTuple):
    """A file to measure: the figure's name, what it holds, its rows, and how many things they become."""

    name: str
    kind: str
    content: bytes
    rows: int
    things: int


def run(rows: int = ROWS, runs: int = RUNS) -> list[dict[str, Any]]:
    """Return `import_people` (with consent), `import_people_plain` and `import_orders`: rows of the file per second,
    each run into an empty workspace; orders have two lines each and are of people who are there.
    """
    measured = (
        _File("import_people_plain", "people", _people(rows, has_proof=False), rows, rows),
        _File("import_people", "people", _people(rows, has_proof=True), rows, rows),
        _File("import_orders", "purchases", _orders(rows), rows, rows // LINES),
    )
    found = {each.name: measuring.Runs(each.name, "rows/s") for each in measured}
    with ground.prepared() as base:
        place = base
        for _ in range(runs):
            for each in measured:
                # Orders follow the people of the same workspace.
                if each.kind == "people":
                    place = base.another_workspace()
                _measure(place, each, found[each.name])
    return [figure.row() for figure in found.values()]


def _measure(place: ground.Ground, file: _File, figure: measuring.Runs) -> None:
    with measuring.watch(place.postgres_pid) as floor:
        _copy(place, file.content)
    with measuring.watch(place.postgres_pid) as taken:
        done = take_over(place, file.content, file.kind)
    if done != file.things:
        raise SystemExit(f"bench: {done} of {file.things} {file.kind} were taken over")
    figure.figures.append(file.rows / taken.wall)
    figure.cpu_us.append(taken.cpu / file.rows * 1e6)
    figure.floor = measuring.Floor("a raw COPY of the file", cpu_us=floor.cpu / file.rows * 1e6)
    figure.note = f"{taken.own / file.rows * 1e6:.0f} µs of it importer, the rest PostgreSQL"


def _copy(place: ground.Ground, content: bytes) -> None:
    """Do the least that brings a file into PostgreSQL: its cells as text into a table without indexes."""
    width = content.partition(b"\n")[0].count(b",") + 1
    columns = ", ".join(f"c{number} text" for number in range(width))
    with psycopg.connect(place.postgres.url_of("assent", role="postgres")) as connection:
        connection.execute(f"CREATE TABLE raw_copy ({columns})".encode())
        with connection.cursor() as cursor, cursor.copy("COPY raw_copy FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write(content)
        connection.execute("DROP TABLE raw_copy")


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


def _people(rows: int, *, has_proof: bool) -> bytes:
    rng = random.Random(1)
    proof = ("web form", "Yes, write to me about news.", "news")
    return as_csv(
        (*_PERSON, *_PROOF) if has_proof else _PERSON,
        (
            (
                *(f"person{number}@host{number % 97}.example", "Ada", f"Lovelace {number}", "en"),
                *(rng.choice(("DE", "GB")), "Leeds", "gift;loose-leaf" if number % 3 else ""),
                *(("yes", (_BEGAN + timedelta(minutes=number)).isoformat(), *proof) if has_proof else ()),
            )
            for number in range(rows)
        ),
    )


def _orders(rows: int) -> bytes:
    rng = random.Random(2)
    return as_csv(
        _ORDERS,
        (
            (
                *(f"o{number}", f"person{(number * 7919) % rows}@host{(number * 7919) % rows % 97}.example"),
                *((_BEGAN + timedelta(minutes=number)).isoformat(), f"{rng.uniform(5, 90):.2f}", "EUR"),
                *(str(rng.randint(1, 4)), f"Tea {product}", f"T-{product}", f"Tea > Kind {product % 20}"),
            )
            for number in range(rows // LINES)
            for product in rng.sample(range(500), LINES)
        ),
    )


def as_csv(header: tuple[str, ...], rows: Any) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
