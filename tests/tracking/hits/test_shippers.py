"""Shippers that die, meet or are killed store every hit exactly once, and stand in nobody's way."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from sqlalchemy import TextClause, event, func, select, text

from app.customers.models import Activity
from app.customers.profiles import engagement
from app.kernel.database import Database
from app.kernel.services import Services
from app.tracking.hits import ingest, spool
from app.tracking.models import SpoolPosition
from tests.factories.servers.processes import end, until
from tests.factories.tracking import (
    a_hit,
    a_tracked_customer,
    await_a_waiting_lock,
    hits_of,
    spool_up,
)
from tests.factories.workspaces import WorkspaceForTests


def test_shipping_again_adds_nothing_and_leaves_no_file(
    services: Services, database: Database, workspace: WorkspaceForTests, ada: int
) -> None:
    spool_up(services, [a_hit("open", ada, workspace_id=workspace.id, at=services.clock.now())])
    (path,) = spool.list_files(services.settings.spool_dir)
    ingest.ship(services)

    assert ingest.ship(services) == 0
    assert spool.list_files(services.settings.spool_dir) == []
    with database.transaction(workspace.id) as session:
        assert len(hits_of(session, workspace.id)) == 1
        of_file = select(func.count()).select_from(SpoolPosition).where(SpoolPosition.file == path.name)
        assert session.scalar(of_file) == 0


def test_a_shipper_that_died_between_two_workspaces_repeats_neither(
    services: Services, database: Database, workspace: WorkspaceForTests, ada: int
) -> None:
    spool_up(services, [a_hit("click", ada, workspace_id=workspace.id, at=services.clock.now())])
    (path,) = spool.list_files(services.settings.spool_dir)
    chunk = spool.read(path, 0, until=float("inf"), limit_bytes=10**6)
    ingest._store(services, workspace.id, {chunk.file: chunk.entries})
    ingest.ship(services)

    with database.transaction(workspace.id) as session:
        assert len(hits_of(session, workspace.id)) == 1


def test_two_shippers_on_one_machine_store_a_hit_once(
    services: Services, database: Database, workspace: WorkspaceForTests, ada: int
) -> None:
    """The second one comes when the first has read the file and is about to store what it read."""
    spool_up(services, [a_hit("click", ada, workspace_id=workspace.id, at=services.clock.now())])
    read_by_second: list[int] = []

    def ship_as_well(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        if statement.startswith("INSERT INTO spool_positions") and not read_by_second:
            read_by_second.append(-1)
            read_by_second.append(ingest.ship(services))

    event.listen(services.database.engine, "before_cursor_execute", ship_as_well)
    ingest.ship(services)

    assert read_by_second == [-1, 0]
    with database.transaction(workspace.id) as session:
        assert hits_of(session, workspace.id) == [("clicked", "human")]


def test_a_killed_shipper_stores_everything_exactly_once(
    services: Services, database: Database, workspace: WorkspaceForTests, ada: int, tmp_path: Path
) -> None:
    """kill -9 at whatever moment: what was committed is not repeated, the rest comes with the next run."""
    now = services.clock.now()
    hits = [
        a_hit("click", ada, workspace_id=workspace.id, at=now - timedelta(seconds=n), message_id=n) for n in range(3000)
    ]
    spool_up(services, hits)
    script = tmp_path / "ship.py"
    place = services.settings.database_url, str(services.settings.spool_dir)
    script.write_text(_SHIP.format(*place, services.clock.now().isoformat()))
    read = text('SELECT coalesce(sum("offset"), 0) FROM spool_positions')
    begun = before = _one(database, read)
    for _ in range(3):
        process = subprocess.Popen([sys.executable, str(script)], cwd=Path.cwd(), env={**os.environ, "PYTHONPATH": "."})
        until(lambda: _one(database, read) > before or process.poll() is not None)  # noqa: B023 - called at once
        end(process)
        before = _one(database, read)
    assert before > begun, "a process that was to be killed has shipped nothing"
    ingest.ship(services)

    with database.transaction(workspace.id) as session:
        stored = session.execute(
            select(func.count(), func.count(Activity.message_id.distinct())).where(
                Activity.workspace_id == workspace.id
            )
        ).one()
        assert tuple(stored) == (3000, 3000)
        assert engagement.get(session, workspace.id, ada).click_count == 3000


def _one(database: Database, query: TextClause) -> int:
    with database.transaction() as session:
        return int(session.scalar(query) or 0)


_SHIP = """
from datetime import datetime
from pathlib import Path
from app.kernel import services as s
from app.kernel.clock import FixedClock
from app.kernel.settings import Key, Settings
from app.kernel.extensions import Extensions
from app.tracking.hits import ingest
ingest._CHUNK_BYTES = 8192
folder = Path({1!r})
settings = Settings(database_url={0!r}, redis_url="redis://127.0.0.1:9", smtp_url="smtp://127.0.0.1:9",
                    public_url="http://x", secret_keys=(Key(1, b"k" * 32),), var_dir=folder, spool_dir=folder)
ingest.ship(s.build(Extensions(), settings, clock=FixedClock(datetime.fromisoformat({2!r}))))
"""


def test_hits_of_a_workspace_that_is_gone_block_nobody(
    services: Services, database: Database, workspace: WorkspaceForTests, ada: int
) -> None:
    now = services.clock.now()
    gone = a_hit("click", 1, workspace_id=2**31, at=now)
    spool_up(services, [gone, a_hit("click", ada, workspace_id=workspace.id, at=now)])

    assert ingest.ship(services) == 2
    with database.transaction(workspace.id) as session:
        assert len(hits_of(session, workspace.id)) == 1


_COUNTED = "UPDATE customer_engagement SET sent_count = sent_count + 1 WHERE customer_id = :id"


def test_storing_gives_way_to_a_sender_and_stores_once_it_is_gone(
    services: Services, database: Database, workspace: WorkspaceForTests, ada: int
) -> None:
    """Both write to the same two people, in opposite order; the sender must never be the one that is ended."""
    now = services.clock.now()
    with database.transaction(workspace.id) as session:
        bob = a_tracked_customer(session, workspace.id, email="bob@example.com", now=now)
    spool_up(services, [a_hit("click", who, workspace_id=workspace.id, at=now) for who in (ada, bob)])
    with ThreadPoolExecutor(1) as pool, database.transaction(workspace.id) as session:
        session.execute(text(_COUNTED), {"id": bob})
        shipped = pool.submit(ingest.ship, services)
        await_a_waiting_lock(session)
        session.execute(text(_COUNTED), {"id": ada})
        assert shipped.result() == 0

    assert ingest.ship(services) == 2
    with database.transaction(workspace.id) as session:
        sums = [engagement.get(session, workspace.id, who) for who in (ada, bob)]
        assert [(of.click_count, of.sent_count) for of in sums] == [(1, 1), (1, 1)]
