"""Keeps the monthly partitions of `activities` ahead of what comes; the SQL stands with the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

MONTHS_AHEAD = 3
_MAINTAIN = text("SELECT made, dropped FROM maintain_activity_partitions(:today, :ahead)")


@dataclass(frozen=True, slots=True)
class Maintained:
    """The names of the partitions that were made, and of those that were empty and dropped."""

    made: list[str]
    dropped: list[str]


def maintain(session: Session, *, now: datetime) -> Maintained:
    """Make the partitions of this month and the next ones, and of those months that events wait for in the default one.

    Partitions older than a year that hold nothing any more are dropped.
    """
    row = session.execute(_MAINTAIN, {"today": now.date(), "ahead": MONTHS_AHEAD}).one()
    return Maintained(row.made, row.dropped)
