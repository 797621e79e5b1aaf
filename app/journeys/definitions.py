"""A journey's settings: name, trigger, topic, and who is told of interest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.identities import identities
from app.consent import topics
from app.journeys import event_trigger, owners
from app.journeys.event_trigger import EventTrigger
from app.journeys.models import Journey
from app.kernel.refusals import NotFound, Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_
from app.segments import segments

TRIGGERS = ("segment", "topic", "event")


class JourneyUnnamed(Refusal):
    """Nobody could find a journey without a name."""

    status = 422
    message = N_("Give the journey a name of at most 120 characters.")


class TriggerFixed(Refusal):
    """Who enters a published journey is part of what was published."""

    message = N_("The way into a published journey cannot be changed. Make a new journey instead.")


@dataclass(frozen=True)
class Plan:
    """What staff decide about a journey apart from its steps.

    `trigger_id` is the segment or topic that joining leads in; with the kind `event` it is None, and `trigger_event`
    says which event does.
    """

    name: str
    trigger_kind: str
    trigger_id: int | None
    topic_id: int
    identity_id: int | None = None
    interest_title: str | None = None
    interest_owner_id: int | None = None
    trigger_event: EventTrigger | None = None


def create(session: Session, workspace_id: int, plan: Plan, *, staff_id: int | None, now: datetime) -> Journey:
    """Add a journey as a draft without steps; raise a Refusal where the plan names what is not there."""
    journey = Journey(workspace_id=workspace_id, state="draft", version=0, created_by=staff_id, created_at=now)
    _put(session, journey, plan)
    session.add(journey)
    session.flush()
    audit.note(session, journey, "journey.created", staff_id=staff_id, now=now)
    return journey


def change(
    session: Session, workspace_id: int, journey_id: int, plan: Plan, *, staff_id: int | None, now: datetime
) -> None:
    """Change name, topic, sender and interest; the way in only before it is published. Raise TriggerFixed."""
    journey = hold(session, workspace_id, journey_id)
    if journey.version and _way_in(plan) != way_in(journey):
        raise TriggerFixed(field="trigger_id")
    _put(session, journey, plan)
    audit.note(session, journey, "journey.changed", staff_id=staff_id, now=now)


def get(session: Session, workspace_id: int, journey_id: int) -> Journey:
    """Return the journey; raise NotFound."""
    return keyed_rows.get(session, Journey, workspace_id, journey_id)


def hold(session: Session, workspace_id: int, journey_id: int) -> Journey:
    """Return the journey as it is now, and keep others from changing it or its steps until the transaction ends.

    Raise NotFound.
    """
    return keyed_rows.hold(session, Journey, workspace_id, journey_id)


def list_all(session: Session, workspace_id: int, *, before: int | None = None, limit: int = 50) -> list[Journey]:
    """Return the journeys of the workspace, newest first; keyset by journey id."""
    query = select(Journey).where(Journey.workspace_id == workspace_id).order_by(Journey.id.desc())
    if before is not None:
        query = query.where(Journey.id < before)
    return list(session.scalars(query.limit(limit)))


def search(session: Session, workspace_id: int, words: str, *, limit: int) -> list[Journey]:
    """Return the journeys whose name holds the words, in capitals or not, newest first."""
    query = select(Journey).where(
        Journey.workspace_id == workspace_id, func.strpos(func.lower(Journey.name), func.lower(words)) > 0
    )
    return list(session.scalars(query.order_by(Journey.id.desc()).limit(limit)))


def list_live(session: Session, workspace_id: int, *, trigger_kind: str | None = None) -> list[Journey]:
    """Return the journeys that people may enter now, in this way if one is given."""
    query = select(Journey).where(Journey.workspace_id == workspace_id, Journey.state == "live")
    if trigger_kind is not None:
        query = query.where(Journey.trigger_kind == trigger_kind)
    return list(session.scalars(query.order_by(Journey.id)))


def on_segment(session: Session, workspace_id: int, segment_id: int, *, limit: int = 50) -> list[Journey]:
    """Return the journeys that joining this segment starts, newest first."""
    query = select(Journey).where(
        Journey.workspace_id == workspace_id, Journey.trigger_kind == "segment", Journey.trigger_id == segment_id
    )
    return list(session.scalars(query.order_by(Journey.id.desc()).limit(limit)))


def trigger_name(session: Session, journey: Journey) -> str | None:
    """Return the name of the segment, topic or event that leads in; None where it was deleted since, and nobody
    enters.
    """
    return trigger_names(session, journey.workspace_id, [journey]).get(journey.id)


def trigger_names(session: Session, workspace_id: int, listed: Sequence[Journey]) -> dict[int, str]:
    """Return the names of what leads into these journeys, by journey; what was deleted since is left out."""
    ids = {
        kind: [each.trigger_id for each in listed if each.trigger_kind == kind and each.trigger_id is not None]
        for kind in TRIGGERS
    }
    names = {
        "segment": segments.names(session, workspace_id, ids["segment"]) if ids["segment"] else {},
        "topic": {key: info.name for key, info in topics.named(session, workspace_id, ids["topic"]).items()},
    }
    found: dict[int, str] = {}
    for each in listed:
        if each.trigger_event is not None:
            found[each.id] = event_trigger.load(each.trigger_event).name
        elif each.trigger_id in (known := names[each.trigger_kind]):
            found[each.id] = known[each.trigger_id]
    return found


def way_in(journey: Journey) -> tuple[object, ...]:
    """Return what was decided about who enters: kind, segment or topic, event, and the topic of its mails."""
    return journey.trigger_kind, journey.trigger_id, journey.trigger_event, journey.topic_id


def _way_in(plan: Plan) -> tuple[object, ...]:
    event = plan.trigger_event.kept() if plan.trigger_event else None
    return plan.trigger_kind, plan.trigger_id, event, plan.topic_id


def _put(session: Session, journey: Journey, plan: Plan) -> None:
    name, workspace_id = plan.name.strip(), journey.workspace_id
    if not 0 < len(name) <= 120:
        raise JourneyUnnamed(field="name")
    if plan.trigger_kind not in TRIGGERS or (plan.trigger_kind == "event") != (plan.trigger_event is not None):
        raise NotFound
    owners.require_member(session, workspace_id, plan.interest_owner_id)
    sender = (
        identities.get(session, workspace_id, plan.identity_id)
        if plan.identity_id
        else identities.default(session, workspace_id)
    )
    before = way_in(journey)
    journey.name, journey.identity_id = name, sender.id
    journey.trigger_kind, journey.trigger_id = plan.trigger_kind, plan.trigger_id
    journey.trigger_event = plan.trigger_event.kept() if plan.trigger_event else None
    journey.topic_id = topics.get(session, workspace_id, plan.topic_id).id
    journey.interest_title = (plan.interest_title or "").strip()[:200] or None
    journey.interest_owner_id = plan.interest_owner_id
    # What led in may be gone since; who is under way still gets mail under a name and from a sender.
    if way_in(journey) != before and trigger_name(session, journey) is None:
        raise NotFound
