"""Positions of people on a journey: counts per step, lists, and why others exited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Label, and_, case, func, select
from sqlalchemy.orm import Session

from app.customers.imports.undoing.traces import Trace
from app.customers.profiles import naming, people
from app.delivery import history
from app.delivery.history import WaitingGroup, Whereabouts
from app.journeys import versions
from app.journeys.models import Enrolment, Journey, JourneyStep

# Who is or was on a journey, for the undo of imports.
TRACE = Trace(Enrolment.customer_id)


@dataclass(frozen=True)
class Counts:
    """People of one journey. `at` counts those who stand at each step, by its id and whatever their version.

    `earlier` are those of them all on a version before the one published last.
    """

    active: int
    done: int
    stopped: int
    at: dict[str, int]
    earlier: int
    reasons: dict[str, int]

    @property
    def total(self) -> int:
        return self.active + self.done + self.stopped


@dataclass(frozen=True)
class Narrowed:
    """Which people are asked for: who stand at a step, are in a state, or exited for a reason."""

    step_id: str | None = None
    state: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Person:
    """One line of the list of people."""

    enrolment_id: int
    customer_id: int
    name: str
    email: str | None
    step_number: int
    state: str
    stop_reason: str | None
    due_at: datetime | None
    entered_at: datetime
    ended_at: datetime | None
    mail: Whereabouts | None = None


@dataclass(frozen=True)
class Position:
    """Where one customer stands on one journey; `mail` is set while they stand at one that has not left."""

    journey_id: int
    journey: str
    state: str
    stop_reason: str | None
    step_number: int
    due_at: datetime | None
    entered_at: datetime
    mail: Whereabouts | None = None


def count(session: Session, journey: Journey) -> Counts:
    """Count everybody who ever entered, by where they are now."""
    rows = session.execute(
        select(Enrolment.state, Enrolment.stop_reason, Enrolment.version, Enrolment.step_id, func.count())
        .where(Enrolment.workspace_id == journey.workspace_id, Enrolment.journey_id == journey.id)
        .group_by(Enrolment.state, Enrolment.stop_reason, Enrolment.version, Enrolment.step_id)
    ).all()
    totals = dict.fromkeys(("active", "done", "stopped"), 0)
    at: dict[str, int] = {}
    reasons: dict[str, int] = {}
    earlier = 0
    for state, reason, version, step_id, number in rows:
        totals[state] += number
        if reason:
            reasons[reason] = reasons.get(reason, 0) + number
        if state == "active":
            at[step_id] = at.get(step_id, 0) + number
            earlier += number if version < journey.version else 0
    return Counts(**totals, at=at, earlier=earlier, reasons=reasons)


def count_active(session: Session, workspace_id: int, journey_ids: Sequence[int]) -> dict[int, int]:
    """Return how many people are under way on these journeys, by journey."""
    query = (
        select(Enrolment.journey_id, func.count())
        .where(
            Enrolment.workspace_id == workspace_id,
            Enrolment.journey_id.in_(journey_ids),
            Enrolment.state == "active",
        )
        .group_by(Enrolment.journey_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def list_people(
    session: Session, journey: Journey, narrowed: Narrowed | None = None, *, after: int = 0, limit: int = 50
) -> list[Person]:
    """Return people of the journey, all or narrowed; keyset by enrolment id."""
    wanted = narrowed or Narrowed()
    named = people.named_query(journey.workspace_id).subquery()
    query = (
        select(
            Enrolment,
            JourneyStep.number,
            _mail_waited_for(),
            named.c.first_name,
            named.c.last_name,
            named.c.email,
        )
        .outerjoin(named, named.c.customer_id == Enrolment.customer_id)
        .join(JourneyStep, _is_their_step())
        .where(
            Enrolment.workspace_id == journey.workspace_id,
            Enrolment.journey_id == journey.id,
            Enrolment.id > after,
        )
        .order_by(Enrolment.id)
        .limit(limit)
    )
    if wanted.step_id is not None:
        query = query.where(Enrolment.step_id == wanted.step_id, Enrolment.state == "active")
    if wanted.state is not None:
        query = query.where(Enrolment.state == wanted.state)
    if wanted.reason is not None:
        query = query.where(Enrolment.stop_reason == wanted.reason)
    rows = session.execute(query).all()
    at_mail = [(row.Enrolment.customer_id, row.send_id) for row in rows if row.send_id]
    mails = _mails(session, journey.workspace_id, at_mail)
    return [
        Person(
            enrolment_id=row.Enrolment.id,
            customer_id=row.Enrolment.customer_id,
            name=naming.full_name(row.first_name, row.last_name),
            email=row.email,
            step_number=row.number,
            state=row.Enrolment.state,
            stop_reason=row.Enrolment.stop_reason,
            due_at=row.Enrolment.due_at,
            entered_at=row.Enrolment.entered_at,
            ended_at=row.Enrolment.ended_at,
            mail=mails.get((row.Enrolment.customer_id, row.send_id)),
        )
        for row in rows
    ]


def of_customer(session: Session, workspace_id: int, customer_id: int, limit: int = 20) -> list[Position]:
    """Return the journeys one customer is or was on, the newest first."""
    query = (
        select(
            Journey.id,
            Journey.name,
            Enrolment.state,
            Enrolment.stop_reason,
            JourneyStep.number,
            Enrolment.due_at,
            Enrolment.entered_at,
            _mail_waited_for(),
        )
        .join(Journey, (Journey.workspace_id == Enrolment.workspace_id) & (Journey.id == Enrolment.journey_id))
        .join(JourneyStep, _is_their_step())
        .where(Enrolment.workspace_id == workspace_id, Enrolment.customer_id == customer_id)
        .order_by(Enrolment.id.desc())
        .limit(limit)
    )
    rows = session.execute(query).all()
    mails = _mails(session, workspace_id, [(customer_id, row.send_id) for row in rows if row.send_id])
    return [Position(*row[:-1], mails.get((customer_id, row.send_id))) for row in rows]


def waiting(session: Session, journey: Journey) -> dict[str, list[WaitingGroup]]:
    """Return, by step id, what the mails of any version wait for that were queued and have not left."""
    step_of = {
        send_id: step_id for _, step_id, send_id in versions.list_sends(session, journey.workspace_id, [journey.id])
    }
    found = history.waiting(session, journey.workspace_id, list(step_of)) if step_of else {}
    groups: dict[str, list[WaitingGroup]] = {}
    for send_id, of_send in found.items():
        groups.setdefault(step_of[send_id], []).extend(of_send)
    return groups


def _is_their_step() -> ColumnElement[bool]:
    """Join the step a person stands at, or ended with."""
    return and_(
        JourneyStep.workspace_id == Enrolment.workspace_id,
        JourneyStep.journey_id == Enrolment.journey_id,
        JourneyStep.version == Enrolment.version,
        JourneyStep.step_id == Enrolment.step_id,
    )


def _mail_waited_for() -> Label[int | None]:
    """The send whose mail was queued for a person and whose end they wait for."""
    is_waiting = and_(Enrolment.mail_at.is_not(None), Enrolment.state == "active")
    return case((is_waiting, JourneyStep.send_id)).label("send_id")


def _mails(
    session: Session, workspace_id: int, waiting_at: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Whereabouts]:
    """Return where the mails stand that these people (customer, send) wait for."""
    asked = [(send_id, customer_id) for customer_id, send_id in waiting_at]
    found = history.whereabouts(session, workspace_id, asked) if asked else {}
    return {(customer_id, send_id): mail for (send_id, customer_id), mail in found.items() if not mail.is_settled}
