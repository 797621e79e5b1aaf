"""Positions of people on a journey: counts per step, lists, and why others exited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app.customers.profiles import naming, people
from app.delivery import history
from app.delivery.history import WaitingGroup, Whereabouts
from app.journeys.models import Enrolment, Journey, JourneyStep


@dataclass(frozen=True)
class Counts:
    """People of one journey. `at` counts those standing at each position of the version published last."""

    active: int
    done: int
    stopped: int
    at: dict[int, int]
    earlier: int
    reasons: dict[str, int]

    @property
    def total(self) -> int:
        return self.active + self.done + self.stopped


@dataclass(frozen=True)
class Person:
    """One line of the list of people."""

    enrolment_id: int
    customer_id: int
    name: str
    email: str | None
    position: int
    version: int
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
    position: int
    due_at: datetime | None
    entered_at: datetime
    mail: Whereabouts | None = None


def count(session: Session, journey: Journey) -> Counts:
    """Count everybody who ever entered, by where they are now."""
    rows = session.execute(
        select(Enrolment.state, Enrolment.stop_reason, Enrolment.version, Enrolment.position, func.count())
        .where(Enrolment.workspace_id == journey.workspace_id, Enrolment.journey_id == journey.id)
        .group_by(Enrolment.state, Enrolment.stop_reason, Enrolment.version, Enrolment.position)
    ).all()
    totals = dict.fromkeys(("active", "done", "stopped"), 0)
    at: dict[int, int] = {}
    reasons: dict[str, int] = {}
    earlier = 0
    for state, reason, version, position, number in rows:
        totals[state] += number
        if reason:
            reasons[reason] = reasons.get(reason, 0) + number
        if state == "active" and version == journey.version:
            at[position] = number
        elif state == "active":
            earlier += number
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
    session: Session,
    journey: Journey,
    *,
    position: int | None = None,
    state: str | None = None,
    reason: str | None = None,
    after: int = 0,
    limit: int = 50,
) -> list[Person]:
    """Return the people at a step, in a state, or stopped for a reason; keyset by enrolment id."""
    named = people.named_query(journey.workspace_id).subquery()
    query = (
        select(Enrolment, JourneyStep.send_id, named.c.first_name, named.c.last_name, named.c.email)
        .outerjoin(named, named.c.customer_id == Enrolment.customer_id)
        .outerjoin(JourneyStep, _is_at_its_mail())
        .where(
            Enrolment.workspace_id == journey.workspace_id,
            Enrolment.journey_id == journey.id,
            Enrolment.id > after,
        )
        .order_by(Enrolment.id)
        .limit(limit)
    )
    if position is not None:
        query = query.where(
            Enrolment.position == position, Enrolment.version == journey.version, Enrolment.state == "active"
        )
    if state is not None:
        query = query.where(Enrolment.state == state)
    if reason is not None:
        query = query.where(Enrolment.stop_reason == reason)
    rows = session.execute(query).all()
    at_mail = [(row.Enrolment.customer_id, row.send_id) for row in rows if row.send_id]
    mails = _mails(session, journey.workspace_id, at_mail)
    return [
        _person(
            row.Enrolment,
            row.first_name,
            row.last_name,
            row.email,
            mails.get((row.Enrolment.customer_id, row.send_id)),
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
            Enrolment.position,
            Enrolment.due_at,
            Enrolment.entered_at,
            JourneyStep.send_id,
        )
        .join(Journey, (Journey.workspace_id == Enrolment.workspace_id) & (Journey.id == Enrolment.journey_id))
        .outerjoin(JourneyStep, _is_at_its_mail())
        .where(Enrolment.workspace_id == workspace_id, Enrolment.customer_id == customer_id)
        .order_by(Enrolment.id.desc())
        .limit(limit)
    )
    rows = session.execute(query).all()
    mails = _mails(session, workspace_id, [(customer_id, row.send_id) for row in rows if row.send_id])
    return [Position(*row[:-1], mails.get((customer_id, row.send_id))) for row in rows]


def _is_at_its_mail() -> ColumnElement[bool]:
    """Joins the step whose mail was laid for a person and whose end they wait for."""
    return and_(
        JourneyStep.workspace_id == Enrolment.workspace_id,
        JourneyStep.journey_id == Enrolment.journey_id,
        JourneyStep.version == Enrolment.version,
        JourneyStep.position == Enrolment.position,
        Enrolment.mail_at.is_not(None),
        Enrolment.state == "active",
    )


def waiting(session: Session, workspace_id: int, shown: Sequence[JourneyStep]) -> dict[int, list[WaitingGroup]]:
    """Return, by position, what the mails of these steps wait for that were laid and have not left."""
    positions = {step.send_id: step.position for step in shown if step.send_id}
    found = history.waiting(session, workspace_id, list(positions)) if positions else {}
    return {positions[send_id]: groups for send_id, groups in found.items()}


def _mails(
    session: Session, workspace_id: int, waiting_at: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Whereabouts]:
    """Return where the mails stand that these people (customer, send) wait for."""
    asked = [(send_id, customer_id) for customer_id, send_id in waiting_at]
    found = history.whereabouts(session, workspace_id, asked) if asked else {}
    return {(customer_id, send_id): mail for (send_id, customer_id), mail in found.items() if not mail.is_settled}


def _person(
    enrolment: Enrolment, first_name: str | None, last_name: str | None, email: str | None, mail: Whereabouts | None
) -> Person:
    return Person(
        enrolment_id=enrolment.id,
        customer_id=enrolment.customer_id,
        name=naming.full_name(first_name, last_name),
        email=email,
        position=enrolment.position,
        version=enrolment.version,
        state=enrolment.state,
        stop_reason=enrolment.stop_reason,
        due_at=enrolment.due_at,
        entered_at=enrolment.entered_at,
        ended_at=enrolment.ended_at,
        mail=mail,
    )
