"""The table of sources."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, Numeric, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered, Tenant


class Source(Numbered, Base):
    """One source of people and of what is known of them: in use -> retired, and back.

    Imports name one; what it is like says how far their values are trusted.
    """

    __tablename__ = "sources"
    __table_args__ = (
        Index("uq_sources_name", "workspace_id", text("lower(name)"), unique=True),
        CheckConstraint("kind ~ '^[a-z_]{1,40}$'", name="kind"),
        CheckConstraint("certainty BETWEEN 1 AND 100", name="certainty"),
        CheckConstraint("cost >= 0 AND (cost IS NULL) = (currency IS NULL)", name="cost_has_currency"),
    )
    audit_kind: ClassVar[str] = "source"

    name: Mapped[str]
    # One of `catalogue.KINDS`.
    kind: Mapped[str]
    is_external: Mapped[bool]
    is_inferred: Mapped[bool]
    is_implied: Mapped[bool]
    # How sure its values are, in percent; None for what is usual.
    certainty: Mapped[int | None] = mapped_column(SmallInteger)
    cost: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    currency: Mapped[str | None]
    licence: Mapped[str] = mapped_column(server_default="", default="")
    # Its values are believed until then.
    licence_ends_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]

    def audit_details(self) -> dict[str, str]:
        """Return what names the source in the audit log."""
        return {"name": self.name}


class SourceOutcome(Tenant, Base):
    """What became of the people one source brought, as it was counted last."""

    __tablename__ = "source_outcomes"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "source_id"], ["sources.workspace_id", "sources.id"], ondelete="CASCADE"),
    )

    source_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    people: Mapped[int]
    mailable: Mapped[int]
    bought: Mapped[int]
    complained: Mapped[int]
    counted_at: Mapped[datetime]


class ValueCoverage(Tenant, Base):
    """Of how many people a field is known in one way, as it was counted last."""

    __tablename__ = "value_coverage"

    name: Mapped[str] = mapped_column(primary_key=True)
    nature: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    people: Mapped[int]
    stale: Mapped[int]
    counted_at: Mapped[datetime]
