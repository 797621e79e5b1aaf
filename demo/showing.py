"""Decides whether the demonstration may be played here: once, from its beginning, where it can harm nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from redis import Redis
from rq import Queue
from sqlalchemy import select

from app.accounts.models import Workspace
from app.kernel.database import Database
from app.kernel.queueing import jobs, queue, relay
from demo import play
from demo.stage import NAME
from migrations import schema

# What takes every mail that is sent while there is no mail server of the operator's.
catcher = "demo.catcher"
_BEGUN, _OVER = "demo-begun", "demo-played"
_LEFT_BY_A_FIRST_TRY = ("mail", "spool", "demo", "clock", "demo-login", "announcement.json")


def is_over(var_dir: Path) -> bool:
    """Say whether it was played to its end in this folder, or was found not to belong here."""
    return (var_dir / _OVER).exists()


def make_ready(env: Mapping[str, str]) -> str | None:
    """Return why it cannot be played here, or None; what an interrupted first try left behind is cleared away.

    Call it while nothing else runs but the database and Redis.
    """
    begun = Path(env["VAR_DIR"]) / _BEGUN
    if not env.get("CATCHER_URL"):
        return "SMTP_URL names a mail server of yours, and the demonstration would write to people who do not exist"
    held = _workspaces(env["DATABASE_URL"])
    if held and not (begun.exists() and held == [NAME]):
        return "the database already holds workspaces, and the demonstration moves the clock for all of them"
    if begun.exists():
        print("The first demonstration was interrupted; it begins again.", flush=True)
        _clear(env)
    begun.touch()
    return None


def pass_over(var_dir: Path, reason: str) -> None:
    """Remember that it does not belong here."""
    (var_dir / _OVER).write_text(f"Not played: {reason}\n")


def begin(env: Mapping[str, str]) -> Callable[[], int]:
    """Open the shop, so that somebody can log in and look on; return what plays the rest.

    That remembers its end and returns 0 when every count adds up. Somebody who looks on may do something that the
    counts do not know of: it is over all the same, and what they did stays.
    """
    stage = play.open_stage(env)

    def perform() -> int:
        status = play.main(stage, env)
        if status != play.STUCK:
            (Path(env["VAR_DIR"]) / _OVER).touch()
        return status

    return perform


def _workspaces(database_url: str) -> list[str]:
    database = Database(database_url, pool_size=0)
    with database.transaction() as session:
        return list(session.scalars(select(Workspace.name).limit(2)))


def _clear(env: Mapping[str, str]) -> None:
    """Begin with empty tables, so that nothing is counted twice; the ledger, which forgets nothing, goes with them."""
    schema.downgrade(env["DATABASE_OWNER_URL"])
    schema.upgrade(env["DATABASE_OWNER_URL"])
    redis: Redis = queue.connect(env["REDIS_URL"])
    for name in jobs.QUEUES:
        Queue(name, connection=redis).empty()  # type: ignore[no-untyped-call]
    redis.delete(relay.MARKER)
    for name in _LEFT_BY_A_FIRST_TRY:
        path = Path(env["VAR_DIR"]) / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
