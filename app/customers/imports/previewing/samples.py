"""What would become of single rows, and which fields of known ones change, as a stage tells a preview."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

OUTCOMES = ("created", "updated", "unchanged")


class Sample(NamedTuple):
    """One row: whom or what it is about, what comes of it, and each value it brings as [before, after]."""

    row: int
    who: str
    outcome: str
    values: dict[str, Any]


@dataclass
class Seen:
    """The first rows of each outcome, and in how many rows each field of something known changes."""

    rows: list[Sample] = field(default_factory=list)
    changed: Counter[str] = field(default_factory=Counter)


class Samples:
    """The first rows of each outcome in a whole file."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._rows: dict[str, list[Sample]] = {name: [] for name in OUTCOMES}
        self._changed: Counter[str] = Counter()

    def wanted(self) -> int:
        """Return how many more of any outcome are to be shown."""
        return max(self.most - len(rows) for rows in self._rows.values())

    def add(self, seen: Seen) -> None:
        """Take in what a batch shows."""
        self._changed += seen.changed
        for sample in sorted(seen.rows):
            kept = self._rows[sample.outcome]
            if len(kept) < self.most:
                kept.append(sample)

    def dump(self) -> dict[str, Any]:
        """Return the rows by outcome and the number of changes by field, as JSON."""
        rows = {name: [[row, who, values] for row, who, _, values in kept] for name, kept in self._rows.items()}
        return {"samples": rows, "changed_fields": dict(self._changed)}
