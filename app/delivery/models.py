"""The tables of delivery: what is sent, through which lane, in which batches, and every single message."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered, Tenant


class SendKind(StrEnum):
    """Who asked for a send. Transactional mail alone needs no marketing permission: it names a record."""

    CAMPAIGN = "campaign"
    JOURNEY = "journey"
    TRANSACTIONAL = "transactional"
    API = "api"


class OccasionKind(StrEnum):
    """What kind of thing gives rise to a message."""

    CAMPAIGN = "campaign"
    JOURNEY = "journey"
    TRANSACTIONAL = "transactional"


class SendState(StrEnum):
    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


class MessageState(StrEnum):
    """Where a message stands. While its batch is leased to a sender, a queued message is called claimed."""

    QUEUED = "queued"
    HANDED = "handed"
    SENT = "sent"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    SKIPPED = "skipped"


class DecisionAnswer(StrEnum):
    """What the gate answered, where it was not a plain send."""

    WAIT = "wait"
    DROP = "drop"
    HELD_OUT = "held_out"


def _one_of(column: str, words: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(word.value) for word in words)})"


class OccasionRow(Numbered, Base):
    """What messages are written for, such as one occurrence of a campaign; see `launching.occasions`."""

    __tablename__ = "occasions"
    __table_args__ = (
        UniqueConstraint("workspace_id", "kind", "source_id", "part", "number", name="uq_occasions_key"),
        CheckConstraint(_one_of("kind", OccasionKind), name="known_kind"),
    )

    kind: Mapped[str]
    source_id: Mapped[int]
    part: Mapped[str]
    number: Mapped[int]
    # Since then there may be messages of it.
    launched_at: Mapped[datetime | None]


class Send(Numbered, Base):
    """Frozen content for an audience: one variant of a campaign in one language, one version of a journey step, one
    kind of transactional mail. Where all its messages are of one occasion, it names that occasion."""

    __tablename__ = "sends"
    __table_args__ = (
        CheckConstraint(_one_of("kind", SendKind), name="known_kind"),
        CheckConstraint(_one_of("state", SendState), name="known_state"),
        CheckConstraint("kind = 'transactional' OR topic_id IS NOT NULL", name="marketing_has_topic"),
        CheckConstraint("kind <> 'campaign' OR occasion_id IS NOT NULL", name="campaign_has_occasion"),
        CheckConstraint("state <> 'paused' OR pause_reason IS NOT NULL", name="pause_has_reason"),
        ForeignKeyConstraint(
            ["workspace_id", "identity_id"], ["sending_identities.workspace_id", "sending_identities.id"]
        ),
        ForeignKeyConstraint(["workspace_id", "occasion_id"], ["occasions.workspace_id", "occasions.id"]),
        Index("ix_sends_source", "workspace_id", "kind", "source_id"),
    )

    kind: Mapped[str]
    source_id: Mapped[int]
    occasion_id: Mapped[int | None]
    topic_id: Mapped[int | None]
    purpose: Mapped[str]
    identity_id: Mapped[int]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    subject: Mapped[str]
    preheader: Mapped[str]
    html: Mapped[str]
    text: Mapped[str]
    language: Mapped[str]
    state: Mapped[str]
    pause_reason: Mapped[str | None]
    launched_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Lane(Numbered, Base):
    """One sending identity towards one mailbox provider: the unit of pace, of pauses and of sender processes."""

    __tablename__ = "lanes"
    __table_args__ = (
        UniqueConstraint("workspace_id", "identity_id", "provider", name="uq_lanes_way"),
        CheckConstraint("paused_at IS NULL OR pause_reason IS NOT NULL", name="pause_has_reason"),
        ForeignKeyConstraint(
            ["workspace_id", "identity_id"], ["sending_identities.workspace_id", "sending_identities.id"]
        ),
    )

    identity_id: Mapped[int]
    provider: Mapped[str]
    rate_per_second: Mapped[int | None]
    # Held back for a while by the provider's own answers; ends by itself.
    paused_until: Mapped[datetime | None]
    backoffs: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    # Stopped because its relay refuses us as such: until `paused_until`, or until staff start it again.
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None]


class DomainRefusals(Tenant, Base):
    """What speaks for a domain's refusing one identity's mail as such, and until when it is let alone because of it.

    `recipients` are digests of those refused since `began_at`, `taken` counts what went through meanwhile. After
    `paused_until` the domain is on trial; `backoffs` counts its rests so far.
    """

    __tablename__ = "domain_refusals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "identity_id"],
            ["sending_identities.workspace_id", "sending_identities.id"],
            ondelete="CASCADE",
        ),
    )

    identity_id: Mapped[int] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(primary_key=True)
    recipients: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary), server_default=text("'{}'"))
    taken: Mapped[int] = mapped_column(server_default=text("0"))
    reply: Mapped[str]
    began_at: Mapped[datetime]
    latest_at: Mapped[datetime]
    paused_until: Mapped[datetime | None]
    backoffs: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))


class Batch(Numbered, Base):
    """Up to a thousand messages of one send in one lane: what a sender leases, so that no message has to be."""

    __tablename__ = "batches"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'leased', 'done')", name="known_state"),
        CheckConstraint("state <> 'leased' OR (lease_until IS NOT NULL AND holder IS NOT NULL)", name="lease_is_held"),
        ForeignKeyConstraint(["workspace_id", "send_id"], ["sends.workspace_id", "sends.id"]),
        ForeignKeyConstraint(["workspace_id", "lane_id"], ["lanes.workspace_id", "lanes.id"]),
        Index("ix_batches_open", "workspace_id", "lane_id", postgresql_where=text("state <> 'done'")),
        Index("ix_batches_of_send", "workspace_id", "send_id", postgresql_where=text("state <> 'done'")),
    )

    send_id: Mapped[int]
    lane_id: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="queued")
    due_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    holder: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    message_count: Mapped[int]
    message_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class Message(Numbered, Base):
    """One mail to one person: the evidence of what was done with it, and the answer to "why (not)".

    `due_at` is set exactly while it waits for a moment outside of any batch. No foreign keys, not to the workspace
    either: rows are inserted by the hundred thousand, and each key would cost a third of a row's time; sends are never
    deleted, and what was sent stays known after its person is erased.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("workspace_id", "customer_id", "occasion_id", name="uq_messages_once"),
        CheckConstraint(_one_of("state", MessageState), name="known_state"),
        CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent_has_time"),
        CheckConstraint("state NOT IN ('handed', 'sent') OR permission_seq IS NOT NULL", name="no_record_no_send"),
        CheckConstraint("state <> 'skipped' OR reason IS NOT NULL", name="skipped_has_reason"),
        CheckConstraint("due_at IS NULL OR state = 'queued'", name="only_queued_waits"),
        CheckConstraint("doubted_at IS NULL OR state = 'in_doubt'", name="only_in_doubt_is_doubted"),
        Index(
            "ix_messages_doubted", "workspace_id", "send_id", "id", postgresql_where=text("doubted_at IS NOT NULL")
        ),
        Index("ix_messages_send", "workspace_id", "send_id"),
        Index("ix_messages_waiting", "workspace_id", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        # Inserted by the hundred thousand, each row is written anew twice within seconds: pages keep room for both.
        {"postgresql_with": {"fillfactor": 35}},
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-2)
    send_id: Mapped[int]
    customer_id: Mapped[int]
    occasion_id: Mapped[int]
    variant_id: Mapped[int | None]
    # The address it was handed off for; the latest one where it was tried more than once.
    address_id: Mapped[int | None]
    state: Mapped[str]
    reason: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    due_at: Mapped[datetime | None]
    permission_seq: Mapped[int | None]
    contact_at: Mapped[datetime | None]
    handed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    # Since when it is in doubt, until evidence or a person settles it.
    doubted_at: Mapped[datetime | None]
    smtp_code: Mapped[int | None] = mapped_column(SmallInteger)
    smtp_reply: Mapped[str | None]
    extra: Mapped[dict[str, Any] | None]


