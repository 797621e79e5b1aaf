"""Lets people into the journeys that a reported event starts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.customers.merging import aliases
from app.customers.timeline import activity_queries
from app.journeys import event_trigger
from app.journeys.engine import enrolment
from app.journeys.models import Journey


def awaited_names(session: Session, workspace_id: int, names: Collection[str]) -> set[str]:
    """Return those of these names whose event starts a live journey."""
    name = Journey.trigger_event["name"].astext
    query = select(name).where(*_awaiting(workspace_id), name.in_(names))
    return set(session.scalars(query))


def enrol(
    session: Session, workspace_id: int, name: str, people: Sequence[tuple[int, datetime]], *, now: datetime
) -> int:
    """Let these people (customer, time of the event) into the live journeys an event of this name starts.

    Who is or was on such a journey stays as they are, so that the same events once more change nothing.
    """
    former = aliases.current_ids(session, workspace_id, [customer_id for customer_id, _at in people])
    current = [(former.get(customer_id, customer_id), at) for customer_id, at in people]
    query = select(Journey).where(*_awaiting(workspace_id), Journey.trigger_event["name"].astext == name)
    entered = 0
    for journey in session.scalars(query.order_by(Journey.id)):
        tests = event_trigger.load(journey.trigger_event or {}).tests()
        matching = activity_queries.customers_with(session, workspace_id, name, current, tests)
        entered += enrolment.enrol_people(session, journey, matching, now=now)
    return entered


def _awaiting(workspace_id: int) -> tuple[ColumnElement[bool], ...]:
    return Journey.workspace_id == workspace_id, Journey.state == "live", Journey.trigger_kind == "event"
