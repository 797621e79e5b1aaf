"""Lists of the people a problem concerns, so that they can be asked again; segments keep lists, and say how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.customers.quality import problems, report
from app.customers.quality.problems import EXPIRED, MISSING, SILENT, UNREACHABLE, Problem
from app.customers.quality.report import Report
from app.kernel import extensions
from app.kernel.page_links import PageLink
from app.kernel.queueing import outbox
from app.kernel.refusals import NotFound

JOB = "customers.fill_problem_list"
# Lists of more people are filled by a job, since nobody waits that long for a page.
AT_SIGHT = 20_000


@dataclass(frozen=True)
class MadeList:
    """A list that was made, its page, and the address that takes it away again."""

    id: int
    page: PageLink
    undo: PageLink


class Filling(Protocol):
    """Puts everybody on a list whom the query finds; returns how many."""

    def __call__(
        self, session: Session, workspace_id: int, list_id: int, people: Select[int], *, staff_id: int, now: datetime
    ) -> int:
        """Fill the list."""


@dataclass(frozen=True)
class PeopleLists:
    """The room that keeps lists: makes an empty one of a name like this, and fills it."""

    make: Callable[[Session, int, str, int, datetime], MadeList] | None = None
    fill: Filling | None = None


@dataclass(frozen=True)
class Asked:
    """A list of those concerned, and how many are on it; None while a job fills it."""

    made: MadeList
    people: int | None


def make_list(
    session: Session, workspace_id: int, problem: Problem, name: str, *, staff_id: int, now: datetime
) -> Asked:
    """Make a list of exactly those whom a problem concerns now."""
    lists = extensions.of(session, PeopleLists)
    if lists.make is None:
        raise NotFound
    made = lists.make(session, workspace_id, name, staff_id, now)
    if expected(report.read(session, workspace_id, now=now), problem) > AT_SIGHT:
        outbox.enqueue(session, JOB, workspace_id=workspace_id, list_id=made.id, problem=problem.key, staff_id=staff_id)
        return Asked(made, None)
    return Asked(made, fill(session, workspace_id, made.id, problem, staff_id=staff_id, now=now))


def fill(
    session: Session, workspace_id: int, list_id: int, problem: Problem, *, staff_id: int, now: datetime
) -> int:
    """Put everybody on a list whom a problem concerns now; return how many."""
    lists = extensions.of(session, PeopleLists)
    if lists.fill is None:
        raise NotFound
    shown = report.shown_sources(session, workspace_id)
    people = problems.people_query(session, workspace_id, problem, shown=shown, now=now)
    return lists.fill(session, workspace_id, list_id, people, staff_id=staff_id, now=now)


def expected(counted: Report, problem: Problem) -> int:
    """Return how many a problem concerned when everything was counted last."""
    if problem.kind == SILENT:
        return counted.silent
    if problem.kind == UNREACHABLE:
        return counted.unreachable.get(problem.about, 0)
    if problem.kind == MISSING:
        return counted.missing(problem.about, problem.source)
    found = counted.fill(problem.about, problem.source)
    return found.expired if problem.kind == EXPIRED else found.stale
