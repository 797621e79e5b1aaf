"""Enrols customers in journeys, and exits them early."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.consent import permission
from app.consent.purposes import MARKETING
from app.customers.profiles import engagement
from app.delivery.sending import sends
from app.journeys import versions
from app.journeys.engine import interest
from app.journeys.models import Enrolment, Journey
from app.segments import segments
from app.segments.membership import watching

# Nobody enters a journey a second time yet.
FIRST_RUN = 1
# So many people are stopped by one statement; their mails are asked for by every send of their journeys.
AT_ONCE = 5_000


class Stop(StrEnum):
    """Why somebody left a journey before its end."""

    INTEREST = "interest"
    REPLY = "reply"
    PURCHASE = "purchase"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


def enrol_segment(session: Session, journey: Journey, *, now: datetime) -> int:
    """Let everyone in who is in the journey's segment, may be mailed about its topic and was not on it before."""
    members = segments.members_query(session, journey.workspace_id, journey.segment_id, now)
    return _enrol(session, journey, members, now)


def enrol_kept(session: Session, journey: Journey, *, now: datetime) -> int:
    """Let in the members of the journey's segment as they are kept; where nobody keeps them, whoever is in it now."""
    members = watching.kept_query(session, journey.workspace_id, journey.segment_id)
    if members is not None and segments.problem_with(session, journey.workspace_id, journey.segment_id, now=now):
        # Of a rule that can no longer be asked nobody knows who is in it: this says so, and lets nobody in.
        return enrol_segment(session, journey, now=now)
    return enrol_segment(session, journey, now=now) if members is None else _enrol(session, journey, members, now)


def enrol_members(session: Session, journey: Journey, customer_ids: Sequence[int], *, now: datetime) -> int:
    """Let in those of these people who are in the journey's segment now, under the same conditions."""
    members = segments.members_query(session, journey.workspace_id, journey.segment_id, now, among=customer_ids)
    return _enrol(session, journey, members, now)


def enrol_customer(session: Session, journey: Journey, customer_id: int, *, now: datetime) -> int:
    """Let one person in, under the same conditions."""
    return _enrol(session, journey, select(literal(customer_id).label("customer_id")), now)


def enrol_many(session: Session, journey: Journey, people: Select[int], *, now: datetime) -> int:
    """Let these people in, under the same conditions."""
    return _enrol(session, journey, people, now)


def enrol_people(session: Session, journey: Journey, customer_ids: Sequence[int], *, now: datetime) -> int:
    """Let in these people, named one by one."""
    if not customer_ids:
        return 0
    named = func.unnest(bindparam("named", list(customer_ids), type_=ARRAY(BigInteger), unique=True))
    return _enrol(session, journey, select(named.column_valued("customer_id")), now)


def count_candidates(session: Session, journey: Journey, *, now: datetime) -> int:
    """Return how many people publishing would let in at once: those in the segment now who may be mailed."""
    if journey.trigger_kind != "segment":
        return 0
    if segments.problem_with(session, journey.workspace_id, journey.segment_id, now=now):
        return 0
    members = segments.members_query(session, journey.workspace_id, journey.segment_id, now)
    return session.scalar(select(func.count()).select_from(_new(journey, members, now).subquery())) or 0


def stop_where_withdrawn(
    session: Session, workspace_id: int, customer_id: int, *, topic_id: int, now: datetime
) -> None:
    """Take a person off the journeys about a topic (0: off all of them)."""
    about = select(Journey.id).where(Journey.workspace_id == workspace_id)
    if topic_id:
        about = about.where(Journey.topic_id == topic_id)
    _stop(session, workspace_id, customer_id, about, Stop.WITHDRAWN, now)


def stop_for_purchase(session: Session, workspace_id: int, customer_id: int, *, at: datetime, now: datetime) -> None:
    """Take a person off every journey they were on when they bought: what it was for has happened."""
    _stop(session, workspace_id, customer_id, _every(workspace_id), Stop.PURCHASE, now, since=at)


