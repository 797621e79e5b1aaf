"""Two things that happen at once, brought to the moment when one waits for the other."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.database import Database
from tests.factories.servers.processes import until


def until_somebody_waits(database: Database, session: Session) -> None:
    """Return as soon as another connection waits for what this session holds."""
    holder = session.scalar(text("SELECT pg_backend_pid()"))
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE :holder = ANY(pg_blocking_pids(pid))")

    def somebody_waits() -> bool:
        with database.transaction() as look:
            return bool(look.scalar(waiting, {"holder": holder}))

    until(somebody_waits, otherwise=lambda: "nobody waits")
