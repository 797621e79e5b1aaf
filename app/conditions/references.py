"""Things of a workspace that conditions name by id: topics, journeys and the like."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.customers.profiles.fields import FieldInfo

# (value, label) of what a search finds
Found = list[tuple[str, str]]


@dataclass(frozen=True)
class Reference:
    """A kind of thing, and how to list those one can choose: (session, workspace_id) -> names by id, bounded.

    Of what there may be too many to list, `load` gives some, `named` the names of those asked for by their ids, and
    `search` what holds some words, as an input keeps it.
    """

    kind: str
    load: Callable[[Session, int], Mapping[int, str]]
    named: Callable[[Session, int, Collection[int]], Mapping[int, str]] | None = None
    search: Callable[[Session, int, str], Found] | None = None

    def names(self, session: Session, workspace_id: int, ids: Collection[int]) -> Mapping[int, str]:
        """Return what to choose from, these ids among them."""
        found = self.load(session, workspace_id)
        missing = [each for each in ids if each not in found] if self.named else []
        return {**found, **self.named(session, workspace_id, missing)} if self.named and missing else found


@dataclass(frozen=True)
class Vocabulary:
    """What conditions can speak about in one workspace: its fields by name, and names by id of each reference."""

    fields: Mapping[str, FieldInfo]
    names: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def names_of(self, reference: Reference) -> Mapping[int, str]:
        """Return the names by id of what there is of a kind."""
        return self.names.get(reference.kind, {})
