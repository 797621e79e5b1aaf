"""The step that gives one of the staff something to do."""

from __future__ import annotations

from typing import Literal, Self

from sqlalchemy.orm import Session

from app.followup import tasks
from app.followup.sources import Source
from app.followup.tasks import NewTask
from app.journeys import owners
from app.journeys.steps.step import Arrival, Step, one_line


class Task(Step):
    """One task for each person who comes this far, given to `owner_id` or to nobody in particular."""

    kind: Literal["task"] = "task"
    title: str
    owner_id: int | None = None

    def checked(self, session: Session, workspace_id: int) -> Self:
        """Raise StepRefused without a title, OwnerUnknown for somebody who does not work here."""
        owners.require_member(session, workspace_id, self.owner_id)
        return self.model_copy(update={"title": one_line(self.title, "title")})

    def perform(self, arrival: Arrival) -> int | None:
        """Open the tasks."""
        task = NewTask(self.title, Source(owners.TASK_SOURCE, arrival.journey_id), self.owner_id)
        customer_ids = [person.customer_id for person in arrival.people]
        tasks.open_for(arrival.session, arrival.workspace_id, customer_ids, task, now=arrival.now)
        return None
