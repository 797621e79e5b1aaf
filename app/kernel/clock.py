"""The clock, read once at the edge and passed down as `now`."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol
from zoneinfo import available_timezones


class Clock(Protocol):
    """Anything that can say what time it is, in aware UTC."""

    def now(self) -> datetime: ...

    def by_database(self, database_at: datetime, /) -> datetime:
        """Return what time it is where all machines must agree, now that the database's own clock says this."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def by_database(self, database_at: datetime, /) -> datetime:
        return database_at


class FixedClock:
    """A clock that moves only when told to."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def by_database(self, _database_at: datetime, /) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> datetime:
        self._at += by
        return self._at


class OffsetClock:
    """The machine's clock plus seconds kept in a file, so that every process can be moved forward together."""

    # Reading a file for every request would cost more than the request; a tenth of a second late is unseen.
    REREAD_AFTER = 0.1

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_at = 0.0
        self._offset = timedelta()

    def now(self) -> datetime:
        return self.by_database(datetime.now(UTC))

    def by_database(self, database_at: datetime, /) -> datetime:
        if time.monotonic() - self._read_at > self.REREAD_AFTER:
            self._offset = timedelta(seconds=self._seconds())
            self._read_at = time.monotonic()
        return database_at + self._offset

    def advance(self, by: timedelta) -> datetime:
        """Move every process that reads this file forward; used by the demonstration only."""
        total = self._seconds() + by.total_seconds()
        fresh = self._file.with_suffix(".new")
        fresh.write_text(repr(total))
        fresh.replace(self._file)
        self._read_at = 0.0
        return self.now()

    def _seconds(self) -> float:
        try:
            return float(self._file.read_text())
        except (FileNotFoundError, ValueError):
            return 0.0


def choose(file: Path | None) -> Clock:
    """Return the clock this installation runs by."""
    return OffsetClock(file) if file else SystemClock()


@cache
def time_zones() -> frozenset[str]:
    """Return the names of every zone this machine knows, as "Europe/Berlin": read from its files once a process."""
    return frozenset(available_timezones())
