"""Advances due enrolments: claimed in batches, decided together, done in the transaction that moves them on.

A step happens to a person exactly once: the row is locked while it happens, and moves on with it. Every claim looks
again at what the person did meanwhile, so an act that nobody announced stops them all the same.

A mail's step is over when the mail has left, or will never leave: who has to wait for it stays there and is looked at
again, so that no later step happens before it. A wait that follows begins when the mail left, however late that was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.consent import permission
from app.consent.purposes import MARKETING
from app.customers.profiles import fields, people
from app.delivery import history
from app.delivery.history import Whereabouts
from app.journeys import versions
from app.journeys.engine import enrolment
from app.journeys.engine.enrolment import Stop
from app.journeys.graph import Graph
from app.journeys.models import Enrolment, Journey
from app.journeys.steps.step import Arrival, Due

Graphs = Mapping[tuple[int, int], Graph]

BATCH = 500
# A mail that is about to leave is looked at again this soon; one that lies still, ever more seldom.
SOON, SELDOM = timedelta(minutes=1), timedelta(hours=1)


_MOVE_ON = text(
    """
    UPDATE enrolments e SET step_id = moved.step_id, due_at = moved.due_at, mail_at = NULL
    FROM unnest(CAST(:ids AS bigint[]), CAST(:step_ids AS text[]), CAST(:due_at AS timestamptz[]))
         AS moved(id, step_id, due_at)
    WHERE e.workspace_id = :workspace_id AND e.id = moved.id AND e.state = 'active'
    """
)
_FINISH = text(
    """
    UPDATE enrolments SET state = 'done', ended_at = :now, due_at = NULL, mail_at = NULL
    WHERE workspace_id = :workspace_id AND id = ANY(CAST(:ids AS bigint[])) AND state = 'active'
    """
)
_STAY = text(
    """
    UPDATE enrolments e SET due_at = stay.until, mail_at = coalesce(e.mail_at, CAST(:now AS timestamptz))
    FROM unnest(CAST(:ids AS bigint[]), CAST(:until AS timestamptz[])) AS stay(id, until)
    WHERE e.workspace_id = :workspace_id AND e.id = stay.id AND e.state = 'active'
    """
)


def advance(session: Session, workspace_id: int, *, now: datetime, limit: int = BATCH) -> int:
    """Do the due step of up to `limit` people and move on whose step is over; return how many were due."""
    due = _claim(session, workspace_id, now, limit)
    if not due:
        return 0
    reasons = _reasons_to_stop(session, workspace_id, due, now)
    enrolment.stop_many(session, workspace_id, reasons, now=now)
    going = [person for person in due if person.id not in reasons]
    graphs = versions.get_many(session, workspace_id, {(person.journey_id, person.version) for person in going})
    over: list[tuple[Due, datetime]] = []
    stay: dict[int, datetime] = {}
    for person, mail in _do_steps(session, workspace_id, going, graphs, now):
        if mail is None or mail.is_settled:
            over.append((person, (mail and mail.left_at) or now))
        else:
            stay[person.id] = _look_again_at(person, mail, now)
    _leave_steps(session, workspace_id, over, graphs, now)
    if stay:
        given = {"workspace_id": workspace_id, "now": now}
        session.execute(_STAY, {**given, "ids": list(stay), "until": list(stay.values())})
    return len(due)


def _leave_steps(
    session: Session, workspace_id: int, over: Sequence[tuple[Due, datetime]], graphs: Graphs, now: datetime
) -> None:
    """Move these people on from steps that were over at these times; who has no further step is done."""
    ids, step_ids, due_at, done = [], [], [], []
    for person, at in over:
        graph = graphs[person.journey_id, person.version]
        following = graph.following(person.step_id)
        if following is None:
            done.append(person.id)
            continue
        ids.append(person.id)
        step_ids.append(following)
        due_at.append(at + graph.get(following).delay())
    if ids:
        moved = {"ids": ids, "step_ids": step_ids, "due_at": due_at}
        session.execute(_MOVE_ON, {"workspace_id": workspace_id, **moved})
    if done:
        session.execute(_FINISH, {"workspace_id": workspace_id, "ids": done, "now": now})


def _look_again_at(person: Due, mail: Whereabouts, now: datetime) -> datetime:
    """Return when to ask once more after a mail that has not left: when it is due, or after a tenth of its wait."""
    if mail.due_at is not None and mail.due_at > now:
        return mail.due_at + SOON
    waited = now - (person.mail_at or now)
    return now + min(max(waited / 10, SOON), SELDOM)


def _claim(session: Session, workspace_id: int, now: datetime, limit: int) -> list[Due]:
    """Lock due people and return those whose journey stays live until all is done; the others come next time.

    Who pauses a journey waits for this transaction, and so finds every send it started. A journey that somebody is
    changing is not waited for.
    """
    rows = session.execute(
        select(
            Enrolment.id,
            Enrolment.customer_id,
            Enrolment.journey_id,
            Journey.topic_id,
            Enrolment.version,
            Enrolment.step_id,
            Enrolment.run,
            Enrolment.entered_at,
            Enrolment.mail_at,
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
    due = [Due(*row) for row in rows]
    live = _held_live(session, workspace_id, sorted({person.journey_id for person in due}))
    return [person for person in due if person.journey_id in live]


def _held_live(session: Session, workspace_id: int, journey_ids: Sequence[int]) -> set[int]:
    """Return those of these journeys that are live and that nobody is changing, and keep them so."""
    if not journey_ids:
        return set()
    query = select(Journey.id).where(
        Journey.workspace_id == workspace_id, Journey.id.in_(journey_ids), Journey.state == "live"
    )
    return set(session.scalars(query.order_by(Journey.id).with_for_update(read=True, skip_locked=True)))


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


def _do_steps(
    session: Session, workspace_id: int, due: Sequence[Due], graphs: Graphs, now: datetime
) -> list[tuple[Due, Whereabouts | None]]:
    """Do what each step says, once for everybody who stands there; return all, and where the mail of a step stands.

    A wait that is due is simply over. Who stands at a mail that was queued before has it queued no second time.
    """
    at_step: dict[tuple[int, int, str], list[Due]] = defaultdict(list)
    for person in due:
        at_step[person.place].append(person)
    mails = versions.sends_at(session, workspace_id, graphs)
    waiting_for: dict[int, int] = {}
    # Sends are locked in the order of their ids, whoever advances.
    for place in sorted(at_step, key=lambda place: (mails.get(place, 0), place)):
        journey_id, version, step_id = place
        arrival = Arrival(session, workspace_id, journey_id, step_id, mails.get(place), at_step[place], now)
        send_id = graphs[journey_id, version].get(step_id).perform(arrival)
        if send_id is not None:
            waiting_for |= {person.id: send_id for person in arrival.people}
    asked = [(waiting_for[person.id], person.customer_id) for person in due if person.id in waiting_for]
    found = history.whereabouts(session, workspace_id, asked) if asked else {}
    return [(person, found.get((waiting_for.get(person.id, 0), person.customer_id))) for person in due]
