"""Which fields the segments of a workspace ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.segments.models import Segment


def of_segments(session: Session, workspace_id: int) -> Iterator[set[str]]:
    """Yield for each segment the names of the fields its conditions ask for."""
    for rules in session.scalars(select(Segment.rules).where(Segment.workspace_id == workspace_id)):
        yield set(_named(rules))


def _named(rules: Any) -> Iterator[str]:
    waiting = [rules]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if isinstance(part.get("field"), str):
                yield part["field"]
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
