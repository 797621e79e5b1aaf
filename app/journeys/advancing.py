"""Whose next step is due? Claimed in batches, decided together, done in the same transaction as the move onward.

A step happens to a person exactly once: the row is locked while it happens, and moves on with it. Every claim looks
again at what the person did meanwhile, so an act that nobody announced stops them all the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.consent import permission
from app.consent.purposes import MARKETING
from app.customers import fields, people
from app.delivery import sends
from app.journeys import enrolment, tasks
from app.journeys.enrolment import Stop
from app.journeys.models import Enrolment, Journey, JourneyStep

BATCH = 500


@dataclass(frozen=True)
class Due:
    """One person whose step is due."""

    id: int
    customer_id: int
    journey_id: int
    topic_id: int
    version: int
    position: int
    entered_at: datetime


_MOVE_ON = text(
    """
    UPDATE enrolments e
    SET position = e.position + 1,
        state = CASE WHEN s.id IS NULL THEN 'done' ELSE 'active' END,
        ended_at = CASE WHEN s.id IS NULL THEN CAST(:now AS timestamptz) END,
        due_at = CASE WHEN s.id IS NOT NULL
                      THEN CAST(:now AS timestamptz) + make_interval(days => coalesce(s.wait_days, 0)::int) END
    FROM enrolments o
    LEFT JOIN journey_steps s
      ON s.workspace_id = o.workspace_id AND s.journey_id = o.journey_id
     AND s.version = o.version AND s.position = o.position + 1
    WHERE e.workspace_id = :workspace_id AND e.id = ANY(CAST(:ids AS bigint[]))
      AND o.workspace_id = e.workspace_id AND o.id = e.id AND e.state = 'active'
    """
)


def advance(session: Session, workspace_id: int, *, now: datetime, limit: int = BATCH) -> int:
    """Do the due step of up to `limit` people and move them on; return how many were due."""
    due = _claim(session, workspace_id, now, limit)
    if not due:
        return 0
    reasons = _reasons_to_stop(session, workspace_id, due, now)
    enrolment.stop_many(session, workspace_id, reasons, now=now)
    going = [person for person in due if person.id not in reasons]
    _do_steps(session, workspace_id, going, now)
    ids = [person.id for person in going]
    session.execute(_MOVE_ON, {"workspace_id": workspace_id, "ids": ids, "now": now})
    return len(due)


def _claim(session: Session, workspace_id: int, now: datetime, limit: int) -> list[Due]:
    rows = session.execute(
        select(
            Enrolment.id,
            Enrolment.customer_id,
            Enrolment.journey_id,
            Journey.topic_id,
            Enrolment.version,
            Enrolment.position,
            Enrolment.entered_at,
        )
        .join(Journey, (Journey.workspace_id == Enrolment.workspace_id) & (Journey.id == Enrolment.journey_id))
        .where(
            Enrolment.workspace_id == workspace_id,
            Enrolment.state == "active",
            Enrolment.due_at <= now,
            Journey.state == "live",
        )
        .order_by(Enrolment.due_at, Enrolment.id)
        .limit(limit)
        .with_for_update(of=Enrolment, skip_locked=True)
    )
    return [Due(*row) for row in rows]


def _reasons_to_stop(session: Session, workspace_id: int, due: Sequence[Due], now: datetime) -> dict[int, Stop]:
    """Return why some of them go no further, by enrolment id. The strongest reason is kept."""
    acts = _acts(session, workspace_id, due)
    reasons: dict[int, Stop] = {}
    for topic_id in {person.topic_id for person in due}:
        of_topic = [person for person in due if person.topic_id == topic_id]
        allowed = _allowed(session, workspace_id, topic_id, of_topic, now)
        for person in of_topic:
            reason = Stop.WITHDRAWN if person.customer_id not in allowed else None
            reason = reason or _answered(person, acts.get(person.customer_id))
            if reason:
                reasons[person.id] = reason
    return reasons


def _answered(person: Due, act: tuple[datetime | None, ...] | None) -> Stop | None:
    """Say what the person did since entering, if it ends the journey for them."""
    if act is None:
        return Stop.WITHDRAWN
    for at, reason in zip(act, (Stop.PURCHASE, Stop.REPLY, Stop.INTEREST), strict=True):
        if at is not None and at > person.entered_at:
            return reason
    return None


def _acts(session: Session, workspace_id: int, due: Sequence[Due]) -> dict[int, tuple[datetime | None, ...]]:
    """Return (latest purchase, latest reply, latest human click) of each person."""
    known = fields.columns(session, workspace_id)
    names = ("latest_purchase_at", "latest_reply_at", "latest_human_at")
    everyone = people.base_query(workspace_id).add_columns(*(known[name].expression.label(name) for name in names))
    found = everyone.subquery()
    rows = session.execute(
        select(found.c.customer_id, *(found.c[name] for name in names)).where(
            found.c.customer_id.in_([person.customer_id for person in due])
        )
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def _allowed(session: Session, workspace_id: int, topic_id: int, due: Sequence[Due], now: datetime) -> set[int]:
    found = permission.allowed_query(workspace_id, MARKETING, topic_id, now).subquery()
    ids = [person.customer_id for person in due]
    return set(session.scalars(select(found.c.customer_id).where(found.c.customer_id.in_(ids))))


def _do_steps(session: Session, workspace_id: int, due: Sequence[Due], now: datetime) -> None:
    """Do what each step says, once for everybody who stands there. A wait that is due is simply over."""
    standing: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for person in due:
        standing[person.journey_id, person.version, person.position].append(person.customer_id)
    for (journey_id, version, position), customer_ids in standing.items():
        step = session.execute(
            select(JourneyStep).where(
                JourneyStep.workspace_id == workspace_id,
                JourneyStep.journey_id == journey_id,
                JourneyStep.version == version,
                JourneyStep.position == position,
            )
        ).scalar_one()
        if step.kind == "send" and step.send_id:
            sends.add(session, workspace_id, step.send_id, customer_ids, now=now)
        if step.kind == "task":
            title, owner_id = step.title or "", step.owner_id
            tasks.give(
                session, workspace_id, customer_ids, title=title, owner_id=owner_id, journey_id=journey_id, now=now
            )
