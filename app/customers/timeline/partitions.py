"""Keeps the monthly partitions of `activities` ahead of what comes, one a transaction; the SQL is with the table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

MONTHS_AHEAD = 3
_MAKE = text("SELECT make_activity_partition(:today, :ahead)")
_DROP = text("SELECT drop_activity_partition(:today)")


def make_next(session: Session, *, now: datetime) -> str | None:
    """Make the next partition that is missing and return its name, None where none is.

    Those are missing of this month and the next ones, and of those months that events wait for in the default one.
    """
    made: str | None = session.scalar(_MAKE, {"today": now.date(), "ahead": MONTHS_AHEAD})
    return made


def drop_next(session: Session, *, now: datetime) -> str | None:
    """Drop a partition that is older than a year and empty, and return its name.

    None where there is none, or where activities are too busy to be locked: another day will do.
    """
    dropped: str | None = session.scalar(_DROP, {"today": now.date()})
    return dropped
