"""The rules of other segments that a rule names, read when it is compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conditions.condition_types import ConditionTypes
from app.kernel import extensions
from app.segments import codec
from app.segments.models import Segment
from app.segments.rules import Rule


@dataclass(frozen=True)
class KeptRule:
    """A kept segment's name and rule."""

    name: str
    rule: Rule


class KeptRules(Protocol):
    """Where a rule finds the segments it names."""

    def find(self, segment_id: int) -> KeptRule | None:
        """Return the segment's rule, None where there is no such segment; raise RulesInvalid where it is unreadable."""
        ...


class NoKeptRules:
    """There are no other segments."""

    def find(self, segment_id: int) -> KeptRule | None:  # noqa: ARG002
        return None


class SavedRules:
    """The segments of a workspace, each read once, while the session is open."""

    def __init__(self, session: Session, workspace_id: int) -> None:
        self._session = session
        self._workspace_id = workspace_id
        self._found: dict[int, KeptRule | None] = {}

    def find(self, segment_id: int) -> KeptRule | None:
        if segment_id not in self._found:
            self._found[segment_id] = self._read(segment_id)
        return self._found[segment_id]

    def _read(self, segment_id: int) -> KeptRule | None:
        query = select(Segment.name, Segment.rules)
        row = self._session.execute(
            query.where(Segment.workspace_id == self._workspace_id, Segment.id == segment_id)
        ).first()
        if row is None:
            return None
        return KeptRule(row.name, codec.load(row.rules, extensions.of(self._session, ConditionTypes)))
