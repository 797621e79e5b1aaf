"""The tables of journeys: the flow, its steps in every version, and who is enrolled."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered


def _of(column: str, table: str, *, cascade: bool = False) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["workspace_id", column], [f"{table}.workspace_id", f"{table}.id"], ondelete="CASCADE" if cascade else None
    )


class Journey(Numbered, Base):
    """A flow people enter by joining a segment or a topic.

    `version` counts publications: people finish the version they entered; version + 1 is the draft being edited.
    """

    __tablename__ = "journeys"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'live', 'paused')", name="known_state"),
        CheckConstraint("trigger_kind IN ('segment', 'topic')", name="known_trigger"),
        CheckConstraint("state = 'draft' OR version > 0", name="published_has_version"),
        _of("topic_id", "topics"),
        _of("identity_id", "sending_identities"),
    )

    name: Mapped[str]
    state: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("0"))
    trigger_kind: Mapped[str]
    trigger_id: Mapped[int]
    topic_id: Mapped[int]
    identity_id: Mapped[int]
    # Who gets a task, and which, as soon as somebody on the journey shows interest.
    interest_title: Mapped[str | None]
    interest_owner_id: Mapped[int | None]
    created_by: Mapped[int | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    # Steps are being edited, be it down to none at all.
    is_edited: Mapped[bool] = mapped_column(server_default=text("false"))
    # Why it is paused, unless staff did it themselves.
    pause_reason: Mapped[str | None]


class JourneyStep(Numbered, Base):
    """One step of one version. What a send step says is frozen into a send when its version is published."""

    __tablename__ = "journey_steps"
    __table_args__ = (
        CheckConstraint("kind IN ('send', 'wait', 'task')", name="known_kind"),
        CheckConstraint("(kind = 'wait') = (wait_days IS NOT NULL)", name="wait_has_days"),
        CheckConstraint("wait_days BETWEEN 1 AND 365", name="wait_is_sane"),
        CheckConstraint("kind <> 'send' OR (subject IS NOT NULL AND source IS NOT NULL)", name="send_has_content"),
        UniqueConstraint(
            "workspace_id",
            "journey_id",
            "version",
            "position",
            name="uq_journey_steps_place",
            deferrable=True,
            initially="DEFERRED",
        ),
        _of("journey_id", "journeys", cascade=True),
        _of("send_id", "sends"),
    )

    journey_id: Mapped[int]
    version: Mapped[int]
    position: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]
    wait_days: Mapped[int | None] = mapped_column(SmallInteger)
    format: Mapped[str | None]
    subject: Mapped[str | None]
    preheader: Mapped[str | None]
    source: Mapped[str | None]
    title: Mapped[str | None]
    owner_id: Mapped[int | None]
    send_id: Mapped[int | None]


class Enrolment(Numbered, Base):
    """One customer on one journey, once. `due_at` is when the step they stand at happens (a wait: ends).

    A mail's step ends when the mail has left or was dropped: it was laid down at `mail_at`, and `due_at` is when that
    is looked at again.
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        UniqueConstraint("workspace_id", "journey_id", "customer_id", name="uq_enrolments_once"),
        CheckConstraint("state IN ('active', 'done', 'stopped')", name="known_state"),
        CheckConstraint("(state = 'active') = (due_at IS NOT NULL)", name="active_has_due"),
        CheckConstraint("(state = 'stopped') = (stop_reason IS NOT NULL)", name="stopped_has_reason"),
        _of("journey_id", "journeys", cascade=True),
        Index("ix_enrolments_due", "workspace_id", "due_at", postgresql_where=text("state = 'active'")),
        Index("ix_enrolments_customer", "workspace_id", "customer_id"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    journey_id: Mapped[int]
    customer_id: Mapped[int]
    version: Mapped[int]
    position: Mapped[int] = mapped_column(SmallInteger)
    due_at: Mapped[datetime | None]
    mail_at: Mapped[datetime | None]
    state: Mapped[str]
    stop_reason: Mapped[str | None]
    entered_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
