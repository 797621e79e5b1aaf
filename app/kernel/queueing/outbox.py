"""The outbox: jobs and facts written in the transaction they follow from.

A row is a wake-up, not a message: the job it names looks at the tables and does what is due, zero, one or many times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel import extensions
from app.kernel.database import Base
from app.kernel.queueing.jobs import Jobs

CHANNEL = "outbox"


class OutboxRow(Base):
    """One job to be run. It is deleted when it has run well; a failing one stays, with its error, to be retried."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("uq_outbox_key", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
        Index("ix_outbox_due", "leased_until", "run_at", postgresql_where=text("failed_at IS NULL")),
        Index("ix_outbox_share", "queue", "tenant_id", "id", postgresql_where=text("failed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str]
    queue: Mapped[str]
    # Whose job it is, so that each gets its share; none for what recurs. The outbox itself belongs to no tenant.
    tenant_id: Mapped[int | None]
    args: Mapped[dict[str, Any]]
    key: Mapped[str | None]
    run_at: Mapped[datetime | None]
    # Asked for again while it was running: it runs once more instead of being deleted.
    is_wanted_again: Mapped[bool] = mapped_column(server_default=text("false"))
    holder: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str | None] = mapped_column(Text)
    failed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class CronTick(Base):
    """The latest slot in which a recurring job was started, so that one slot starts it once."""

    __tablename__ = "cron_ticks"

    name: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[int]


# No time means at once. A row that is running right now has used up its own time, so only the new wish counts.
_EARLIER = """CASE
    WHEN outbox.holder IS NOT NULL AND NOT outbox.is_wanted_again THEN excluded.run_at
    WHEN excluded.run_at IS NULL OR outbox.run_at IS NULL THEN NULL
    ELSE least(outbox.run_at, excluded.run_at) END"""


@dataclass(frozen=True)
class Fact:
    """Something that happened, in the past tense; subclasses live in a room's `facts.py` and carry ids and times."""

    workspace_id: int


@dataclass(frozen=True)
class Listeners:
    """Which jobs hear which fact; wiring holds the only map of who hears what."""

    by_fact: Mapping[type[Fact], Sequence[str]] = field(default_factory=dict)


def enqueue(
    session: Session, name: str, *, run_at: datetime | None = None, key: str | None = None, **args: Any
) -> None:
    """Have the job `name` run with `args` once this transaction has committed, not before `run_at`.

    While a row with the same `key` waits, a second one only moves it earlier; while it runs, it makes it run again.
    """
    row = {**_row(session, name, args), "key": key, "run_at": run_at}
    statement = insert(OutboxRow).values(row)
    if key is not None:
        statement = statement.on_conflict_do_update(
            index_elements=["key"],
            index_where=text("key IS NOT NULL"),
            set_={
                "args": statement.excluded.args,
                "run_at": text(_EARLIER),
                "is_wanted_again": text("outbox.holder IS NOT NULL"),
                "failed_at": None,
                "attempts": 0,
            },
        )
    session.execute(statement)
    session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


def publish(session: Session, fact: Fact) -> None:
    """Tell every room that listens; each listener becomes a job of its own, carrying the fact's fields."""
    publish_all(session, [fact])


def publish_all(session: Session, facts: Sequence[Fact]) -> None:
    """Tell of many facts in one statement, for those who write them while others wait."""
    by_fact = extensions.of(session, Listeners).by_fact
    rows = [
        _row(session, name, {told.name: _plain(getattr(fact, told.name)) for told in fields(fact)})
        for fact in facts
        for name in by_fact.get(type(fact), ())
    ]
    if rows:
        session.execute(insert(OutboxRow), rows)
        session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


def _row(session: Session, name: str, args: dict[str, Any]) -> dict[str, Any]:
    queue = extensions.of(session, Jobs).queue_of(name)
    return {"name": name, "queue": queue, "tenant_id": args.get("workspace_id"), "args": args}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
