"""The tables of the customers room: people, what they did, and where each value came from."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.kernel.database import Base, Numbered, Tenant


def _of_customer() -> ForeignKeyConstraint:
    """The row belongs to a customer and goes when the customer goes."""
    return ForeignKeyConstraint(
        ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
    )


class Attached:
    """Mixin: a tenant table written by the hundred thousand. Row-level security ties its rows to a workspace; a foreign
    key would tie each of them once more, at the price of writing it twice.
    """

    @declared_attr
    def workspace_id(cls) -> Mapped[int]:
        return mapped_column(primary_key=True, autoincrement=False, sort_order=-2)


class Customer(Attached, Base):
    """A person the company knows. Addresses may change or be missing; the person stays.

    `address_id`, `email`, `email_key`, `address_digest` and `provider` repeat the primary living email of `addresses`,
    for whoever reads many people at once; `customers.addresses.projection` alone writes them.
    """

    __tablename__ = "customers"
    __table_args__ = (
        UniqueConstraint("workspace_id", "email_key", name="uq_customers_email_key"),
        Index(
            "uq_customers_external_ref",
            "workspace_id",
            "external_ref",
            unique=True,
            postgresql_where=text("external_ref IS NOT NULL"),
        ),
        CheckConstraint("(email_key IS NULL) = (address_digest IS NULL)", name="digest_follows_email"),
        CheckConstraint("(email_key IS NULL) = (address_id IS NULL)", name="address_follows_email"),
        CheckConstraint("gender IN ('female', 'male', 'other')", name="gender"),
        CheckConstraint("kind IN ('consumer', 'business')", name="kind"),
        CheckConstraint("preferred_channel IN ('email', 'phone', 'text', 'post', 'visit')", name="preferred_channel"),
        Index("ix_customers_country", "workspace_id", "country"),
        Index("ix_customers_tags", "tags", postgresql_using="gin"),
        Index("ix_customers_first_name", "workspace_id", text('lower(first_name) COLLATE "C"')),
        Index("ix_customers_last_name", "workspace_id", text('lower(last_name) COLLATE "C"')),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True, sort_order=-1)
    external_ref: Mapped[str | None]
    address_id: Mapped[int | None]
    email: Mapped[str | None]
    # Collation C: prefix search and uniqueness are served by one index, and comparing is byte-wise.
    email_key: Mapped[str | None] = mapped_column(Text(collation="C"))
    address_digest: Mapped[bytes | None]
    provider: Mapped[str] = mapped_column(server_default="other")
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    language: Mapped[str | None]
    country: Mapped[str | None]
    city: Mapped[str | None]
    time_zone: Mapped[str | None]
    gender: Mapped[str | None]
    birth_date: Mapped[date | None] = mapped_column(Date)
    occupation: Mapped[str | None]
    position: Mapped[str | None]
    # Whether they buy for themselves or for somebody they work for.
    kind: Mapped[str | None]
    preferred_channel: Mapped[str | None]
    preferred_media: Mapped[str | None]
    information_sources: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
    custom: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)
    provenance: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Address(Attached, Base):
    """One way to reach one customer, as long as it is theirs: living -> ended, and back only by undo.

    A change ends the row and adds another. Living emails belong to one customer of the workspace, and whoever has
    living addresses of a kind has exactly one primary of it. Who changes one holds the customer's row first. No foreign
    key: files add rows by the hundred thousand, in the statement that adds their customers.
    """

    __tablename__ = "addresses"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "customer_id", "id"),
        CheckConstraint("kind IN ('email', 'phone', 'postal')", name="kind"),
        CheckConstraint("NOT is_primary OR ended_at IS NULL", name="primary_lives"),
        Index(
            "uq_addresses_living_email",
            "workspace_id",
            "key",
            unique=True,
            postgresql_where=text("kind = 'email' AND ended_at IS NULL"),
        ),
        # The suppression list knows addresses by their digests alone.
        Index(
            "ix_addresses_living_digest",
            "workspace_id",
            "digest",
            postgresql_where=text("kind = 'email' AND ended_at IS NULL AND digest IS NOT NULL"),
        ),
        Index(
            "uq_addresses_primary",
            "workspace_id",
            "customer_id",
            "kind",
            unique=True,
            postgresql_where=text("is_primary"),
        ),
    )

    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str]
    value: Mapped[str]
    # Emails in the form they are compared by, phone numbers as E.164 where possible, the rest folded.
    key: Mapped[str] = mapped_column(Text(collation="C"))
    digest: Mapped[bytes]
    # Emails only: whose mailbox it is.
    provider: Mapped[str | None]
    label: Mapped[str] = mapped_column(server_default="", default="")
    is_primary: Mapped[bool]
    # When its owner answered from it.
    verified_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # One mark of `profiles.provenance`: who told it, and when.
    provenance: Mapped[list[Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]


class CustomerMix(Tenant, Base):
    """Where a large workspace's customers stand in their life with the company, as they were counted last."""

    __tablename__ = "customer_mixes"

    everyone: Mapped[int]
    buyers: Mapped[int]
    repeat_buyers: Mapped[int]
    responsive: Mapped[int]
    counted_at: Mapped[datetime]


