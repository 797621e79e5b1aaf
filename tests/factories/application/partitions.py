"""The monthly partitions of activities, made and dropped as the daily job does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.customers.timeline import partitions


def make_all(session: Session, *, now: datetime) -> list[str]:
    """Make every partition that is missing."""
    return list(iter(lambda: partitions.make_next(session, now=now) or "", ""))


def drop_all(session: Session, *, now: datetime) -> list[str]:
    """Drop every partition that is old and empty."""
    return list(iter(lambda: partitions.drop_next(session, now=now) or "", ""))
