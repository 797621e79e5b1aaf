"""Tasks of staff about a customer, with an owner and a due date.

A task is open (no `done_at`) until staff finish it, and open again when they take that back; nothing else moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from app.accounts import staff, workspaces
from app.customers.imports.undoing.traces import Trace
from app.customers.profiles import naming, people
from app.followup import sources
from app.followup.models import Task
from app.followup.sources import Source, SourceName
from app.kernel.sql import keyed_rows

# Whom there are tasks about, for the undo of imports.
TRACE = Trace(Task.customer_id)


@dataclass(frozen=True)
class TaskLine:
    """One task as a list shows it."""

    id: int
    title: str
    customer_id: int
    customer: str
    owner: str | None
    source: SourceName | None
    due_on: date
    done_at: datetime | None


@dataclass(frozen=True)
class NewTask:
    """What is to be done, by whom (None: anybody), and what asks for it."""

    title: str
    source: Source
    owner_id: int | None = None


def open_for(
    session: Session, workspace_id: int, customer_ids: Sequence[int], task: NewTask, *, now: datetime
) -> None:
    """Open the task for each of these customers, due today where the company is."""
    if not customer_ids:
        return
    row = {
        "workspace_id": workspace_id,
        "source": task.source.kind,
        "source_id": task.source.id,
        "title": task.title,
        "owner_id": task.owner_id,
        "due_on": today(session, workspace_id, now),
        "created_at": now,
    }
    session.execute(insert(Task), [{**row, "customer_id": customer_id} for customer_id in customer_ids])


def finish(session: Session, workspace_id: int, task_id: int, *, staff_id: int, now: datetime) -> Task:
    """Mark a task as done; a second time changes nothing."""
    task = _get(session, workspace_id, task_id)
    if task.done_at is None:
        task.done_at, task.done_by = now, staff_id
    return task


def reopen(session: Session, workspace_id: int, task_id: int) -> Task:
    """Take back that a task is done."""
    task = _get(session, workspace_id, task_id)
    task.done_at = task.done_by = None
    return task


def list_open(session: Session, workspace_id: int, *, owner_id: int | None = None, limit: int = 100) -> list[TaskLine]:
    """Return what is to be done, the most overdue first; of everybody, or of one owner."""
    query = _lines(workspace_id).where(Task.done_at.is_(None))
    if owner_id is not None:
        query = query.where(Task.owner_id == owner_id)
    return _read(session, workspace_id, query.order_by(Task.due_on, Task.id).limit(limit))


def list_of_customer(session: Session, workspace_id: int, customer_id: int, limit: int = 10) -> list[TaskLine]:
    """Return one customer's tasks, open ones first."""
    query = _lines(workspace_id).where(Task.customer_id == customer_id)
    return _read(session, workspace_id, query.order_by(Task.done_at.is_not(None), Task.due_on, Task.id).limit(limit))


def count_open(session: Session, workspace_id: int) -> int:
    """Return how many tasks wait."""
    query = select(func.count()).where(Task.workspace_id == workspace_id, Task.done_at.is_(None))
    return session.scalar(query) or 0


def today(session: Session, workspace_id: int, now: datetime) -> date:
    """Return the date it is where the company is."""
    return now.astimezone(ZoneInfo(workspaces.get(session, workspace_id).time_zone)).date()


def _get(session: Session, workspace_id: int, task_id: int) -> Task:
    return keyed_rows.get(session, Task, workspace_id, task_id)


def _lines(workspace_id: int) -> Select[Any]:
    named = people.named_query(workspace_id).subquery()
    return (
        select(Task, named.c.first_name, named.c.last_name, named.c.email, named.c.external_ref)
        .outerjoin(named, named.c.customer_id == Task.customer_id)
        .where(Task.workspace_id == workspace_id)
    )


def _read(session: Session, workspace_id: int, query: Select[Any]) -> list[TaskLine]:
    rows = session.execute(query).all()
    owners = staff.names(session, {row.Task.owner_id for row in rows if row.Task.owner_id})
    of_sources = sources.names(session, workspace_id, [_source(row.Task) for row in rows])
    return [
        TaskLine(
            id=row.Task.id,
            title=row.Task.title,
            customer_id=row.Task.customer_id,
            customer=naming.called(row.first_name, row.last_name, row.email, row.external_ref),
            owner=owners.get(row.Task.owner_id),
            source=of_sources.get(_source(row.Task)),
            due_on=row.Task.due_on,
            done_at=row.Task.done_at,
        )
        for row in rows
    ]


def _source(task: Task) -> Source:
    return Source(task.source, task.source_id)