def stop_all_who_bought(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Take everybody off who bought since they entered."""
    bought = engagement.purchase_totals_query(workspace_id).subquery()
    since = (
        select(literal(1))
        .where(bought.c.customer_id == Enrolment.customer_id, bought.c.latest_purchase_at > Enrolment.entered_at)
        .exists()
    )
    _end(session, workspace_id, since, Stop.PURCHASE, now)


def hear_response(
    session: Session, workspace_id: int, customer_ids: Sequence[int], *, reason: Stop, at: datetime, now: datetime
) -> None:
    """Move people who clicked or replied on: off their journeys, and onto the list of whoever those name."""
    condition = Enrolment.customer_id.in_(customer_ids) & (Enrolment.entered_at <= at)
    stopped = _end(session, workspace_id, condition, reason, now)
    interest.open_tasks(session, workspace_id, stopped, now=now)


def stop_many(session: Session, workspace_id: int, reasons: dict[int, Stop], *, now: datetime) -> None:
    """Stop these enrolments (by id), each for its reason; those who showed interest become tasks."""
    for reason in set(reasons.values()):
        ids = [enrolment_id for enrolment_id, why in reasons.items() if why is reason]
        condition = Enrolment.id.in_(ids)
        stopped = _end(session, workspace_id, condition, reason, now)
        if reason in (Stop.INTEREST, Stop.REPLY):
            interest.open_tasks(session, workspace_id, stopped, now=now)


def _enrol(session: Session, journey: Journey, people: Select[int], now: datetime) -> int:
    """Insert everyone new in one statement; the unique key makes a second run add nobody."""
    graph = versions.latest(session, journey)
    if graph.start is None:
        return 0
    due_at = now + graph.get(graph.start).delay()
    new = _new(journey, people, now).subquery()
    names = ("workspace_id", "journey_id", "customer_id", "run", "version", "step_id", "due_at", "state", "entered_at")
    rows = select(
        literal(journey.workspace_id),
        literal(journey.id),
        new.c.customer_id,
        literal(FIRST_RUN),
        literal(journey.version),
        literal(graph.start),
        bindparam("due_at", due_at, type_=Enrolment.due_at.type),
        literal("active"),
        bindparam("entered_at", now, type_=Enrolment.entered_at.type),
    )
    statement = insert(Enrolment).from_select(list(names), rows).on_conflict_do_nothing().returning(Enrolment.id)
    return len(session.execute(statement).all())


def _new(journey: Journey, people: Select[int], now: datetime) -> Select[int]:
    """Narrow people to those who may be mailed and are not, and were not, on the journey."""
    found = people.subquery()
    allowed = permission.allowed_query(journey.workspace_id, MARKETING, journey.topic_id, now).subquery()
    on_it = (
        select(literal(1))
        .where(
            Enrolment.workspace_id == journey.workspace_id,
            Enrolment.journey_id == journey.id,
            Enrolment.customer_id == found.c.customer_id,
        )
        .exists()
    )
    return (
        select(found.c.customer_id)
        .join(allowed, allowed.c.customer_id == found.c.customer_id)
        .where(~on_it)
    )


def _every(workspace_id: int) -> Select[int]:
    return select(Journey.id).where(Journey.workspace_id == workspace_id)


def _stop(
    session: Session,
    workspace_id: int,
    customer_id: int,
    journeys: Select[int],
    reason: Stop,
    now: datetime,
    since: datetime | None = None,
) -> list[interest.Interested]:
    condition = (Enrolment.customer_id == customer_id) & Enrolment.journey_id.in_(journeys)
    if since is not None:
        condition &= Enrolment.entered_at <= since
    return _end(session, workspace_id, condition, reason, now)


def _end(
    session: Session, workspace_id: int, condition: ColumnElement[bool], reason: Stop, now: datetime
) -> list[interest.Interested]:
    """Stop these people, and what the journeys have queued for them that has not left yet."""
    ended = session.execute(
        update(Enrolment)
        .where(Enrolment.workspace_id == workspace_id, Enrolment.state == "active", condition)
        .values(state="stopped", stop_reason=str(reason), due_at=None, mail_at=None, ended_at=now)
        .returning(Enrolment.customer_id, Enrolment.journey_id)
    )
    stopped = [interest.Interested(row.customer_id, row.journey_id) for row in ended]
    if stopped:
        mails = versions.list_sends(session, workspace_id, {person.journey_id for person in stopped})
        of_journey: dict[int, list[int]] = {person.journey_id: [] for person in stopped}
        for journey_id, _step_id, send_id in mails:
            of_journey[journey_id].append(send_id)
        for start in range(0, len(stopped), AT_ONCE):
            some = stopped[start : start + AT_ONCE]
            queued = [(number, person.customer_id) for person in some for number in of_journey[person.journey_id]]
            sends.skip(session, workspace_id, queued, reason="journey_ended")
    return stopped
