"""Audience benchmarks: everybody of a campaign queued as messages and batches, alone and with the campaign's checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from app.campaigns import compose
from app.campaigns.drafts import ContentDraft, Draft
from app.campaigns.launch import launching
from app.consent.purposes import MARKETING
from app.customers.profiles import people
from app.delivery.launching import launches
from app.delivery.launching.occasions import Occasion
from app.delivery.sending import sends
from bench import filling, ground, measuring, render
from bench.ground import Ground

PEOPLE = 200_000
RUNS = 5
# Far from the ids of the campaigns that are launched beside.
_FIRST_SOURCE = 1_000_000
_SAID = ContentDraft("markdown", "News", "What is new this week.", "# News\n\n[What is new](https://shop.example/new).")
_BARE = (
    "CREATE TABLE bench_messages (LIKE messages INCLUDING DEFAULTS) WITH (fillfactor = 35)",
    "CREATE UNIQUE INDEX ON bench_messages (workspace_id, id)",
    "CREATE UNIQUE INDEX ON bench_messages (workspace_id, customer_id, occasion_id)",
    "CREATE INDEX ON bench_messages (workspace_id, send_id)",
)
_INSERT_BARE = """
INSERT INTO bench_messages (workspace_id, id, send_id, customer_id, occasion_id, state, permission_seq, attempt)
SELECT workspace_id, row_number() OVER (), 1, id, 1, 'queued', 1, 0 FROM customers WHERE workspace_id = %s
"""


def run(customers: int = PEOPLE, runs: int = RUNS) -> list[dict[str, Any]]:
    """Return `snapshot` and `launch`: rows a second, the second with what a campaign checks before it leaves."""
    with ground.prepared() as place:
        filling.fill(place, customers)
        snapshot, launch = measuring.Runs("snapshot", "rows/s"), measuring.Runs("launch", "rows/s")
        bare: list[float] = []
        for number in range(runs):
            bare.append(_insert_bare(place, customers))
            _measure(place, snapshot, customers, _a_send(place, _FIRST_SOURCE + number))
            _measure(place, launch, customers, _a_campaign(place))
        # Waits for the disk are the clock's, not the processor's: the least of the runs is the floor.
        floor = measuring.Floor("rows of a constant inserted into a table with the same keys", cpu_us=min(bare))
        snapshot.floor = launch.floor = floor
        return [snapshot.row(), launch.row()]


def _measure(place: Ground, runs: measuring.Runs, rows: int, work: Callable[[Session], object]) -> None:
    with measuring.watch(place.postgres_pid) as taken:
        with place.services.database.transaction(place.workspace_id) as session:
            work(session)
    runs.figures.append(rows / taken.wall)
    runs.cpu_us.append(taken.cpu / rows * 1e6)


def _a_send(place: Ground, source_id: int) -> Callable[[Session], object]:
    """Make a send, and return what queues everybody for it."""
    with place.services.database.transaction(place.workspace_id) as session:
        new = sends.NewSend(
            kind="campaign",
            source_id=source_id,
            topic_id=place.topic_id,
            purpose=MARKETING,
            identity_id=place.identity_id,
            content=render.sample_content(),
            occasion=Occasion.campaign(source_id),
        )
        send_id = sends.create(session, place.workspace_id, new, now=place.now).id
    everybody = people.base_query(place.workspace_id)
    return lambda session: launches.launch(session, place.workspace_id, send_id, everybody, now=place.now)


def _a_campaign(place: Ground) -> Callable[[Session], object]:
    """Write a campaign for everybody, and return what launches it."""
    draft = Draft(
        name="News",
        segment_id=None,
        is_for_everyone=True,
        topic_id=place.topic_id,
        identity_id=place.identity_id,
        language="en",
    )
    with place.services.database.transaction(place.workspace_id) as session:
        written = compose.create(session, place.workspace_id, draft, _SAID, staff_id=None, now=place.now).id
    url = place.services.settings.public_url
    return lambda session: launching.launch(session, place.workspace_id, written, now=place.now, public_url=url)


def _insert_bare(place: Ground, rows: int) -> float:
    """Return microseconds of processor a row for messages that nobody chose or checked."""
    with psycopg.connect(place.postgres.url_of("assent", role="postgres"), autocommit=True) as connection:
        for statement in _BARE:
            connection.execute(statement.encode())
        with measuring.watch(place.postgres_pid) as taken:
            connection.execute(_INSERT_BARE, [place.workspace_id])
        connection.execute("DROP TABLE bench_messages")
    return taken.cpu / rows * 1e6
