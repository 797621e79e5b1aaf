"""What the columns of a file meant the last time one with the same headings was imported."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.imports.mapping import headings
from app.customers.imports.models import Import

# As many of the latest imports are looked at.
LATEST = 200


@dataclass(frozen=True)
class Preset:
    """A mapping with its options, and the file they were decided for."""

    mapping: dict[str, str]
    file_name: str
    at: datetime
    options: dict[str, Any] = field(default_factory=dict)


def find(session: Session, found: Import, targets: Collection[str]) -> Preset | None:
    """Return how the latest file with these headings, in whatever order, was imported; None where there was none.

    A target that there is no more is left out. Headings are compared as everywhere: without case, accents and signs.
    """
    place = _places(found.header)
    if place is None:
        return None
    query = (
        select(Import.header, Import.mapping, Import.options, Import.file_name, Import.finished_at)
        .where(
            Import.workspace_id == found.workspace_id,
            Import.kind == found.kind,
            Import.id != found.id,
            Import.state == "done",
            Import.finished_at.is_not(None),
        )
        .order_by(Import.id.desc())
        .limit(LATEST)
    )
    for header, mapping, options, file_name, finished_at in session.execute(query):
        former = _places(header)
        if former is not None and former.keys() == place.keys():
            names = {position: name for name, position in former.items()}
            meant = {
                str(place[names[int(position)]]): target for position, target in mapping.items() if target in targets
            }
            return Preset(meant, file_name, finished_at, options)
    return None


def _places(header: list[str]) -> dict[str, int] | None:
    """Return where each heading stands, None where two are the same or one is empty: their place alone tells little."""
    places = {folded: place for place, name in enumerate(header) if (folded := headings.fold(name))}
    return places if len(places) == len(header) else None
