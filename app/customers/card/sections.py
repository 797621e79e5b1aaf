"""What rooms put on the customer card: what somebody has, what is due, the best next step, open tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from app.kernel import extensions
from app.kernel.page_links import PageLink
from app.kernel.translatable import N_

MOST_LINES = 6


class Section(StrEnum):
    """The parts of the card below the fields, in the order they are read."""

    NEXT = "next"
    TASKS = "tasks"
    DUE = "due"
    HAS = "has"


TITLES = {
    Section.NEXT: N_("Best next step"),
    Section.TASKS: N_("Open tasks"),
    Section.DUE: N_("What is due"),
    Section.HAS: N_("What they have"),
}


@dataclass(frozen=True, slots=True)
class CardLine:
    """One line: a message id with its values, the day it is due, and the page that says more."""

    section: Section
    title: str
    values: dict[str, Any] = field(default_factory=dict)
    due_on: date | None = None
    page: PageLink | None = None

    @property
    def text(self) -> str:
        """Return the line in English."""
        return self.title % self.values


# (session, workspace_id, customer_id, now) -> the lines of one room
CardSource = Callable[[Session, int, int, datetime], Sequence[CardLine]]


@dataclass(frozen=True)
class CardSources:
    """The rooms that have something for the card."""

    of_rooms: tuple[CardSource, ...] = ()


def read(session: Session, workspace_id: int, customer_id: int, *, now: datetime) -> dict[Section, list[CardLine]]:
    """Return what every room has, by section; of each the lines that are due first."""
    sources = extensions.of(session, CardSources).of_rooms
    lines = [line for ask in sources for line in ask(session, workspace_id, customer_id, now)]
    return {
        section: sorted((line for line in lines if line.section is section), key=_due)[:MOST_LINES]
        for section in Section
    }


def _due(line: CardLine) -> date:
    return line.due_on or date.max
