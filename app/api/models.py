"""The tables of the API: which write was asked for under which key, and which events were told lately."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Tenant


class IdempotencyKey(Tenant, Base):
    """One write of a program, told apart by the key it sent. The answer is written with what it answers for."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_age", "workspace_id", "created_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    body: Mapped[str | None]
    created_at: Mapped[datetime]


class ReportedEvent(Tenant, Base):
    """One event that a program told under a number of its own. It commits together with the event."""

    __tablename__ = "reported_events"
    __table_args__ = (Index("ix_reported_events_age", "workspace_id", "created_at"),)

    event_ref: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
