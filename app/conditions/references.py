"""Things of a workspace that conditions name by id: topics, journeys and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.customers.profiles.fields import FieldInfo


@dataclass(frozen=True)
class Reference:
    """A kind of thing, and how to list those one can choose: (session, workspace_id) -> names by id, bounded."""

    kind: str
    load: Callable[[Session, int], Mapping[int, str]]


@dataclass(frozen=True)
class Vocabulary:
    """What conditions can speak about in one workspace: its fields by name, and names by id of each reference."""

    fields: Mapping[str, FieldInfo]
    names: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def names_of(self, reference: Reference) -> Mapping[int, str]:
        """Return the names by id of what there is of a kind."""
        return self.names.get(reference.kind, {})
