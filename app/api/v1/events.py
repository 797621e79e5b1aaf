"""Events for programs: checked one by one, recorded together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.api import problems, reported_events
from app.api.v1 import customers
from app.api.v1.event_schemas import EventIn, EventOut, EventResult, EventsOut
from app.api.v1.schemas import FieldProblem
from app.customers.timeline import activities, reporting
from app.customers.timeline.activities import ActivityRow, EventTimeRefused
from app.customers.timeline.event_names import Source, is_reserved
from app.kernel.refusals import Refusal
from app.kernel.translatable import english


class EventNameReserved(Refusal):
    """A program may not report what we record ourselves: it would be counted as if we had seen it."""

    message = english("The name %(name)s is used for events this service records itself; give yours another name.")


def record_event(session: Session, workspace_id: int, given: EventIn, *, key_id: int, now: datetime) -> EventOut:
    """Put an event on the customer's timeline; raise what refuses it."""
    (answer,) = _record(session, workspace_id, [given], key_id=key_id, now=now)
    if isinstance(answer, Refusal):
        raise answer
    return answer


def record_events(
    session: Session, workspace_id: int, given: Sequence[EventIn], *, key_id: int, now: datetime
) -> EventsOut:
    """Put each event on its customer's timeline; one that is refused keeps no other from being recorded."""
    answers = _record(session, workspace_id, given, key_id=key_id, now=now)
    recorded = sum(isinstance(answer, EventOut) for answer in answers)
    return EventsOut(recorded=recorded, results=[_result(answer) for answer in answers])


def _record(
    session: Session, workspace_id: int, given: Sequence[EventIn], *, key_id: int, now: datetime
) -> list[EventOut | Refusal]:
    """Record what can be, in as many statements as for a single one."""
    customer_ids = customers.ids_of(session, workspace_id, [each.customer for each in given])
    refusals = [_refusal(each, customer_id, now) for each, customer_id in zip(given, customer_ids, strict=True)]
    sound = [each.event_ref for each, refusal in zip(given, refusals, strict=True) if refusal is None]
    fresh = reported_events.add(session, workspace_id, [ref for ref in sound if ref is not None], now=now)
    answers: list[EventOut | Refusal] = []
    rows = []
    for each, customer_id, refusal in zip(given, customer_ids, refusals, strict=True):
        if refusal is not None or customer_id is None:
            answers.append(refusal or customers.CustomerUnknown(field="customer"))
            continue
        is_new = each.event_ref is None or each.event_ref in fresh
        fresh.discard(each.event_ref or "")
        told = {"name": each.name, "at": each.at, "event_ref": each.event_ref}
        answers.append(EventOut(customer_id=customer_id, is_new=is_new, **told))
        if is_new:
            facts = {"data": each.data}
            place = (workspace_id, customer_id, each.at, each.name, Source.API)
            rows.append(ActivityRow(*place, facts=facts, recorded_by=key_id))
    reporting.record(session, workspace_id, rows, now=now)
    return answers


def _refusal(given: EventIn, customer_id: int | None, now: datetime) -> Refusal | None:
    if customer_id is None:
        return customers.CustomerUnknown(field="customer")
    if is_reserved(given.name):
        return EventNameReserved(field="name", name=given.name)
    if not activities.is_recordable(given.at, now=now):
        return EventTimeRefused(field="at")
    return None


def _result(answer: EventOut | Refusal) -> EventResult:
    if isinstance(answer, EventOut):
        return EventResult(event=answer, errors=[])
    return EventResult(event=None, errors=[FieldProblem(**error) for error in problems.of_refusal(answer)["errors"]])