class MessageDecision(Base):
    """An answer of the gate about a message: that it waits, and until when, or does not leave, and by which rule.

    `propensity` is the chance of this answer where chance decided. Like
    messages, without foreign keys. Rows are added, and deleted when they are old; see `delivery.decisions`.
    """

    __tablename__ = "message_decisions"
    __table_args__ = (
        CheckConstraint(_one_of("answer", DecisionAnswer), name="known_answer"),
        CheckConstraint("(answer = 'wait') = (until IS NOT NULL)", name="waits_until_a_time"),
        CheckConstraint("propensity >= 0 AND propensity <= 1", name="propensity_is_a_chance"),
        Index("ix_message_decisions_send", "workspace_id", "send_id", "answer", "rule", "message_id"),
        Index("ix_message_decisions_at", "at", postgresql_using="brin"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    send_id: Mapped[int]
    at: Mapped[datetime]
    answer: Mapped[str]
    rule: Mapped[str]
    until: Mapped[datetime | None]
    policy_version: Mapped[int | None]
    propensity: Mapped[float | None] = mapped_column(REAL)


class StaffMail(Numbered, Base):
    """A rendered mail to one of the staff: a test of a campaign, an invitation. No customer is written to this way.

    Without an identity it is from the installation itself.
    """

    __tablename__ = "staff_mails"
    __table_args__ = (Index("ix_staff_mails_open", "workspace_id", "id", postgresql_where=text("sent_at IS NULL")),)

    kind: Mapped[str]
    identity_id: Mapped[int | None]
    to_address: Mapped[str]
    sender: Mapped[str]
    body: Mapped[bytes]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    failure: Mapped[str | None]
