"""Journeys that people can be on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.journeys import definitions, drafts, publishing
from app.journeys.definitions import Plan
from app.journeys.engine import advancing
from app.journeys.models import Journey
from app.journeys.steps.kinds import AnyStep
from app.journeys.steps.send import Send
from app.journeys.steps.wait import Wait
from app.segments import rules, segments
from app.segments.segments import SegmentChange
from tests.factories import NOON, conditions
from tests.factories.workspaces import WorkspaceForTests


def a_mail(subject: str, source: str) -> Send:
    """A step that sends this."""
    return Send(subject=subject, source=source)


TWO_MAILS = (a_mail("First", "One"), Wait(days=10), a_mail("Second", "Two"))


def step_ids(session: Session, journey: Journey) -> list[str]:
    """The ids of the steps that are shown, in their order."""
    return [each.id for each in drafts.shown(session, journey).in_order()]


def a_segment(session: Session, workspace: WorkspaceForTests, *, tag: str = "prospect") -> int:
    """Everyone with this tag."""
    rule = rules.AllOf((conditions.HasTag(tag),))
    made = segments.save(session, workspace.id, SegmentChange(f"Tagged {tag}", rule), staff_id=None, now=NOON)
    return made.id


def a_journey(
    session: Session,
    workspace: WorkspaceForTests,
    *flow: AnyStep,
    trigger: tuple[str, int] | None = None,
    is_live: bool = True,
    now: datetime = NOON,
    interest: str | None = None,
) -> Journey:
    """A journey about the topic "news" (by default: two mails, ten days apart, for who subscribes), live at once."""
    kind, number = trigger or ("topic", workspace.topic_id)
    plan = Plan("Welcome", kind, number, workspace.topic_id, None, interest, workspace.owner_id if interest else None)
    journey = definitions.create(session, workspace.id, plan, staff_id=workspace.owner_id, now=now)
    for step in flow or TWO_MAILS:
        drafts.add(session, journey, step)
    if is_live:
        publishing.publish(session, workspace.id, journey.id, staff_id=workspace.owner_id, now=now)
    return journey


def advance_all(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Do everything that is due, as the job does, let every mail leave at once, and go on from there."""
    run_due(session, workspace_id, now=now)
    while let_mail_leave(session, workspace_id, now=now):
        run_due(session, workspace_id, now=now + advancing.SOON)


def run_due(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Do everything that is due, as the job does; mails are queued, and stay so."""
    while advancing.advance(session, workspace_id, now=now):
        pass


def let_mail_leave(session: Session, workspace_id: int, *, now: datetime) -> int:
    """Let a sender take what waits; return how many mails left."""
    left = session.execute(
        text(
            "UPDATE messages SET state = 'sent', sent_at = :now, handed_at = :now, due_at = NULL"
            " WHERE workspace_id = :workspace_id AND state = 'queued' RETURNING id"
        ),
        {"workspace_id": workspace_id, "now": now},
    )
    return len(left.all())


def hold_mail_back(session: Session, workspace_id: int, *, until: datetime, reason: str = "waiting:cap") -> None:
    """Let what waits do so for a reason, as the gate does."""
    session.execute(
        text("UPDATE messages SET due_at = :until, reason = :reason WHERE workspace_id = :w AND state = 'queued'"),
        {"w": workspace_id, "until": until, "reason": reason},
    )
