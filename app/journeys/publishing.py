"""Publishes a journey: checks it and freezes its version.

Every send step of the draft becomes one send, with its content as it is now. People under way keep their version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app.accounts import audit
from app.consent import topics
from app.consent.purposes import MARKETING
from app.delivery.sending import sends
from app.journeys import blockers, definitions, drafts, mail, versions
from app.journeys.blockers import ENROLS_NOBODY, SENDS_NOTHING, Blocker
from app.journeys.engine import enrolment
from app.journeys.models import Journey
from app.journeys.steps.send import Send
from app.journeys.steps.wait import Wait
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.segments.membership import watching


class NotReady(Refusal):
    """The journey lacks something it needs before anybody can enter."""

    message = N_("This journey cannot be published yet.")


class NothingToPublish(Refusal):
    """What is published is what is shown."""

    message = N_("There are no changes to publish.")


class NotRunning(Refusal):
    """Only a live journey can be paused, and only a paused one can go on."""

    message = N_("The journey is not in a state that allows this.")


class Waiting(StrEnum):
    """What becomes of mails of earlier versions that were queued and have not left."""

    SEND = "send"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Published:
    """What publishing came to."""

    version: int
    entered: int


def problems(session: Session, journey: Journey, *, now: datetime) -> list[Blocker]:
    """Return what keeps the journey from being published."""
    graph = drafts.shown(session, journey)
    flow = graph.in_order()
    found = []
    if not any(isinstance(each.step, Send) for each in flow):
        found.append(Blocker(SENDS_NOTHING, N_("There is no mail in it yet.")))
    if any(isinstance(each.step, Wait) and graph.following(each.id) is None for each in flow):
        found.append(Blocker(SENDS_NOTHING, N_("It ends with a wait, after which nothing happens.")))
    if graph.unreachable():
        found.append(Blocker(SENDS_NOTHING, N_("Nobody comes to some of its steps.")))
    if graph.rushing():
        found.append(Blocker(SENDS_NOTHING, N_("It goes round in a circle without a wait.")))
    if not topics.get(session, journey.workspace_id, journey.topic_id).is_active:
        found.append(Blocker(ENROLS_NOBODY, N_("Its topic is closed.")))
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
    draft = drafts.find(session, journey)
    if draft is None:
        raise NothingToPublish
    _carry_over(session, journey, waiting)
    mails = [(each.id, each.step) for each in draft.in_order() if isinstance(each.step, Send)]
    frozen = {step_id: _freeze(session, journey, step, now) for step_id, step in mails}
    journey.version += 1
    journey.state, journey.published_at, journey.pause_reason = "live", now, None
    session.flush()
    versions.add(session, journey, draft, frozen, staff_id=staff_id, now=now)
    drafts.discard(session, journey)
    audit.note(session, journey, "journey.published", staff_id=staff_id, now=now)
    is_by_segment = journey.trigger_kind == "segment"
    entered = enrolment.enrol_segment(session, journey, now=now) if is_by_segment else 0
    if is_by_segment and watching.has_room(session, workspace_id):
        watching.watch(session, workspace_id, journey.segment_id, now=now)
    return Published(journey.version, entered)


def count_held_back(session: Session, journey: Journey) -> int:
    """Return how many mails wait in sends that are paused."""
    return sends.count_queued(session, journey.workspace_id, _sends(session, journey, "paused"))


def pause(session: Session, workspace_id: int, journey_id: int, *, staff_id: int | None, now: datetime) -> None:
    """Let nobody move on and nothing more leave; raise NotRunning."""
    journey = _moved(session, workspace_id, journey_id, "live", "paused")
    sends.pause_many(session, workspace_id, _sends(session, journey, "preparing", "running"), reason="journey")
    audit.note(session, journey, "journey.paused", staff_id=staff_id, now=now)


def hold(session: Session, journey: Journey, *, reason: str, now: datetime) -> None:
    """Pause a live journey without being asked to; it waits for staff to resume it."""
    journey.state, journey.pause_reason = "paused", reason
    sends.pause_many(session, journey.workspace_id, _sends(session, journey, "preparing", "running"), reason=reason)
    audit.note(session, journey, "journey.held", staff_id=None, now=now)


def has_paused_sends(session: Session, journey: Journey) -> bool:
    """Say whether mail of this journey may not leave."""
    return bool(_sends(session, journey, "paused"))


def resume(session: Session, workspace_id: int, journey_id: int, *, staff_id: int | None, now: datetime) -> None:
    """Go on where everybody stands; what became due meanwhile happens now. Raise NotRunning."""
    journey = _moved(session, workspace_id, journey_id, "paused", "live")
    _carry_over(session, journey, Waiting.SEND)
    audit.note(session, journey, "journey.resumed", staff_id=staff_id, now=now)


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
    sends.resume_many(session, journey.workspace_id, paused)


def _sends(session: Session, journey: Journey, *states: str) -> list[int]:
    """Return the sends of every version that are in one of these states, by id."""
    mails = versions.list_sends(session, journey.workspace_id, [journey.id])
    return sends.in_state(session, journey.workspace_id, [send_id for *_, send_id in mails], *states)


def _freeze(session: Session, journey: Journey, step: Send, now: datetime) -> int:
    """Make the step's mail, as it is now, into a send of its own and return its id."""
    send = sends.create(
        session,
        journey.workspace_id,
        sends.NewSend(
            kind="journey",
            source_id=journey.id,
            topic_id=journey.topic_id,
            purpose=MARKETING,
            identity_id=journey.identity_id,
            content=mail.content_of(session, journey.workspace_id, step),
        ),
        now=now,
    )
    return send.id
