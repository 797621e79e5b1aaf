"""The table of campaigns."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered


class CampaignState(StrEnum):
    """Where a campaign stands; once launched, its send says how far it is.

    draft -> scheduled (staff) -> sending (when its time has come) -> paused | cancelled | sent. One whose time came
    more than an hour ago is held instead of sent, until staff send it, give it another time, or take it back to
    draft. One that is not ready when its time comes becomes a draft again and keeps the reason (`launch_failure`).
    """

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    HELD = "held"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    SENT = "sent"


class Campaign(Numbered, Base):
    """One message to many. A draft may be changed; with a send it is frozen, since its content left with it."""

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'scheduled', 'held', 'sending', 'paused', 'cancelled', 'sent')", name="known_state"
        ),
        CheckConstraint("format IN ('markdown', 'mjml', 'html')", name="known_format"),
        CheckConstraint("state NOT IN ('scheduled', 'held') OR scheduled_at IS NOT NULL", name="scheduled_has_time"),
        CheckConstraint("state NOT IN ('sending', 'paused', 'sent') OR send_id IS NOT NULL", name="launched_has_send"),
        ForeignKeyConstraint(["workspace_id", "topic_id"], ["topics.workspace_id", "topics.id"]),
        ForeignKeyConstraint(
            ["workspace_id", "segment_id"],
            ["segments.workspace_id", "segments.id"],
            ondelete="SET NULL (segment_id)",
        ),
        ForeignKeyConstraint(
            ["workspace_id", "identity_id"], ["sending_identities.workspace_id", "sending_identities.id"]
        ),
        ForeignKeyConstraint(["workspace_id", "send_id"], ["sends.workspace_id", "sends.id"]),
        Index("ix_campaigns_updated", "workspace_id", "updated_at"),
        Index(
            "uq_campaigns_send", "workspace_id", "send_id", unique=True, postgresql_where=text("send_id IS NOT NULL")
        ),
    )

    name: Mapped[str]
    segment_id: Mapped[int | None]
    # Nobody chosen yet and everybody chosen are not the same.
    is_for_everyone: Mapped[bool] = mapped_column(server_default=text("false"))
    topic_id: Mapped[int | None]
    identity_id: Mapped[int | None]
    format: Mapped[str]
    subject: Mapped[str]
    preheader: Mapped[str]
    source: Mapped[str]
    language: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    # What the author chose; the time is kept as well while "now" is chosen, so that going back finds it again.
    send_later: Mapped[bool] = mapped_column(server_default=text("false"))
    scheduled_at: Mapped[datetime | None]
    # Why it was not sent at its time and became a draft again: "message" with its "values", and "at".
    launch_failure: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    launched_at: Mapped[datetime | None]
    send_id: Mapped[int | None]
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    created_by: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
