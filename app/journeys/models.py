"""The tables of journeys: settings, the draft's and every version's graph, and who is enrolled.

States of a journey, and who moves it (`publishing`):

    draft ──────▶ live     staff publish its first version
    live ◀──────▶ paused   staff; an outage pauses, and staff resume or publish again

States of an enrolment, and who moves it (`engine`):

    active ──advancing──▶ done
       └────enrolment───▶ stopped

Lock order: enrolments (advancing skips those held), then journeys, then occasions and sends.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered, Tenant


def _of(column: str, table: str, *, cascade: bool = False) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["workspace_id", column], [f"{table}.workspace_id", f"{table}.id"], ondelete="CASCADE" if cascade else None
    )


class Journey(Numbered, Base):
    """A flow people enter by joining a segment or a topic, or when a reported event happens with them.

    `version` counts publications: people finish the version they entered.
    """

    __tablename__ = "journeys"
    audit_kind: ClassVar[str] = "journey"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'live', 'paused')", name="known_state"),
        CheckConstraint("trigger_kind IN ('segment', 'topic', 'event')", name="known_trigger"),
        CheckConstraint("(trigger_kind = 'event') = (trigger_event IS NOT NULL)", name="event_is_named"),
        CheckConstraint("(trigger_kind = 'event') = (trigger_id IS NULL)", name="trigger_has_id"),
        CheckConstraint("state = 'draft' OR version > 0", name="published_has_version"),
        _of("topic_id", "topics"),
        _of("identity_id", "sending_identities"),
        Index(
            "ix_journeys_awaiting",
            "workspace_id",
            postgresql_where=text("state = 'live' AND trigger_kind = 'event'"),
        ),
    )

    name: Mapped[str]
    state: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("0"))
    trigger_kind: Mapped[str]
    trigger_id: Mapped[int | None]
    trigger_event: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    topic_id: Mapped[int]
    identity_id: Mapped[int]
    # Who gets a task, and which, as soon as somebody on the journey shows interest.
    interest_title: Mapped[str | None]
    interest_owner_id: Mapped[int | None]
    created_by: Mapped[int | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    # Why it is paused, unless staff did it themselves.
    pause_reason: Mapped[str | None]

    @property
    def segment_id(self) -> int:
        """Return the segment that joining leads in; asked of journeys that begin so."""
        assert self.trigger_kind == "segment"
        assert self.trigger_id is not None
        return self.trigger_id

    def audit_details(self) -> dict[str, Any]:
        """Return what names the journey in the audit log."""
        return {"name": self.name}


class JourneyDraft(Tenant, Base):
    """The graph that is being edited; a journey without one has no changes that are not published."""

    __tablename__ = "journey_drafts"
    __table_args__ = (_of("journey_id", "journeys", cascade=True),)

    journey_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    graph: Mapped[dict[str, Any]]


class JourneyVersion(Tenant, Base):
    """The graph that was published as one version. It is never changed."""

    __tablename__ = "journey_versions"
    __table_args__ = (_of("journey_id", "journeys", cascade=True),)

    journey_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    graph: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]
    published_by: Mapped[int | None]


class JourneyStep(Tenant, Base):
    """One step of a published version, for joins: its number in reading order, and the send its mail was frozen into.

    What the step says stands in the version's graph.
    """

    __tablename__ = "journey_steps"
    __table_args__ = (
        CheckConstraint("(kind = 'send') = (send_id IS NOT NULL)", name="mail_has_send"),
        ForeignKeyConstraint(
            ["workspace_id", "journey_id", "version"],
            ["journey_versions.workspace_id", "journey_versions.journey_id", "journey_versions.version"],
            ondelete="CASCADE",
        ),
        _of("send_id", "sends"),
    )

    journey_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]
    send_id: Mapped[int | None]


class Enrolment(Numbered, Base):
    """One run of one customer through one version of a journey, and the step they stand at or ended with.

    `due_at` is when that step happens (a wait: ends). A mail's step is over when the mail has left or was dropped: it
    was queued at `mail_at`, and `due_at` is when that is looked at again.
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        UniqueConstraint("workspace_id", "journey_id", "customer_id", "run", name="uq_enrolments_run"),
        CheckConstraint("run >= 1", name="run_counts_from_one"),
        CheckConstraint("state IN ('active', 'done', 'stopped')", name="known_state"),
        CheckConstraint("(state = 'active') = (due_at IS NOT NULL)", name="active_has_due"),
        CheckConstraint("(state = 'stopped') = (stop_reason IS NOT NULL)", name="stopped_has_reason"),
        ForeignKeyConstraint(
            ["workspace_id", "journey_id", "version", "step_id"],
            [
                "journey_steps.workspace_id",
                "journey_steps.journey_id",
                "journey_steps.version",
                "journey_steps.step_id",
            ],
            name="fk_enrolments_step",
            ondelete="CASCADE",
        ),
        Index(
            "uq_enrolments_active",
            *("workspace_id", "journey_id", "customer_id"),
            unique=True,
            postgresql_where=text("state = 'active'"),
        ),
        Index("ix_enrolments_due", "workspace_id", "due_at", postgresql_where=text("state = 'active'")),
        Index("ix_enrolments_customer", "workspace_id", "customer_id"),
        Index("ix_enrolments_journey", "workspace_id", "journey_id", "id"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    journey_id: Mapped[int]
    customer_id: Mapped[int]
    run: Mapped[int] = mapped_column(SmallInteger)
    version: Mapped[int]
    step_id: Mapped[str]
    due_at: Mapped[datetime | None]
    mail_at: Mapped[datetime | None]
    state: Mapped[str]
    stop_reason: Mapped[str | None]
    entered_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
