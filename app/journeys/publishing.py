"""Publishes a journey: checks it and freezes its version.

Every send step of the draft becomes one send, with its content as it is now. People under way keep their version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consent import topics
from app.consent.purposes import MARKETING
from app.delivery.sending import sends
from app.journeys import blockers, definitions, enrolment, mail, steps
from app.journeys.blockers import ENROLS_NOBODY, SENDS_NOTHING, Blocker
from app.journeys.models import Journey, JourneyStep
from app.kernel.refusals import Refusal


class NotReady(Refusal):
    """The journey lacks something it needs before anybody can enter."""

    message = "This journey cannot be published yet."


class NothingToPublish(Refusal):
    """What is published is what is shown."""

    message = "There are no changes to publish."


class NotRunning(Refusal):
    """Only a live journey can be paused, and only a paused one can go on."""

    message = "The journey is not in a state that allows this."


class Waiting(StrEnum):
    """What becomes of mails of earlier versions that were laid down and have not left."""

    SEND = "send"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Published:
    """What publishing came to."""

    version: int
    entered: int


def problems(session: Session, journey: Journey, *, now: datetime) -> list[Blocker]:
    """Return what keeps the journey from being published."""
    draft = steps.list_shown(session, journey)
    found = []
    if not any(step.kind == "send" for step in draft):
        found.append(Blocker(SENDS_NOTHING, "There is no mail in it yet."))
    if draft and draft[-1].kind == "wait":
        found.append(Blocker(SENDS_NOTHING, "It ends with a wait, after which nothing happens."))
    if not topics.get(session, journey.workspace_id, journey.topic_id).is_active:
        found.append(Blocker(ENROLS_NOBODY, "Its topic is closed."))
    return found + blockers.list_for(session, journey, now=now)


def publish(
    session: Session,
    workspace_id: int,
    journey_id: int,
    *,
    staff_id: int | None,
    waiting: Waiting = Waiting.SEND,
    now: datetime,
) -> Published:
    """Freeze the draft as the next version, let people in, and run; raise NotReady, NothingToPublish.

    `waiting` says what becomes of the mails that a pause of the earlier versions holds back.
    """
    journey = definitions.hold(session, workspace_id, journey_id)
    for problem in problems(session, journey, now=now):
        raise NotReady(problem.msgid, **problem.values)
    draft = steps.list_version(session, journey, journey.version + 1)
    if not draft:
        raise NothingToPublish
    _carry_over(session, journey, waiting)
    for step in draft:
        if step.kind == "send":
            step.send_id = _freeze(session, journey, step, now)
    journey.version += 1
    journey.state, journey.published_at, journey.is_edited = "live", now, False
    journey.pause_reason = None
    session.flush()
    definitions.note(session, journey, "journey.published", staff_id=staff_id, now=now)
    is_by_segment = journey.trigger_kind == "segment"
    entered = enrolment.enrol_segment(session, journey, now=now) if is_by_segment else 0
    return Published(journey.version, entered)


def count_held_back(session: Session, journey: Journey) -> int:
    """Return how many mails wait in sends that are paused."""
    return sends.count_queued(session, journey.workspace_id, _sends(session, journey, "paused"))


def pause(session: Session, workspace_id: int, journey_id: int, *, staff_id: int | None, now: datetime) -> None:
    """Let nobody move on and nothing more leave; raise NotRunning."""
    journey = _moved(session, workspace_id, journey_id, "live", "paused")
    for send_id in _sends(session, journey, "preparing", "running"):
        sends.pause(session, workspace_id, send_id, reason="journey")
    definitions.note(session, journey, "journey.paused", staff_id=staff_id, now=now)


def hold(session: Session, journey: Journey, *, reason: str, now: datetime) -> None:
    """Pause a live journey without being asked to; it waits for staff to resume it."""
    journey.state, journey.pause_reason = "paused", reason
    for send_id in _sends(session, journey, "preparing", "running"):
        sends.pause(session, journey.workspace_id, send_id, reason=reason)
    definitions.note(session, journey, "journey.held", staff_id=None, now=now)


def has_paused_sends(session: Session, journey: Journey) -> bool:
    """Say whether mail of this journey may not leave."""
    return bool(_sends(session, journey, "paused"))


def resume(session: Session, workspace_id: int, journey_id: int, *, staff_id: int | None, now: datetime) -> None:
    """Go on where everybody stands; what became due meanwhile happens now. Raise NotRunning."""
    journey = _moved(session, workspace_id, journey_id, "paused", "live")
    _carry_over(session, journey, Waiting.SEND)
    definitions.note(session, journey, "journey.resumed", staff_id=staff_id, now=now)


def _moved(session: Session, workspace_id: int, journey_id: int, before: str, after: str) -> Journey:
    journey = definitions.hold(session, workspace_id, journey_id)
    if journey.state != before:
        raise NotRunning
    journey.state, journey.pause_reason = after, None
    session.flush()
    return journey


def _carry_over(session: Session, journey: Journey, waiting: Waiting) -> None:
    """Let the sends of every version run again; a journey that runs has none that stands still."""
    paused = _sends(session, journey, "paused")
    if waiting is Waiting.CANCEL:
        sends.skip_queued(session, journey.workspace_id, paused, reason="cancelled")
    for send_id in paused:
        sends.resume(session, journey.workspace_id, send_id)


def _sends(session: Session, journey: Journey, *states: str) -> list[int]:
    """Return the sends of every version that are in one of these states, by id."""
    query = select(JourneyStep.send_id).where(
        JourneyStep.workspace_id == journey.workspace_id,
        JourneyStep.journey_id == journey.id,
        JourneyStep.send_id.is_not(None),
    )
    send_ids = [number for number in session.scalars(query) if number]
    return sends.in_state(session, journey.workspace_id, send_ids, *states)


def _freeze(session: Session, journey: Journey, step: JourneyStep, now: datetime) -> int:
    """Make the step's mail, as it is now, into a send of its own and return its id."""
    send = sends.create(
        session,
        journey.workspace_id,
        kind="journey",
        source_id=step.id,
        topic_id=journey.topic_id,
        purpose=MARKETING,
        identity_id=journey.identity_id,
        content=mail.content_of(session, step),
        now=now,
    )
    return send.id
