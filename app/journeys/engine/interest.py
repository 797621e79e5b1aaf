"""Opens the task a journey names as soon as somebody on it shows interest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.followup import tasks
from app.followup.sources import Source, SourceName
from app.followup.tasks import NewTask
from app.journeys.models import Journey
from app.journeys.owners import TASK_SOURCE
from app.kernel import page_links
from app.kernel.page_links import PageLink


@dataclass(frozen=True)
class Interested:
    """A customer who left a journey because of something they did themselves."""

    customer_id: int
    journey_id: int


def open_tasks(session: Session, workspace_id: int, people: Sequence[Interested], *, now: datetime) -> None:
    """Open the task each journey names for those who showed interest; a journey that names none opens none."""
    wanted = select(Journey.id, Journey.interest_title, Journey.interest_owner_id).where(
        Journey.workspace_id == workspace_id,
        Journey.id.in_({person.journey_id for person in people}),
        Journey.interest_title.is_not(None),
    )
    for journey in session.execute(wanted).all():
        ids = [person.customer_id for person in people if person.journey_id == journey.id]
        task = NewTask(journey.interest_title, Source(TASK_SOURCE, journey.id), journey.interest_owner_id)
        tasks.open_for(session, workspace_id, ids, task, now=now)


def source_names(session: Session, workspace_id: int, journey_ids: set[int]) -> Mapping[int, SourceName]:
    """Return what these journeys are called, for the tasks they opened."""
    query = select(Journey.id, Journey.name).where(Journey.workspace_id == workspace_id, Journey.id.in_(journey_ids))
    return {row.id: SourceName("Journey", row.name, _page(row.id)) for row in session.execute(query)}


def _page(journey_id: int) -> PageLink:
    return page_links.to("journeys.show_journey", journey_id=journey_id)
