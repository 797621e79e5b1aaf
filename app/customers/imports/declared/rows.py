"""Reads and checks one row of a file of a declared kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.customers.imports.declared.columns import Column, Unreadable
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.models import Import
from app.customers.imports.occurrences import Occurrences
from app.customers.imports.parsing.batches import Batch, Repeat
from app.customers.imports.refused import NOBODY, TOO_LONG, RowRefused

Told = dict[str, Any]
# Returns what a row is about, the same for all rows about the same, and what to call it; raises Unfit.
Identify = Callable[[Told], tuple[str, str]]


class Unfit(Exception):
    """What a row tells cannot be taken together; `column` is the one at fault, or that which it would need."""

    def __init__(self, reason: str, column: str) -> None:
        super().__init__(reason)
        self.reason, self.column = reason, column


@dataclass(slots=True)
class DeclaredRow:
    """What a row tells, by column; what it leaves open is not there. `is_again`: an earlier batch named the thing."""

    row: int
    key: str
    who: str
    told: Told
    covers: list[int] = field(default_factory=list)
    is_again: bool = False


class DeclaredReader:
    """Reads rows of one file by its mapping; of several rows about one thing, what later ones tell counts."""

    shared_at: int | None = None

    def __init__(self, columns: Sequence[Column], identify: Identify, found: Import, options: Options) -> None:
        place = {target: int(position) for position, target in found.mapping.items()}
        self._columns = [(each.name, place[each.name], each.read) for each in columns if each.name in place]
        self._place = place
        self._identify = identify
        self._header = found.header
        self._options = options

    def read(self, row: int, cells: list[str], *, is_plain: bool) -> DeclaredRow:  # noqa: ARG002
        """Return what the row says; raise RowRefused."""
        told: Told = {}
        for name, place, read in self._columns:
            if cell := cells[place].strip():
                try:
                    value = read(cell, self._options)
                except Unreadable as why:
                    shown = self._header[place] if why.reason == TOO_LONG else cell
                    raise RowRefused(why.reason, shown, place) from None
                # Nothing but control characters is nothing.
                if value != "":
                    told[name] = value
        try:
            return DeclaredRow(row, *self._identify(told), told)
        except Unfit as why:
            raise self._refusal(why, cells) from None

    def _refusal(self, why: Unfit, cells: list[str]) -> RowRefused:
        place = self._place.get(why.column)
        if place is None:
            return RowRefused(why.reason)
        if why.reason == NOBODY:
            return RowRefused(why.reason, self._header[place])
        return RowRefused(why.reason, cells[place].strip(), place)

    def identity(self, row: DeclaredRow) -> str:
        """Return what a row is about."""
        return row.key

    def gather(
        self, batch: Batch, taken: list[DeclaredRow], met: Occurrences, latest: Occurrences | None  # noqa: ARG002
    ) -> None:
        """Make one row of several about the same thing."""
        found: dict[str, DeclaredRow] = {}
        for row in taken:
            first = met.first(row.key, row.row)
            if first != row.row:
                batch.repeats.append(Repeat(row.row, first, row.who, ()))
            earlier = found.get(row.key)
            if earlier is None:
                row.is_again = first != row.row
                found[row.key] = row
            else:
                earlier.told |= row.told
                earlier.covers.append(row.row)
        batch.rows = list(found.values())
