"""The tables of data quality: the workspace's rules, and the figures that a job keeps for the page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Tenant


class QualityRules(Tenant, Base):
    """From when on a workspace calls values old and addresses silent, in months."""

    __tablename__ = "quality_rules"
    __table_args__ = (
        CheckConstraint("stale_months BETWEEN 1 AND 120", name="stale_months"),
        CheckConstraint("silent_months BETWEEN 1 AND 120", name="silent_months"),
    )

    stale_months: Mapped[int] = mapped_column(SmallInteger)
    silent_months: Mapped[int] = mapped_column(SmallInteger)


class QualityCount(Tenant, Base):
    """When a workspace's data was counted last, and when somebody asked for it last."""

    __tablename__ = "quality_counts"

    everyone: Mapped[int]
    silent: Mapped[int]
    asked_at: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]


class FieldFill(Tenant, Base):
    """Of how many people of a source a field is known, old, or expired and not told anew; `*` is every source.

    The name `*` counts the people themselves.
    """

    __tablename__ = "field_fill"

    source: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]
    stale: Mapped[int]
    expired: Mapped[int]


class ReachCount(Tenant, Base):
    """How many people cannot be mailed for one reason; whoever has several counts for the first."""

    __tablename__ = "reach_counts"

    reason: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]


class FieldUse(Tenant, Base):
    """How many segments, campaigns or journeys use a field."""

    __tablename__ = "field_uses"

    name: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    uses: Mapped[int]
