"""Which rows go together? A stream of records becomes batches of checked rows, bounded in number and in size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from app.customers import fields
from app.customers.imports import reading
from app.customers.imports.mapping import Options
from app.customers.imports.people_rows import PeopleReader, PersonRow
from app.customers.imports.purchase_rows import PurchaseReader, PurchaseRow
from app.customers.imports.reading import LONGEST_SHOWN, Broken
from app.customers.imports.refused import RowRefused

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


@dataclass
class Batch:
    """Consecutive records `first`..`end` of the file (the end not included), checked."""

    first: int
    end: int
    bytes_read: int
    people: list[PersonRow] = field(default_factory=list)
    purchases: list[PurchaseRow] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    repeated: int = 0
    cells: dict[int, list[str]] = field(default_factory=dict)
    # The rows as the database reads them.
    lines: bytes = b""


def read(
    file: IO[bytes],
    *,
    progress: Callable[[], int],
    encoding: str,
    delimiter: str,
    width: int,
    reader: PeopleReader | PurchaseReader,
    after: int,
    rows: int = ROWS,
) -> Iterator[Batch]:
    """Yield batches of what follows record number `after`; `progress` tells how many bytes have been read."""
    records = reading.records(file, encoding, delimiter)
    gathered: list[tuple[int, list[str] | Broken]] = []
    size = 0
    for number, cells in records:
        if number <= after:
            continue
        gathered.append((number, cells))
        # An empty cell costs its place in the list, too.
        size += sum(map(len, cells)) + CELL * len(cells) if isinstance(cells, list) else LONGEST_SHOWN
        if len(gathered) >= rows or size >= CHARACTERS:
            yield _check(gathered, reader, width, progress())
            gathered, size = [], 0
    if gathered:
        yield _check(gathered, reader, width, progress())


def _check(
    gathered: list[tuple[int, list[str] | Broken]], reader: PeopleReader | PurchaseReader, width: int, at: int
) -> Batch:
    batch = Batch(gathered[0][0], gathered[-1][0] + 1, at)
    read_row = reader.read
    taken: list[Any] = []
    for number, cells in gathered:
        if isinstance(cells, Broken):
            batch.refused.append(Refused(number, cells.reason, str(cells.line), storable(cells.shown)))
            continue
        if not cells:
            continue
        joined = "".join(cells)
        # What is printable holds no NUL, no control character and nothing undecodable.
        is_plain = len(joined) <= PLAIN and joined.isprintable() and "'" not in joined
        try:
            if not is_plain and (dirt := reading.is_clean(joined)):
                raise RowRefused(dirt)
            if len(cells) != width and (len(cells) < width or any(cells[width:])):
                raise RowRefused("ragged", str(len(cells)))
            taken.append(read_row(number, cells, is_plain=is_plain))
            batch.cells[number] = cells
        except RowRefused as refusal:
            batch.refused.append(Refused(number, refusal.reason, refusal.detail, storable(cells)))
    if isinstance(reader, PeopleReader):
        _gather_people(batch, taken, reader.options)
    else:
        _gather_purchases(batch, taken)
    return batch


def _gather_people(batch: Batch, rows: list[PersonRow], options: Options) -> None:
    """Make one row of several about the same person; a number or address cannot be two people's."""
    by_email = options.match_by == "email"
    people: dict[str, PersonRow] = {}
    holders: dict[str, str] = {}
    for row in rows:
        identity, other = (row.key, row.number) if by_email else (row.number, row.key)
        if other and holders.setdefault(other, identity) != identity:
            batch.refused.append(Refused(row.row, "taken", other, storable(batch.cells[row.row])))
            continue
        if identity in people:
            row.absorb(people.pop(identity), options)
            batch.repeated += 1
        people[identity] = row
    batch.people = list(people.values())


def _gather_purchases(batch: Batch, rows: list[PurchaseRow]) -> None:
    orders: dict[str, PurchaseRow] = {}
    for row in rows:
        if orders.setdefault(row.order_ref, row) is not row:
            cells = storable(batch.cells[row.row])
            batch.refused.append(Refused(row.row, "order_twice", row.order_ref, cells))
    batch.purchases = list(orders.values())


def storable(cells: list[str]) -> list[str]:
    """Return cells as the database can keep them: no NUL, nothing undecodable, nothing endless."""
    kept = [cell[:LONGEST_KEPT_CELL] for cell in cells[:MOST_KEPT_CELLS]]
    return [cell.replace("\0", "\ufffd").replace(reading.UNREADABLE, "\ufffd") for cell in kept]
