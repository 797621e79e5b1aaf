"""Sources of tasks, such as a journey, and their names on pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.kernel import extensions
from app.kernel.page_links import PageLink


@dataclass(frozen=True, slots=True)
class Source:
    """What opened a task: its kind, such as `journey`, and its number in the room that knows it."""

    kind: str
    id: int | None = None


@dataclass(frozen=True, slots=True)
class SourceName:
    """What a source is called on a page: its kind as a message id, its name, and where it is seen."""

    label: str
    name: str
    page: PageLink


# (session, workspace_id, ids) -> the names of those that are still there
Names = Callable[[Session, int, set[int]], Mapping[int, SourceName]]


@dataclass(frozen=True)
class TaskSources:
    """The rooms that open tasks, by the kind of their sources."""

    by_kind: Mapping[str, Names] = field(default_factory=dict)


def names(session: Session, workspace_id: int, sources: Iterable[Source]) -> dict[Source, SourceName]:
    """Return what these are called, one question a kind; what is gone, or of no known kind, has no name."""
    wanted = set(sources)
    found: dict[Source, SourceName] = {}
    for kind, ask in extensions.of(session, TaskSources).by_kind.items():
        ids = {source.id for source in wanted if source.kind == kind and source.id is not None}
        if ids:
            found |= {Source(kind, number): name for number, name in ask(session, workspace_id, ids).items()}
    return found
