"""Ships spooled hits to the timeline: in batches, exactly once, and only where the person allowed it.

How far a file is read commits in the transaction that stores what was read. One chunk may hold lines of many
workspaces, and each is stored in a transaction of its own, so every workspace has its own position in every file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import structlog
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import delete, exc, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.kernel.processes import garbage
from app.kernel.services import Services
from app.tracking.hits import spool, storing
from app.tracking.models import SpoolPosition

log = structlog.get_logger()

# What is younger may still be followed by hits that show it to be a scanner's.
SETTLE = timedelta(seconds=1)
SHIP_EVERY = 0.25
# Senders write to the same sums, in an order of their own. Whoever stores hits has time and gives way, well before
# the second after which PostgreSQL looks for a deadlock and ends one of the two.
_GIVE_WAY = text("SET LOCAL lock_timeout = '400ms'")
_EVERYBODY = 0
_CHUNK_BYTES = 1024 * 1024
# A chunk of every file is some hundred thousand objects at most.
_OBJECTS = 500_000

# By file, the lines that are one workspace's, each with the offset behind it.
Placed = Mapping[str, Sequence[tuple[int, spool.Line]]]


def ship(services: Services, *, settled_for: timedelta = timedelta(0)) -> int:
    """Store every spooled hit that is at least `settled_for` old, and return how many lines were read.

    One at a time on one machine: who reads while another stores and tidies would find no position and store again.
    """
    with spool.shipping(services.settings.spool_dir) as is_ours:
        if not is_ours:
            return 0
        read = 0
        while lines := _ship_chunks(services, settled_for):
            read += lines
        _tidy(services)
    return read


def _ship_chunks(services: Services, settled_for: timedelta) -> int:
    """Store the next chunk of every file and return how many lines were read; 0 also when it is not all stored."""
    with garbage.rarely_collected(above=_OBJECTS):
        chunks = _next_chunks(services, settled_for)
        if not chunks:
            return 0
        by_workspace = _by_workspace(chunks)
        with services.database.transaction() as session:
            known = set(workspaces.list_ids(session))
        ours = sorted(by_workspace.keys() & known)
        behind = [
            workspace_id for workspace_id in ours if not _store(services, workspace_id, by_workspace[workspace_id])
        ]
        if behind:
            log.info("tracking.gave_way", workspace_ids=behind)
            return 0
        with services.database.transaction() as session:
            _move(session, _EVERYBODY, {chunk.file: chunk.end for chunk in chunks})
    return sum(len(chunk.entries) for chunk in chunks)


def _next_chunks(services: Services, settled_for: timedelta) -> list[spool.Chunk]:
    """Read what every file holds beyond its position. All files together, so that a burst is seen as one."""
    paths = spool.list_files(services.settings.spool_dir)
    until = (services.clock.now() - settled_for).timestamp()
    with services.database.transaction() as session:
        positions = _positions(session, _EVERYBODY, [path.name for path in paths])
    chunks = []
    for path in paths:
        start = positions.get(path.name, 0)
        if path.stat().st_size > start:
            chunks.append(spool.read(path, start, until=until, limit_bytes=_CHUNK_BYTES))
    return [chunk for chunk in chunks if chunk.end > chunk.start]


def _by_workspace(chunks: Sequence[spool.Chunk]) -> dict[int, Placed]:
    found: dict[int, dict[str, list[tuple[int, spool.Line]]]] = defaultdict(dict)
    for chunk in chunks:
        entries: dict[int, list[tuple[int, spool.Line]]] = defaultdict(list)
        for entry in chunk.entries:
            entries[entry[1].workspace_id].append(entry)
        for workspace_id, placed in entries.items():
            found[workspace_id][chunk.file] = placed
    return dict(found)


def _store(services: Services, workspace_id: int, placed: Placed) -> bool:
    """Store one workspace's lines that no earlier run has stored; False when others were busy with these people."""
    try:
        _store_fresh(services, workspace_id, placed)
    except exc.OperationalError as error:
        if isinstance(error.orig, LockNotAvailable | DeadlockDetected):
            return False
        raise
    return True


def _store_fresh(services: Services, workspace_id: int, placed: Placed) -> None:
    ends = {file: entries[-1][0] for file, entries in placed.items()}
    with services.database.transaction(workspace_id) as session:
        done = _locked_positions(session, workspace_id, sorted(ends))
        fresh = [line for file, entries in placed.items() for end, line in entries if end > done[file]]
        session.execute(_GIVE_WAY)
        storing.store(session, workspace_id, fresh, now=services.clock.now())
        _move(session, workspace_id, ends)


def _locked_positions(session: Session, owner: int, files: list[str]) -> dict[str, int]:
    """Return the positions, made where they lack, held until commit."""
    rows = [{"file": file, "owner": owner, "offset": 0} for file in files]
    session.execute(insert(SpoolPosition).values(rows).on_conflict_do_nothing())
    query = (
        select(SpoolPosition.file, SpoolPosition.offset)
        .where(SpoolPosition.owner == owner, SpoolPosition.file.in_(files))
        .order_by(SpoolPosition.file)
        .with_for_update()
    )
    return {row.file: row.offset for row in session.execute(query)}


def _positions(session: Session, owner: int, files: list[str]) -> dict[str, int]:
    query = select(SpoolPosition.file, SpoolPosition.offset).where(
        SpoolPosition.owner == owner, SpoolPosition.file.in_(files)
    )
    return {row.file: row.offset for row in session.execute(query)}


def _move(session: Session, owner: int, ends: dict[str, int]) -> None:
    statement = insert(SpoolPosition).values(
        [{"file": file, "owner": owner, "offset": end} for file, end in sorted(ends.items())]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["file", "owner"],
            set_={"offset": func.greatest(SpoolPosition.offset, statement.excluded.offset)},
        )
    )


def _tidy(services: Services) -> None:
    """Delete files that are read to their end and have no writer, then forget their positions."""
    folder: Path = services.settings.spool_dir
    paths = spool.list_files(folder)
    if not paths:
        return
    with services.database.transaction() as session:
        positions = _positions(session, _EVERYBODY, [path.name for path in paths])
    gone = [path.name for path in paths if spool.delete_if_finished(path, positions.get(path.name, 0))]
    # Not the other way round: a file without its position would be stored a second time.
    with services.database.transaction() as session:
        session.execute(delete(SpoolPosition).where(SpoolPosition.file.in_(gone)))
