"""What the customers room announces."""

from __future__ import annotations

from dataclasses import dataclass

from app.kernel.queueing.outbox import Fact


@dataclass(frozen=True)
class PeopleImported(Fact):
    """A file of people has been taken in."""

    workspace_id: int
    import_id: int


@dataclass(frozen=True)
class EventReported(Fact):
    """Events of a name that somebody waits for were reported as they happened: of whom, and when (ISO 8601)."""

    workspace_id: int
    name: str
    people: list[tuple[int, str]]
