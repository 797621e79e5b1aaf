"""The tables of segments: kept rules, their sizes and members, and lists of people."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered, Tenant


class Segment(Numbered, Base):
    """A rule with a name. Who matches is asked anew each time; the count is a memory of the latest time."""

    __tablename__ = "segments"
    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("name <> ''", name="has_name"),
        Index("ix_segments_watched", "workspace_id", postgresql_where=text("watched_since IS NOT NULL")),
    )

    name: Mapped[str]
    rules: Mapped[dict[str, Any]]
    latest_count: Mapped[int | None]
    counted_at: Mapped[datetime | None]
    created_by: Mapped[int | None]
    updated_at: Mapped[datetime]
    # Whose members are kept, with who entered and left; when that was last done for everybody, and how long it took.
    watched_since: Mapped[datetime | None]
    evaluated_at: Mapped[datetime | None]
    evaluation_ms: Mapped[int] = mapped_column(server_default="0", default=0)
    # So many are to be evaluated again that the whole is done sooner.
    is_outdated: Mapped[bool] = mapped_column(server_default=text("false"), default=False)


class SegmentSize(Tenant, Base):
    """How many were in a segment on a day, as it was counted last that day."""

    __tablename__ = "segment_sizes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "segment_id"], ["segments.workspace_id", "segments.id"], ondelete="CASCADE"
        ),
    )

    segment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    size: Mapped[int]


class CustomerList(Numbered, Base):
    """A named list of people. Once deleted it stays for a day, as its undo needs it."""

    __tablename__ = "customer_lists"
    audit_kind: ClassVar[str] = "list"
    __table_args__ = (
        CheckConstraint("name <> ''", name="has_name"),
        Index(
            "uq_customer_lists_name", "workspace_id", "name", unique=True, postgresql_where=text("deleted_at IS NULL")
        ),
    )

    name: Mapped[str]
    created_by: Mapped[int | None]
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class ListMember(Tenant, Base):
    """Somebody on a list: who added them, when, and from where (`source_id` is a segment's or an import's)."""

    __tablename__ = "customer_list_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "list_id"], ["customer_lists.workspace_id", "customer_lists.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
        CheckConstraint("source IN ('hand', 'segment', 'paste', 'import', 'quality')", name="source"),
        Index("ix_customer_list_members_customer", "workspace_id", "customer_id"),
    )

    list_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    added_at: Mapped[datetime]
    added_by: Mapped[int | None]
    source: Mapped[str]
    source_id: Mapped[int | None]


class ChangedCustomer(Base):
    """Somebody who changed since memberships were brought up to date; triggers add the rows, whoever changes what."""

    __tablename__ = "changed_customers"

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(cache=100), primary_key=True)
    customer_id: Mapped[int]


class MemberCheck(Base):
    """Somebody who is to be evaluated again because time alone may then move them into or out of a watched segment.

    A check may come too early, never too late.
    """

    __tablename__ = "member_checks"
    __table_args__ = (Index("ix_member_checks_due", "workspace_id", "due_at"),)

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_at: Mapped[datetime]


class MemberUpdate(Base):
    """When the members of a workspace's watched segments were brought up to date for those who changed."""

    __tablename__ = "member_updates"

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]


def _of_segment_and_customer() -> tuple[ForeignKeyConstraint, ForeignKeyConstraint]:
    """The row goes with its segment and with its customer."""
    return (
        ForeignKeyConstraint(
            ["workspace_id", "segment_id"], ["segments.workspace_id", "segments.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
    )


class SegmentMember(Base):
    """Somebody in a watched segment."""

    __tablename__ = "segment_members"
    __table_args__ = (
        *_of_segment_and_customer(),
        Index("ix_segment_members_customer", "workspace_id", "customer_id"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    segment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime]


class SegmentMove(Base):
    """Somebody entered or left a watched segment; `at` is when that was noticed."""

    __tablename__ = "segment_moves"
    __table_args__ = (
        *_of_segment_and_customer(),
        Index("ix_segment_moves_at", "workspace_id", "segment_id", "at"),
        Index("ix_segment_moves_customer", "workspace_id", "customer_id", "at"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    segment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(cache=100), primary_key=True)
    customer_id: Mapped[int]
    at: Mapped[datetime]
    has_entered: Mapped[bool]
