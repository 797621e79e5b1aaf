"""The tables of merges: who became whom, which old numbers lead where, and what was changed on the way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Identity, Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.models import Attached
from app.kernel.database import Base, Numbered


class CustomerMerge(Numbered, Base):
    """One customer became part of another: merged -> undone. The latest of a survivor is undone first."""

    __tablename__ = "customer_merges"
    __table_args__ = (
        CheckConstraint("method IN ('staff', 'api', 'automatic')", name="method"),
        CheckConstraint("survivor_id <> former_id", name="not_with_oneself"),
        Index("ix_customer_merges_survivor", "workspace_id", "survivor_id", "id"),
        Index("ix_customer_merges_merged_at", "workspace_id", "merged_at"),
    )

    survivor_id: Mapped[int]
    former_id: Mapped[int]
    former_name: Mapped[str]
    method: Mapped[str]
    staff_id: Mapped[int | None]
    merged_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class CustomerAlias(Attached, Base):
    """The number of a customer who became part of another, who is found by it. Never an alias of an alias."""

    __tablename__ = "customer_aliases"
    __table_args__ = (
        Index("ix_customer_aliases_customer", "workspace_id", "customer_id"),
        Index(
            "uq_customer_aliases_external_ref",
            "workspace_id",
            "external_ref",
            unique=True,
            postgresql_where=text("external_ref IS NOT NULL"),
        ),
    )

    former_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int]
    # The customer number that the survivor does not carry, and is found by all the same.
    external_ref: Mapped[str | None]


class MergeChange(Attached, Base):
    """One row that a merge changed, removed or added, or what a room noted for its own undo."""

    __tablename__ = "merge_changes"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "merge_id", "step", "id"),
        ForeignKeyConstraint(
            ["workspace_id", "merge_id"], ["customer_merges.workspace_id", "customer_merges.id"], ondelete="CASCADE"
        ),
        CheckConstraint("kind IN ('changed', 'removed', 'added', 'noted')", name="kind"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    merge_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    table_name: Mapped[str]
    kind: Mapped[str]
    key: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