class CustomField(Numbered, Base):
    """A typed field that this workspace added to its customers: living -> retired, and back; its values stay."""

    __tablename__ = "custom_fields"
    __table_args__ = (
        UniqueConstraint("workspace_id", "key", name="uq_custom_fields_key"),
        CheckConstraint("kind ~ '^[a-z_]{1,40}$'", name="kind"),
        CheckConstraint("(kind = 'reference') = (refers_to IS NOT NULL)", name="reference_has_target"),
        CheckConstraint("ground IS NULL OR sensitivity IS NOT NULL", name="ground_of_sensitive"),
        CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,39}$'", name="key"),
    )
    audit_kind: ClassVar[str] = "field"

    key: Mapped[str]
    label: Mapped[str]
    # One of `field_kinds.known`.
    kind: Mapped[str]
    choices: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
    # References only: the kind of thing they point to, one of `ReferenceTargets`.
    refers_to: Mapped[str | None]
    # What the law protects specially (`profiles.sensitive`), and why it may be used all the same.
    sensitivity: Mapped[str | None]
    ground: Mapped[str | None]
    # It is on no page, in no file and in no template any more; rules that ask for it say so.
    retired_at: Mapped[datetime | None]

    @property
    def is_barred(self) -> bool:
        """Say whether segments, scores and exports leave it alone: it is sensitive, and no ground is stated."""
        return self.sensitivity is not None and self.ground is None

    def audit_details(self) -> dict[str, Any]:
        """Return what names the field in the audit log."""
        return {"key": self.key, "label": self.label}


class Engagement(Attached, Base):
    """The sums of one customer's mails, answers and purchases. Every customer has exactly one row.

    Nothing that changes with each event is indexed and pages keep room, so that updates stay in place (HOT). No foreign
    key: the row is made by the very statement that makes the customer, and by no other.
    """

    __tablename__ = "customer_engagement"
    __table_args__ = (
        Index(
            "ix_customer_engagement_stage",
            "workspace_id",
            "stage",
            "customer_id",
            postgresql_where=text("stage <> 'prospect'"),
        ),
        {"postgresql_with": {"fillfactor": 50}},
    )

    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sent_count: Mapped[int] = mapped_column(server_default="0", default=0)
    latest_sent_at: Mapped[datetime | None]
    latest_open_at: Mapped[datetime | None]
    latest_click_at: Mapped[datetime | None]
    latest_reply_at: Mapped[datetime | None]
    latest_human_at: Mapped[datetime | None]
    open_count: Mapped[int] = mapped_column(server_default="0", default=0)
    click_count: Mapped[int] = mapped_column(server_default="0", default=0)
    machine_count: Mapped[int] = mapped_column(server_default="0", default=0)
    orders: Mapped[int] = mapped_column(server_default="0", default=0)
    spent: Mapped[Decimal] = mapped_column(Numeric(14, 2), server_default="0", default=Decimal(0))
    items: Mapped[int] = mapped_column(server_default="0", default=0)
    first_purchase_at: Mapped[datetime | None]
    latest_purchase_at: Mapped[datetime | None]
    recent_contact_at: Mapped[list[datetime]] = mapped_column(
        ARRAY(TIMESTAMP(timezone=True)), server_default="{}", default=list
    )
    recent_contact_topic: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}", default=list)
    # Where they stand in the life cycle, which `life_cycle.moving` alone writes.
    stage: Mapped[str] = mapped_column(server_default="prospect", default="prospect")
    stage_since: Mapped[datetime | None]


