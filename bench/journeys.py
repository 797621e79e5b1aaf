"""The benchmark of journeys: people moved through the steps of one, as its job does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.customers.profiles import people
from app.journeys import definitions, drafts, publishing
from app.journeys.definitions import Plan
from app.journeys.engine import advancing, enrolment
from app.journeys.models import Enrolment, Journey
from app.journeys.steps.send import Send
from app.journeys.steps.wait import Wait
from bench import filling, ground, measuring
from bench.ground import Ground

PEOPLE = 20_000
RUNS = 5
_SOURCE = "# News\n\nHello {{ customer.first_name or 'there' }}, [here is what is new](https://shop.example/new)."
# The mails are as good as sent: who waits for one goes on.
_LET_LEAVE = (
    "UPDATE messages SET state = 'sent', sent_at = :now, handed_at = :now, due_at = NULL WHERE state = 'queued'"
)


def run(customers: int = PEOPLE, runs: int = RUNS) -> list[dict[str, Any]]:
    """Return `journey_step` and `journey_move` (steps a second): for everybody, a mail queued, and on to a wait."""
    with ground.prepared() as place:
        filling.fill(place, customers)
        queued = measuring.Runs("journey_step", "steps/s", note="a mail queued a person; worker and PostgreSQL")
        moved = measuring.Runs("journey_move", "steps/s", note="on to the wait after a mail that left")
        for _ in range(runs):
            entered = _entered(place)
            _measure(place, queued, entered)
            with place.services.database.transaction(place.workspace_id) as session:
                session.execute(text(_LET_LEAVE), {"now": place.now})
                session.execute(text("UPDATE enrolments SET due_at = :now WHERE state = 'active'"), {"now": place.now})
            _measure(place, moved, entered)
            with place.services.database.transaction(place.workspace_id) as session:
                session.execute(text("UPDATE enrolments SET state = 'done', due_at = NULL, ended_at = now()"))
        return [queued.row(), moved.row()]


def _entered(place: Ground) -> int:
    """Put everybody who may be mailed on a new journey; return how many that are."""
    with place.services.database.transaction(place.workspace_id) as session:
        made = _journey(session, place)
        enrolment.enrol_many(session, made, people.base_query(place.workspace_id), now=place.now)
        on_it = select(func.count()).select_from(Enrolment).where(Enrolment.journey_id == made.id)
        return session.scalar(on_it) or 0


def _journey(session: Session, place: Ground) -> Journey:
    plan = Plan("Welcome", "topic", place.topic_id, place.topic_id, None, None, None)
    made = definitions.create(session, place.workspace_id, plan, staff_id=None, now=place.now)
    for step in (Send(subject="News", source=_SOURCE), Wait(days=10), Send(subject="More", source=_SOURCE)):
        drafts.add(session, made, step)
    publishing.publish(session, place.workspace_id, made.id, staff_id=None, now=place.now)
    return made


def _measure(place: Ground, runs: measuring.Runs, entered: int) -> None:
    steps = done = 0
    with measuring.watch(place.postgres_pid) as taken:
        while True:
            with place.services.database.transaction(place.workspace_id) as session:
                done = advancing.advance(session, place.workspace_id, now=place.now)
            if not done:
                break
            steps += done
    if steps != entered:
        raise ValueError(f"{steps} steps for {entered} people")
    runs.figures.append(steps / taken.wall)
    runs.cpu_us.append(taken.cpu / steps * 1e6)
