"""How much is known of the people of a workspace, field by field, and how it is known; counted by a job and kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from app.customers.profiles import fields, identity
from app.customers.profiles.provenance import EXTERNAL, IMPLIED, INFERRED
from app.customers.quality import rules
from app.customers.sources.models import ValueCoverage

EVERYONE = "*"
NAMES = ("email", *fields.PROFILE, *identity.IDENTITY)
_TOLD = " UNION ALL ".join(f"SELECT '{name}', c.{name} IS NOT NULL" for name in NAMES)
_COUNT = text(
    f"""
    INSERT INTO value_coverage (workspace_id, name, nature, people, stale, counted_at)
    SELECT :w, v.name, coalesce(CAST(v.mark ->> 2 AS smallint), 0), count(*),
           count(*) FILTER (WHERE CAST(v.mark ->> 1 AS bigint) < :stale_before), :now
    FROM customers c CROSS JOIN LATERAL (
        SELECT told.name, coalesce(c.provenance -> told.name, c.provenance -> '*') AS mark
        FROM ({_TOLD} UNION ALL SELECT 'custom.' || key, value <> 'null' FROM jsonb_each(c.custom))
             AS told(name, is_known)
        WHERE told.is_known) v
    WHERE c.workspace_id = :w GROUP BY 2, 3
    UNION ALL SELECT :w, '{EVERYONE}', 0, count(*), 0, :now FROM customers c WHERE c.workspace_id = :w
    """
)


@dataclass
class FieldCoverage:
    """Of how many people a field is known: `natures` by their number, `stale` of them observed long ago."""

    people: int = 0
    stale: int = 0
    natures: dict[int, int] = field(default_factory=dict)

    @property
    def external(self) -> int:
        """Return how many of these values others collected."""
        return sum(count for nature, count in self.natures.items() if nature & EXTERNAL)


@dataclass
class Coverage:
    """What is known of a workspace's people, by name of field; nothing before it was counted once."""

    everyone: int = 0
    counted_at: datetime | None = None
    fields: dict[str, FieldCoverage] = field(default_factory=dict)

    @property
    def matrix(self) -> dict[tuple[bool, bool], int]:
        """Return how many values are observed or inferred, and measured or implied."""
        counts = {(observed, measured): 0 for observed in (True, False) for measured in (True, False)}
        for each in self.fields.values():
            for nature, count in each.natures.items():
                counts[not nature & INFERRED, not nature & IMPLIED] += count
        return counts


def recount(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Count anew what is known of everybody."""
    session.execute(delete(ValueCoverage).where(ValueCoverage.workspace_id == workspace_id))
    before = int(rules.read(session, workspace_id).stale_before(now).timestamp())
    session.execute(_COUNT, {"w": workspace_id, "now": now, "stale_before": before})


def read(session: Session, workspace_id: int) -> Coverage:
    """Return what was known when it was counted last."""
    found = Coverage()
    for row in session.scalars(select(ValueCoverage).where(ValueCoverage.workspace_id == workspace_id)):
        found.counted_at = row.counted_at
        if row.name == EVERYONE:
            found.everyone = row.people
            continue
        known = found.fields.setdefault(row.name, FieldCoverage())
        known.people += row.people
        known.stale += row.stale
        known.natures[row.nature] = row.people
    return found
