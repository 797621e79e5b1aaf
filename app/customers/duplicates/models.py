"""The tables of duplicates: pairs of customers who may be one person, and from when on they are merged unasked."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered, Tenant


class DuplicatePair(Numbered, Base):
    """Two customers who may be one: open -> later | distinct, and back by undo; a merge takes the pair away."""

    __tablename__ = "duplicate_pairs"
    __table_args__ = (
        UniqueConstraint("workspace_id", "one_id", "other_id", name="uq_duplicate_pairs_both"),
        CheckConstraint("one_id < other_id", name="in_order"),
        CheckConstraint("kind IN ('hard', 'soft')", name="kind"),
        CheckConstraint("state IN ('open', 'later', 'distinct')", name="state"),
        CheckConstraint("probability BETWEEN 0 AND 1", name="probability"),
        Index(
            "ix_duplicate_pairs_waiting",
            *("workspace_id", "state", "probability"),
            postgresql_where=text("state <> 'distinct'"),
        ),
        Index("ix_duplicate_pairs_other", "workspace_id", "other_id"),
    )

    one_id: Mapped[int]
    other_id: Mapped[int]
    kind: Mapped[str]
    probability: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    # How far each thing agrees, in a word: field -> word.
    evidence: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default="open", default="open")
    found_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None]


class DuplicateRules(Tenant, Base):
    """From which probability on a workspace has pairs merged without being asked."""

    __tablename__ = "duplicate_rules"
    __table_args__ = (CheckConstraint("merged_from BETWEEN 0.9 AND 1", name="merged_from"),)

    merged_from: Mapped[Decimal | None] = mapped_column(Numeric(7, 6))
