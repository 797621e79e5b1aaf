"""What was counted of a workspace's data quality, read from what is kept: no page scans customers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.quality import counting
from app.customers.quality.measures import EVERY, REST
from app.customers.quality.models import FieldFill, FieldUse, QualityCount, ReachCount

# So many fields are proposed to be collected next.
PROPOSED = 10


@dataclass(frozen=True)
class Fill:
    """Of how many people one field is known, old, and lost by expiry."""

    people: int = 0
    stale: int = 0
    expired: int = 0


@dataclass(frozen=True)
class Wanted:
    """A field to collect: of how many it is missing, and by how many things of each kind it is used."""

    name: str
    missing: int
    uses: dict[str, int]

    @property
    def rank(self) -> int:
        """Return what proposals are ordered by: how many values would serve how many uses."""
        return self.missing * sum(self.uses.values())


@dataclass(frozen=True)
class Report:
    """The figures as they were counted last; `counted_at` is None before the first time."""

    everyone: int = 0
    silent: int = 0
    counted_at: datetime | None = None
    is_counting: bool = False
    # People by source, the largest first, the rest last.
    sources: dict[str, int] = field(default_factory=dict)
    cells: dict[tuple[str, str], Fill] = field(default_factory=dict)
    unreachable: dict[str, int] = field(default_factory=dict)
    uses: dict[str, dict[str, int]] = field(default_factory=dict)

    def fill(self, name: str, source: str = EVERY) -> Fill:
        """Return what is known of a field for the people of a source."""
        return self.cells.get((source, name), Fill())

    def missing(self, name: str, source: str = EVERY) -> int:
        """Return of how many people of a source a field is not known."""
        everyone = self.everyone if source == EVERY else self.sources.get(source, 0)
        return max(everyone - self.fill(name, source).people, 0)

    @property
    def cannot_be_mailed(self) -> int:
        """Return how many people cannot be mailed, for whatever reason."""
        return sum(self.unreachable.values())

    def to_collect(self) -> list[Wanted]:
        """Return the fields that are used and missing, what would serve most first."""
        found = [Wanted(name, self.missing(name), uses) for name, uses in self.uses.items()]
        ranked = sorted((each for each in found if each.rank), key=lambda each: (-each.rank, each.name))
        return ranked[:PROPOSED]


def read(session: Session, workspace_id: int, *, now: datetime) -> Report:
    """Return what was counted last."""
    kept = session.get(QualityCount, workspace_id)
    if kept is None or kept.counted_at is None:
        return Report(is_counting=counting.is_counting(kept, now=now))
    cells, people = _cells(session, workspace_id)
    uses: dict[str, dict[str, int]] = {}
    for row in session.scalars(select(FieldUse).where(FieldUse.workspace_id == workspace_id).order_by(FieldUse.kind)):
        uses.setdefault(row.name, {})[row.kind] = row.uses
    reasons = session.scalars(select(ReachCount).where(ReachCount.workspace_id == workspace_id))
    return Report(
        everyone=kept.everyone,
        silent=kept.silent,
        counted_at=kept.counted_at,
        is_counting=counting.is_counting(kept, now=now),
        sources=dict(sorted(people.items(), key=lambda each: (each[0] == REST, -each[1], each[0]))),
        cells=cells,
        unreachable={row.reason: row.people for row in reasons},
        uses=uses,
    )


def shown_sources(session: Session, workspace_id: int) -> list[str]:
    """Return the sources that were counted by themselves."""
    query = select(FieldFill.source).where(FieldFill.workspace_id == workspace_id, FieldFill.name == EVERY)
    return [source for source in session.scalars(query) if source not in (EVERY, REST)]


def _cells(session: Session, workspace_id: int) -> tuple[dict[tuple[str, str], Fill], dict[str, int]]:
    """Return every cell of the picture, and how many people each source brought."""
    columns = (FieldFill.source, FieldFill.name, FieldFill.people, FieldFill.stale, FieldFill.expired)
    cells, people = {}, {}
    for source, name, known, stale, expired in session.execute(
        select(*columns).where(FieldFill.workspace_id == workspace_id)
    ):
        if name != EVERY:
            cells[source, name] = Fill(known, stale, expired)
        elif source != EVERY:
            people[source] = known
    return cells, people
