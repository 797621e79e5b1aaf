"""Links in memory over a small file that all processes share, so that clicks need no database."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import OrderedDict
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import exc

from app.kernel.database import Database
from app.tracking.links import links

log = structlog.get_logger()

POLL_EVERY = timedelta(seconds=2)
_FIRST_LOAD = 200_000
_SENDS_IN_MEMORY = 20_000
_ASK_AGAIN_AFTER = 2.0
# Ids are handed out before their transaction commits, so the newest stretch is read again each time.
_OVERLAP = 2_000

# (link id, url) by position.
Targets = dict[int, tuple[int, str]]
# (link id, workspace id, send id, position, url)
Row = tuple[int, int, int, int, str]


class NotInMemory(Exception):
    """Memory does not know this link; the file or the database may."""


class LinkCache:
    """Finds a link's target: memory, then the local file, then the database."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._path = folder / "links.sqlite"
        self._local = threading.local()
        self._sends: OrderedDict[tuple[int, int], Targets] = OrderedDict()
        self._asked: dict[tuple[int, int], float] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._latest_id = 0
        self._generation = 0

    def find(self, workspace_id: int, send_id: int, position: int) -> tuple[int, str] | None:
        """Return (link id, url), or None if this send has no such link.

        Raises sqlalchemy's OperationalError when neither memory nor file knows the send and the database is away.
        """
        key, generation = (workspace_id, send_id), self._generation
        targets = self._sends.get(key)
        if (targets is None or position not in targets) and not self._was_asked(key):
            targets = self._from_file(key)
            if position not in targets:
                targets = self._from_database(key)
                self._asked[key] = time.monotonic()
            self._remember(key, targets, generation)
        return targets.get(position) if targets else None

    def _was_asked(self, key: tuple[int, int]) -> bool:
        """Say whether the database was asked for this send a moment ago: what it lacked then, it lacks now.

        A send's links are all there before its first mail leaves, and new ones come in by `refresh`; so whoever makes
        numbers up costs no more than whoever clicks.
        """
        if len(self._asked) > _SENDS_IN_MEMORY:
            self._asked.clear()
        return time.monotonic() - self._asked.get(key, -_ASK_AGAIN_AFTER) < _ASK_AGAIN_AFTER

    def recall(self, workspace_id: int, send_id: int, position: int) -> tuple[int, str]:
        """Return (link id, url) without waiting for anything; raise NotInMemory when memory does not know it."""
        try:
            return self._sends[workspace_id, send_id][position]
        except KeyError:
            raise NotInMemory from None

    def start(self) -> None:
        """Fetch new sends every two seconds from here on, in a thread that ends with the process."""
        threading.Thread(target=self._keep_fresh, name="tracking-links", daemon=True).start()

    def stop(self) -> None:
        """End the refreshing."""
        self._stop.set()

    def refresh(self) -> int:
        """Bring in every workspace's links that are new since the last time; return how many rows were read.

        What the file's newest stretch says must still be so: a database restored from a backup gives the same ids to
        other links, and then nothing in the file can be believed.
        """
        self._follow_file()
        known = self._newer_in_file(self._floor())
        rows = self._newer_in_database(self._floor())
        if not _is_among(known, rows):
            log.warning("tracking.links_forgotten")
            self._forget()
            rows = self._newer_in_database(0)
        if rows:
            self._latest_id = max(self._latest_id, rows[-1][0])
            self._store(rows)
        return len(rows)

    def _keep_fresh(self) -> None:
        is_over = False
        while not is_over:
            try:
                self.refresh()
            except (exc.SQLAlchemyError, sqlite3.Error) as error:
                log.warning("tracking.links_not_refreshed", error=type(error).__name__)
            is_over = self._stop.wait(POLL_EVERY.total_seconds())

    def _follow_file(self) -> None:
        """Begin where the file ends, and begin again when another process has emptied it."""
        generation: int = self._file().execute("PRAGMA user_version").fetchone()[0]
        if generation != self._generation or not self._latest_id:
            self._begin_again(generation)

    def _forget(self) -> None:
        """Empty file and memory; the other processes see by the file's generation that they must as well."""
        file = self._file()
        with file:
            file.execute("DELETE FROM links")
            generation: int = file.execute("PRAGMA user_version").fetchone()[0] + 1
            file.execute(f"PRAGMA user_version = {generation}")
        self._begin_again(generation)

    def _begin_again(self, generation: int) -> None:
        with self._lock:
            if generation != self._generation:
                self._sends.clear()
                self._asked.clear()
                self._generation = generation
        self._latest_id = self._file().execute("SELECT coalesce(max(id), 0) FROM links").fetchone()[0]

    def _floor(self) -> int:
        return max(0, self._latest_id - _OVERLAP)

    def _newer_in_database(self, link_id: int) -> list[Row]:
        with self._database.transaction(reading=True) as session:
            return links.newer_than(session, link_id, limit=_FIRST_LOAD)

    def _newer_in_file(self, link_id: int) -> list[Row]:
        query = "SELECT id, workspace_id, send_id, position, url FROM links WHERE id > ? ORDER BY id LIMIT ?"
        return self._file().execute(query, (link_id, _FIRST_LOAD)).fetchall()

    def _from_file(self, key: tuple[int, int]) -> Targets:
        query = "SELECT position, id, url FROM links WHERE workspace_id = ? AND send_id = ?"
        return {position: (link_id, url) for position, link_id, url in self._file().execute(query, key)}

    def _from_database(self, key: tuple[int, int]) -> Targets:
        workspace_id, send_id = key
        with self._database.transaction(workspace_id) as session:
            found = links.of_send(session, workspace_id, send_id)
            rows = [(link.id, workspace_id, send_id, link.position, link.url) for link in found]
        self._store(rows)
        return {position: (link_id, url) for link_id, _, _, position, url in rows}

    def _store(self, rows: list[Row]) -> None:
        file = self._file()
        with file:
            file.executemany("INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?, ?)", rows)
        with self._lock:
            for link_id, workspace_id, send_id, position, url in rows:
                known = self._sends.get((workspace_id, send_id))
                if known is not None:
                    known[position] = (link_id, url)

    def _remember(self, key: tuple[int, int], targets: Targets, generation: int) -> None:
        with self._lock:
            if generation != self._generation:
                return
            self._sends[key] = targets
            if len(self._sends) > _SENDS_IN_MEMORY:
                self._sends.popitem(last=False)

    def _file(self) -> sqlite3.Connection:
        """Return this thread's connection; a fork or a new thread opens its own."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=5)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS links (id INTEGER, workspace_id INTEGER, send_id INTEGER, position INTEGER,"
                " url TEXT, PRIMARY KEY (workspace_id, send_id, position)) WITHOUT ROWID"
            )
            connection.execute("CREATE INDEX IF NOT EXISTS links_by_id ON links (id)")
            self._local.connection = connection
        return connection


def _is_among(known: list[Row], rows: list[Row]) -> bool:
    """Is everything the file knew in what the database holds? Only as far as the database was read."""
    if len(rows) == _FIRST_LOAD:
        known = [row for row in known if row[0] <= rows[-1][0]]
    return set(known) <= set(rows)
