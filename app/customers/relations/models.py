"""The tables of relations: organisations and their people, households, and who is what to whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered, Tenant


class Organisation(Numbered, Base):
    """A company, authority or club that customers work at or belong to; below `parent_id`, if it has one.

    A trigger of the database refuses an organisation above itself, also where two moves meet.
    """

    __tablename__ = "organisations"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "parent_id"], ["organisations.workspace_id", "organisations.id"]),
        Index(
            "uq_organisations_external_ref",
            "workspace_id",
            "external_ref",
            unique=True,
            postgresql_where=text("external_ref IS NOT NULL"),
        ),
        Index("ix_organisations_parent", "workspace_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        Index("ix_organisations_name", "workspace_id", text('lower(name) COLLATE "C"'), "id"),
        Index("ix_organisations_domains", "domains", postgresql_using="gin"),
        CheckConstraint("employees >= 0", name="employees"),
        CheckConstraint("parent_id <> id", name="not_above_itself"),
    )
    audit_kind: ClassVar[str] = "organisation"

    name: Mapped[str]
    external_ref: Mapped[str | None]
    parent_id: Mapped[int | None]
    industry: Mapped[str | None]
    employees: Mapped[int | None]
    website: Mapped[str | None]
    domains: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
    address: Mapped[str | None]
    city: Mapped[str | None]
    country: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # The file that added it, for its undo.
    import_id: Mapped[int | None]

    def audit_details(self) -> dict[str, Any]:
        return {"name": self.name}


class OrganisationMember(Tenant, Base):
    """One person at one organisation: position, parts in the buying centre, from when to when.

    A person has one primary organisation, or none; one they have left is none.
    """

    __tablename__ = "organisation_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "organisation_id"],
            ["organisations.workspace_id", "organisations.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
        Index("ix_organisation_members_customer", "workspace_id", "customer_id"),
        Index(
            "uq_organisation_members_primary",
            "workspace_id",
            "customer_id",
            unique=True,
            postgresql_where=text("is_primary"),
        ),
        CheckConstraint("NOT is_primary OR until IS NULL", name="primary_is_current"),
        CheckConstraint("since <= until", name="since_before_until"),
        CheckConstraint(
            "buying_roles <@ ARRAY['user', 'influencer', 'buyer', 'decider', 'gatekeeper']", name="buying_roles"
        ),
    )

    organisation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[str | None]
    buying_roles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
    is_primary: Mapped[bool]
    since: Mapped[date | None] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime]
    # The file that says so, for its undo; None once somebody has said something else.
    import_id: Mapped[int | None]


class Household(Numbered, Base):
    """Customers who live and buy together; `external_ref` is what files call them by."""

    __tablename__ = "households"
    __table_args__ = (
        Index(
            "uq_households_external_ref",
            "workspace_id",
            "external_ref",
            unique=True,
            postgresql_where=text("external_ref IS NOT NULL"),
        ),
    )

    name: Mapped[str]
    external_ref: Mapped[str | None]
    created_at: Mapped[datetime]
    import_id: Mapped[int | None]


class HouseholdMember(Tenant, Base):
    """Somebody's household; nobody has two."""

    __tablename__ = "household_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "household_id"], ["households.workspace_id", "households.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
        Index("ix_household_members_household", "workspace_id", "household_id"),
    )

    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    household_id: Mapped[int]
    import_id: Mapped[int | None]


class CustomerRelation(Tenant, Base):
    """`related_id` is the parent, colleague, ... of `customer_id`; kinds that are the same both ways are kept once,
    the lower id first. A trigger refuses parents, managers and referrals in a circle.
    """

    __tablename__ = "customer_relations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["workspace_id", "related_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
        Index("ix_customer_relations_related", "workspace_id", "related_id", "kind"),
        Index(
            "uq_customer_relations_referrer",
            "workspace_id",
            "customer_id",
            unique=True,
            postgresql_where=text("kind = 'referred_by'"),
        ),
        CheckConstraint(
            "kind IN ('partner', 'parent', 'sibling', 'relative', 'friend', 'colleague', 'manager', 'referred_by')",
            name="kind",
        ),
        CheckConstraint("customer_id <> related_id", name="not_in_a_circle"),
    )

    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    related_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[datetime]
    import_id: Mapped[int | None]
