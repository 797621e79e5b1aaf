"""Outages: stretches in which no relay ran, told by its heartbeat, for work that must not go on as if nothing happened.

The leading relay beats once a minute, by the database's clock; its first beat after a long silence writes an outage.
Each kind of work takes every outage once per workspace, before it does anything else (`take`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Identity, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel.database import Base, Tenant

# Shorter ones are a restart; what waited so long may have lost its sense, so a person decides.
LONG = timedelta(hours=1)
RELAY = "relay"


class Heartbeat(Base):
    """When something that must always run was seen running last."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    beat_at: Mapped[datetime]


class Outage(Base):
    """One long stretch without a relay."""

    __tablename__ = "outages"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]


class HandledOutage(Tenant, Base):
    """The latest outage that one kind of work of a workspace has dealt with."""

    __tablename__ = "handled_outages"

    handler: Mapped[str] = mapped_column(primary_key=True)
    outage_id: Mapped[int]


@dataclass(frozen=True)
class Ended:
    """An outage that is over."""

    began_at: datetime
    ended_at: datetime


def beat(session: Session) -> None:
    """Say that the relay runs; after a long silence, write down the outage."""
    asked = {"name": RELAY, "long": LONG}
    session.execute(
        text(
            "INSERT INTO outages (began_at, ended_at) SELECT beat_at, clock_timestamp() FROM heartbeats"
            " WHERE name = :name AND clock_timestamp() - beat_at > :long"
        ),
        asked,
    )
    session.execute(
        text(
            "INSERT INTO heartbeats (name, beat_at) VALUES (:name, clock_timestamp())"
            " ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at"
        ),
        asked,
    )


def is_down(session: Session) -> bool:
    """Say whether an outage is not over yet: its end is not written down, so nobody can have dealt with it."""
    silent = text("SELECT clock_timestamp() - beat_at > :long FROM heartbeats WHERE name = :name")
    return bool(session.scalar(silent, {"name": RELAY, "long": LONG}))


def take(session: Session, workspace_id: int, handler: str) -> Ended | None:
    """Return the latest outage unless this handler took it before; two who ask at once wait for each other."""
    asked = {"workspace_id": workspace_id, "handler": handler}
    latest = session.execute(
        text(
            "SELECT id, began_at, ended_at FROM outages WHERE id > coalesce((SELECT outage_id FROM handled_outages"
            " WHERE workspace_id = :workspace_id AND handler = :handler), 0) ORDER BY id DESC LIMIT 1"
        ),
        asked,
    ).one_or_none()
    if latest is None:
        return None
    taken = session.execute(
        text(
            "INSERT INTO handled_outages AS known (workspace_id, handler, outage_id)"
            " VALUES (:workspace_id, :handler, :outage_id) ON CONFLICT (workspace_id, handler)"
            " DO UPDATE SET outage_id = excluded.outage_id WHERE known.outage_id < excluded.outage_id"
            " RETURNING known.outage_id"
        ),
        {**asked, "outage_id": latest.id},
    ).one_or_none()
    return Ended(latest.began_at, latest.ended_at) if taken else None
