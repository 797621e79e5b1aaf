"""Groups a stream of records into batches of checked rows, bounded in number and size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from app.customers import values
from app.customers.imports.occurrences import Occurrences
from app.customers.imports.parsing import reading
from app.customers.imports.parsing.reading import LONGEST_SHOWN, Broken, Record
from app.customers.imports.refused import RowRefused
from app.customers.listing.csv_cells import unquote
from app.customers.profiles import fields

if TYPE_CHECKING:
    from app.customers.imports.kinds import RowReader
    from app.customers.imports.parsing.people_rows import PersonRow

# Whoever signs up waits while a batch with consents is written, so it is a batch of a few tenths of a second.
ROWS = 4_000
CHARACTERS = 32_000_000
CELL = 8
# No cell of a row this short is too long for any field.
PLAIN = fields.LONGEST_TEXT
# A refused row is given back whole as far as a person can have written it.
LONGEST_KEPT_CELL = 5_000
MOST_KEPT_CELLS = 600


@dataclass
class Refused:
    """A row that cannot be taken, and its cells, to be given back with the reason."""

    row: int
    reason: str
    detail: str
    cells: list[str]
    place: int | None = None


class Repeat(NamedTuple):
    """A row about somebody whom an earlier row names: who it is, and (column, earlier, this) where both say something
    else. What rows far apart say is not compared.
    """

    row: int
    first: int
    who: str
    differs: tuple[tuple[str, str, str], ...]


@dataclass
class Batch:
    """Consecutive records `first`..`end` of the file (the end not included), checked."""

    first: int
    end: int
    bytes_read: int
    people: list[PersonRow] = field(default_factory=list)
    # What a file of another kind than people holds.
    rows: list[Any] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    cells: dict[int, list[str]] = field(default_factory=dict)
    # What makes several rows one thing, by row, where the reader names a column for it.
    shared: dict[int, str] = field(default_factory=dict)
    # The rows as the database reads them, a text for each table they are staged in.
    laid_out: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class RowChecks:
    """How rows are read and what is known of others: `met` learns whom they name.

    `latest` knows the last row of each person, where that one alone is heard.
    """

    reader: RowReader
    width: int
    met: Occurrences
    latest: Occurrences | None = None


def read(
    records: Iterator[Record], checks: RowChecks, *, progress: Callable[[], int], after: int, rows: int = ROWS
) -> Iterator[Batch]:
    """Yield batches of what follows record number `after`; `progress` tells how many bytes have been read.

    Rows up to `after` are checked too: what follows may name the same people.
    """
    gathered: list[Record] = []
    size = 0
    for number, cells in records:
        gathered.append((number, cells))
        # An empty cell costs its place in the list, too.
        size += sum(map(len, cells)) + CELL * len(cells) if isinstance(cells, list) else LONGEST_SHOWN
        if len(gathered) >= rows or size >= CHARACTERS or number == after:
            batch = _check(gathered, checks, progress())
            gathered, size = [], 0
            if batch.first > after:
                yield batch
    if gathered:
        batch = _check(gathered, checks, progress())
        if batch.first > after:
            yield batch


def _check(gathered: list[Record], checks: RowChecks, at: int) -> Batch:
    batch = Batch(gathered[0][0], gathered[-1][0] + 1, at)
    read_row, width = checks.reader.read, checks.width
    taken: list[Any] = []
    shared_at = checks.reader.shared_at
    for number, cells in gathered:
        if shared_at is not None and (shared := shared_value(cells, shared_at)):
            batch.shared[number] = shared
        if isinstance(cells, Broken):
            batch.refused.append(Refused(number, cells.reason, str(cells.line), storable(cells.shown)))
            continue
        joined = "".join(cells)
        # Spreadsheets write rows of nothing but separators after the last one.
        if not joined.strip():
            continue
        # What is printable holds no NUL, no control character and nothing undecodable.
        is_plain = len(joined) <= PLAIN and joined.isprintable() and "'" not in joined
        try:
            if not is_plain and (dirt := reading.is_clean(joined)):
                raise RowRefused(dirt)
            if len(cells) != width and (len(cells) < width or any(cells[width:])):
                raise RowRefused("ragged", str(len(cells)))
            if not is_plain and "'" in joined:
                batch.cells[number] = list(map(unquote, cells))
            else:
                batch.cells[number] = cells
            taken.append(read_row(number, batch.cells[number], is_plain=is_plain))
        except RowRefused as refusal:
            kept = storable(batch.cells.get(number, cells))
            batch.refused.append(Refused(number, refusal.reason, refusal.detail, kept, refusal.place))
    checks.reader.gather(batch, taken, checks.met, checks.latest)
    return batch


def shared_value(cells: list[str] | Broken, place: int) -> str:
    """Return what a record says in a column, however it is broken; "" where it says nothing."""
    told = cells.shown if isinstance(cells, Broken) else cells
    return values.one_line(unquote(told[place])) if place < len(told) else ""


def storable(cells: list[str]) -> list[str]:
    """Return cells as the database can keep them: no NUL, nothing undecodable, nothing endless."""
    kept = [cell[:LONGEST_KEPT_CELL] for cell in cells[:MOST_KEPT_CELLS]]
    return [cell.replace("\0", "\ufffd").replace(reading.UNREADABLE, "\ufffd") for cell in kept]