class Traits(Attached, Base):
    """What was inferred about one customer who allowed profiling; deleted when they withdraw."""

    __tablename__ = "customer_traits"
    __table_args__ = (
        _of_customer(),
        CheckConstraint(
            "recency BETWEEN 1 AND 5 AND frequency BETWEEN 1 AND 5 AND monetary BETWEEN 1 AND 5",
            name="quintiles",
        ),
    )

    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recency: Mapped[int] = mapped_column(SmallInteger)
    frequency: Mapped[int] = mapped_column(SmallInteger)
    monetary: Mapped[int] = mapped_column(SmallInteger)
    value_tier: Mapped[str]
    revenue_share: Mapped[Decimal] = mapped_column(Numeric(9, 6))
    segment_label: Mapped[str]
    inferred_at: Mapped[datetime]


class Activity(Attached, Base):
    """One thing that happened with a customer. Rows are only added, and kept as long as the workspace says.

    Partitioned by the month of `at`. No foreign key: events arrive in bulk, and late ones may name a customer who has
    been erased since. The key begins with what a timeline is read by, so that one index serves both.
    """

    __tablename__ = "activities"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "customer_id", "at", "id"),
        CheckConstraint("source IN ('tracking', 'delivery', 'staff', 'import', 'api', 'system')", name="source"),
        CheckConstraint("source <> 'tracking' OR name IN ('opened', 'clicked')", name="tracking_records_hits"),
        Index(
            "ix_activities_send",
            "workspace_id",
            "send_id",
            "name",
            postgresql_where=text("send_id IS NOT NULL"),
        ),
        Index("ix_activities_name", "workspace_id", "name", "at", postgresql_where=text("source <> 'tracking'")),
        Index("ix_activities_import", "workspace_id", "recorded_by", postgresql_where=text("source = 'import'")),
        Index(
            "ix_activities_recorded",
            *("workspace_id", "recorded_at"),
            postgresql_using="brin",
            postgresql_with={"autosummarize": "true"},
        ),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[int] = mapped_column(Identity(cache=100), primary_key=True, sort_order=-1)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime]
    # An open vocabulary: ours in `timeline.event_names`, and what programs report.
    name: Mapped[str]
    source: Mapped[str]
    # The number of staff, of the API key or of the import, as the source says.
    recorded_by: Mapped[int | None]
    message_id: Mapped[int | None]
    send_id: Mapped[int | None]
    link_id: Mapped[int | None]
    verdict: Mapped[str | None]
    verdict_version: Mapped[int | None] = mapped_column(SmallInteger)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
    facts: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)


class ActivityRef(Tenant, Base):
    """The number by which a file told of an event of a customer; told again, it is not recorded again."""

    __tablename__ = "activity_refs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
        Index("ix_activity_refs_customer", "workspace_id", "customer_id"),
    )

    event_ref: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int]
    import_id: Mapped[int]


class ExpiredSendResponse(Attached, Base):
    """How many people an event of a send happened with, by best verdict, whose activities are kept no longer."""

    __tablename__ = "expired_send_responses"
    __table_args__ = (CheckConstraint("verdict IN ('human', 'unsure', 'proxy', 'scanner')", name="verdict"),)

    send_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    verdict: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]


class ExpiredLinkClicks(Attached, Base):
    """How many customers clicked a link of a send, by hand and by machine, whose clicks are kept no longer."""

    __tablename__ = "expired_link_clicks"

    send_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    link_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    people: Mapped[int]
    machines: Mapped[int]
