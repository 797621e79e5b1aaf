"""What follow-up puts on the customer card: open tasks, and the first of them as the next step."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.customers.card.sections import CardLine, Section
from app.followup import tasks
from app.kernel import page_links


def of_customer(session: Session, workspace_id: int, customer_id: int, now: datetime) -> list[CardLine]:  # noqa: ARG001
    """Return the open tasks about this customer; the first one due is the next step."""
    page = page_links.to("followup.list_tasks")
    todo = [task for task in tasks.list_of_customer(session, workspace_id, customer_id) if task.done_at is None]
    # What staff wrote is a name, not a message: its percent signs stay.
    lines = [
        CardLine(Section.TASKS, "%(title)s", {"title": task.title}, due_on=task.due_on, page=page) for task in todo
    ]
    first = [CardLine(Section.NEXT, "%(title)s", {"title": task.title}, due_on=task.due_on) for task in todo[:1]]
    return [*first, *lines]
