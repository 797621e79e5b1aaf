"""Outages that tests begin with; they belong to no workspace, so they end with the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import text

from app.kernel.database import Database


@contextmanager
def an_outage(database: Database, began_at: datetime, ended_at: datetime) -> Iterator[None]:
    """One outage that is over, and that nobody has dealt with."""
    with database.transaction() as session:
        session.execute(
            text("INSERT INTO outages (began_at, ended_at) VALUES (:began, :ended)"),
            {"began": began_at, "ended": ended_at},
        )
    try:
        yield
    finally:
        with database.transaction() as session:
            session.execute(text("DELETE FROM outages"))


@contextmanager
def a_silent_relay(database: Database, since: str) -> Iterator[None]:
    """The latest heartbeat was so long ago, for instance "2 hours"."""
    with database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO heartbeats (name, beat_at)"
                " VALUES ('relay', clock_timestamp() - CAST(:since AS interval))"
                " ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at"
            ),
            {"since": since},
        )
    try:
        yield
    finally:
        with database.transaction() as session:
            session.execute(text("DELETE FROM heartbeats"))
            session.execute(text("DELETE FROM outages"))
