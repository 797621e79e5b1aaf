"""Two things that happen at once, brought to the moment when one waits for the other."""

from __future__ import annotations

import time

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.database import Database

_LONGEST_WAIT = 30.0


def until_somebody_waits(database: Database, session: Session) -> None:
    """Return as soon as another connection waits for what this session holds."""
    holder = session.scalar(text("SELECT pg_backend_pid()"))
    until = time.monotonic() + _LONGEST_WAIT
    while time.monotonic() < until:
        with database.transaction() as look:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE :holder = ANY(pg_blocking_pids(pid))"
            if look.scalar(text(waiting), {"holder": holder}):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")
