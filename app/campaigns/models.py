"""The tables of campaigns: the campaign, its variants, each variant's content in its languages, and the sends.

The states of a campaign, and who moves it (`schedule` alone writes them)::

    draft     -> scheduled   staff press send or schedule
    scheduled -> sending     the launch job, when its time has come
    scheduled -> held        the launch job, when its time was more than an hour ago
    scheduled -> draft       staff take it back, or the launch job finds it is not ready (`launch_failure` keeps why)
    held      -> scheduled   staff send it after all, or give it another time
    held      -> draft       staff take it back
    sending  <-> paused      staff; delivery pauses single sends by itself
    sending, paused -> cancelled   staff; for an hour they can take it back

Once launched, its sends know better how far it is: `overview.state_of` reads them, and says `sent` when all are done.
Content, variants and shares change in a draft alone. Lock order: the campaign's row first, then variants and contents.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered, Tenant

# The keys of variants, in order; as many variants as there are keys.
KEYS = ("A", "B", "C", "D", "E")
HIGHEST_HOLDOUT = 50


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    HELD = "held"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    SENT = "sent"


class Campaign(Numbered, Base):
    """One message to many: whom it is for, as whom, when, and in which language by default."""

    __tablename__ = "campaigns"
    audit_kind: ClassVar[str] = "campaign"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'scheduled', 'held', 'sending', 'paused', 'cancelled', 'sent')", name="known_state"
        ),
        CheckConstraint("state NOT IN ('scheduled', 'held') OR scheduled_at IS NOT NULL", name="scheduled_has_time"),
        CheckConstraint(
            "state NOT IN ('sending', 'paused', 'sent') OR launched_at IS NOT NULL", name="launched_has_time"
        ),
        CheckConstraint("holdout_percent BETWEEN 0 AND 50", name="holdout_is_no_more_than_half"),
        ForeignKeyConstraint(["workspace_id", "topic_id"], ["topics.workspace_id", "topics.id"]),
        ForeignKeyConstraint(
            ["workspace_id", "segment_id"],
            ["segments.workspace_id", "segments.id"],
            ondelete="SET NULL (segment_id)",
        ),
        ForeignKeyConstraint(
            ["workspace_id", "identity_id"], ["sending_identities.workspace_id", "sending_identities.id"]
        ),
        Index("ix_campaigns_updated", "workspace_id", "updated_at"),
    )

    name: Mapped[str]
    segment_id: Mapped[int | None]
    # Nobody chosen yet and everybody chosen are not the same.
    is_for_everyone: Mapped[bool] = mapped_column(server_default=text("false"))
    topic_id: Mapped[int | None]
    identity_id: Mapped[int | None]
    # What people get for whose own language there is no content.
    language: Mapped[str]
    # The share of recipients that get nothing, to compare with.
    holdout_percent: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    state: Mapped[str] = mapped_column(server_default="draft")
    # What the author chose; the time is kept as well while "now" is chosen, so that going back finds it again.
    send_later: Mapped[bool] = mapped_column(server_default=text("false"))
    scheduled_at: Mapped[datetime | None]
    # Why it was not sent at its time and became a draft again: "message" with its "values", and "at".
    launch_failure: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    launched_at: Mapped[datetime | None]
    # Rises with every change of the campaign, its variants or its contents: what a review showed is one revision.
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    created_by: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    def audit_details(self) -> dict[str, Any]:
        """Return what names it in the audit log."""
        return {"name": self.name}


class CampaignVariant(Numbered, Base):
    """One of the versions a campaign is tested in; a campaign without a test has one. Weights are percentages."""

    __tablename__ = "campaign_variants"
    __table_args__ = (
        UniqueConstraint("workspace_id", "campaign_id", "key", name="uq_campaign_variants_key"),
        CheckConstraint("key IN ('A', 'B', 'C', 'D', 'E')", name="known_key"),
        CheckConstraint("weight BETWEEN 0 AND 100", name="weight_is_a_percentage"),
        ForeignKeyConstraint(
            ["workspace_id", "campaign_id"], ["campaigns.workspace_id", "campaigns.id"], ondelete="CASCADE"
        ),
    )

    campaign_id: Mapped[int]
    key: Mapped[str]
    name: Mapped[str]
    weight: Mapped[int] = mapped_column(SmallInteger)


class CampaignContent(Numbered, Base):
    """What one variant says in one language. With a send it is frozen, since it left with it."""

    __tablename__ = "campaign_contents"
    __table_args__ = (
        UniqueConstraint("workspace_id", "variant_id", "language", name="uq_campaign_contents_language"),
        CheckConstraint("format IN ('blocks', 'markdown', 'mjml', 'html')", name="known_format"),
        ForeignKeyConstraint(
            ["workspace_id", "variant_id"], ["campaign_variants.workspace_id", "campaign_variants.id"],
            ondelete="CASCADE",
        ),
    )  # fmt: skip

    variant_id: Mapped[int]
    language: Mapped[str]
    format: Mapped[str]
    subject: Mapped[str]
    preheader: Mapped[str]
    source: Mapped[str]
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    updated_at: Mapped[datetime]


class CampaignSend(Tenant, Base):
    """The send one content left with. All sends of an occurrence are one occasion: nobody gets two of them."""

    __tablename__ = "campaign_sends"
    __table_args__ = (
        UniqueConstraint(
            "workspace_id", "campaign_id", "occurrence", "content_id", name="uq_campaign_sends_content"
        ),
        ForeignKeyConstraint(["workspace_id", "send_id"], ["sends.workspace_id", "sends.id"]),
        ForeignKeyConstraint(["workspace_id", "campaign_id"], ["campaigns.workspace_id", "campaigns.id"]),
        ForeignKeyConstraint(
            ["workspace_id", "variant_id"], ["campaign_variants.workspace_id", "campaign_variants.id"]
        ),
        ForeignKeyConstraint(
            ["workspace_id", "content_id"], ["campaign_contents.workspace_id", "campaign_contents.id"]
        ),
    )  # fmt: skip

    send_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int]
    occurrence: Mapped[int]
    variant_id: Mapped[int]
    content_id: Mapped[int]


class CampaignResults(Tenant, Base):
    """The numbers of a campaign with many recipients, as they were counted last; None before the first time."""

    __tablename__ = "campaign_results"
    __table_args__ = (
        CheckConstraint("(numbers IS NULL) = (counted_at IS NULL)", name="counted_at_a_time"),
        ForeignKeyConstraint(
            ["workspace_id", "campaign_id"], ["campaigns.workspace_id", "campaigns.id"], ondelete="CASCADE"
        ),
    )

    campaign_id: Mapped[int] = mapped_column(primary_key=True)
    recipients: Mapped[int]
    numbers: Mapped[dict[str, Any] | None]
    counted_at: Mapped[datetime | None]
