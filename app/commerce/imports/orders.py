"""Joins the rows of one order into one purchase, wherever in the file they stand; used by the reader of purchases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from app.customers.imports.occurrences import Occurrences
from app.customers.imports.parsing import batches
from app.customers.imports.parsing.batches import Batch, Refused
from app.customers.profiles import fields

LARGEST_AMOUNT = Decimal(10) ** 11
# Rows kept until the last one of their order is read. Exports keep an order's rows together, so there are few.
MOST_HELD = 200_000
MOST_LINES = 500


class FileLine(NamedTuple):
    """What one row of an order says of a product; `amount` is what was paid for all its pieces."""

    ref: str
    name: str
    category: str
    quantity: int
    amount: str


@dataclass(slots=True)
class PurchaseRow:
    """One order of the person found by `key` (an address key or the customer's number), or one row of it, which may
    leave person, time and amount to another row. The amount is a number as PostgreSQL reads it. `covers` are the
    further rows it was made of.
    """

    row: int
    key: str
    email: str
    order_ref: str
    purchased_at: datetime | None
    amount: str
    currency: str
    items: int
    product: str
    product_ref: str = ""
    category: str = ""
    unit_price: str = ""
    channel: str = ""
    shop: str = ""
    payment_method: str = ""
    covers: list[int] = field(default_factory=list)
    lines: list[FileLine] = field(default_factory=list)


@dataclass(slots=True)
class _Line:
    """A row of an order; `said` is None where the row itself was given back."""

    row: int
    said: PurchaseRow | None
    cells: list[str]


class Contradiction(Exception):
    """The rows of an order name several people, currencies or totals."""


@dataclass
class Missing:
    """Which reason and column a row is given back with where no row of its order tells this."""

    nobody: str
    moment_at: int
    amount_at: int


class Orders:
    """The orders of a file of which not all rows have been read.

    Everything here follows from the rows read so far, so a run that goes on after a kill finds it again by reading.
    """

    def __init__(self, *, currency: str, repeats_total: bool, missing: Missing) -> None:
        self._currency = currency
        self._repeats_total = repeats_total
        self._missing = missing
        self._open: dict[str, list[_Line]] = {}
        self._held = 0
        self._given_up = Occurrences()

    def gather(self, batch: Batch, taken: list[PurchaseRow], latest: Occurrences) -> None:
        """Put each order into the batch that reads the last of its rows."""
        said = {row.row: row for row in taken}
        refused = {row.row: row.cells for row in batch.refused}
        for number, order in batch.shared.items():
            row = said.get(number)
            if row is None and number not in refused:
                continue
            if self._given_up.find(order) is not None:
                if row is not None:
                    _give_back(batch, _Line(number, row, batch.cells[number]), "order_apart", order)
                continue
            is_last = latest.find(order) == number
            if is_last and row is not None and order not in self._open:
                self._settle_one(batch, row)
                continue
            cells = batch.cells[number] if row is not None else refused[number]
            self._add(batch, order, _Line(number, row, cells), is_last=is_last)

    def _add(self, batch: Batch, order: str, line: _Line, *, is_last: bool) -> None:
        lines = self._open.setdefault(order, [])
        lines.append(line)
        self._held += 1
        if is_last:
            del self._open[order]
            self._held -= len(lines)
            self._settle(batch, order, lines)
        elif self._held > MOST_HELD:
            self._give_up_oldest(batch)

    def _give_up_oldest(self, batch: Batch) -> None:
        """Give back the order that has waited longest; its later rows are given back as they come."""
        order = next(iter(self._open))
        lines = self._open.pop(order)
        self._held -= len(lines)
        self._given_up.note(order, lines[-1].row)
        for each in lines:
            _give_back(batch, each, "order_apart", order)

    def _settle(self, batch: Batch, order: str, lines: list[_Line]) -> None:
        said = [line.said for line in lines if line.said is not None]
        batch.cells.update((line.row, line.cells) for line in lines)
        try:
            if len(lines) > MOST_LINES:
                raise Contradiction("order_long")
            if len(said) < len(lines):
                raise Contradiction("order_line")
            self._settle_one(batch, self._joined(said))
        except Contradiction as contradiction:
            for line in lines:
                _give_back(batch, line, str(contradiction), order)

    def _settle_one(self, batch: Batch, row: PurchaseRow) -> None:
        missing = self._missing
        lacks: tuple[str, str, int | None] | None = None
        if not row.key:
            lacks = ("nobody", missing.nobody, None)
        elif row.purchased_at is None:
            lacks = ("date", "", missing.moment_at)
        elif not row.amount:
            lacks = ("amount", "", missing.amount_at)
        if lacks is None:
            row.currency = row.currency or self._currency
            row.lines = row.lines or lines_of([row], row.amount, repeats_total=False)
            batch.rows.append(row)
            return
        reason, detail, place = lacks
        for number in (row.row, *row.covers):
            batch.refused.append(Refused(number, reason, detail, batches.storable(batch.cells[number]), place))

    def _joined(self, rows: list[PurchaseRow]) -> PurchaseRow:
        """Return one purchase for all rows of an order; raise Contradiction."""
        first, *others = rows
        amount = self._amount([Decimal(row.amount) for row in rows if row.amount])
        first.lines = lines_of(rows, amount, repeats_total=self._repeats_total)
        products = dict.fromkeys(row.product for row in rows if row.product)
        first.email = next((row.email for row in rows if row.key), "")
        first.key = _only({row.key for row in rows if row.key})
        first.currency = _only({row.currency for row in rows if row.currency})
        first.purchased_at = next((row.purchased_at for row in rows if row.purchased_at), None)
        first.amount = amount
        for name in ("channel", "shop", "payment_method"):
            setattr(first, name, next((told for row in rows if (told := getattr(row, name))), ""))
        first.items = sum(row.items for row in rows)
        first.product = ", ".join(products)[: fields.LONGEST_TEXT]
        first.covers = [row.row for row in others]
        return first

    def _amount(self, told: list[Decimal]) -> str:
        if not told:
            return ""
        amount = told[0] if self._repeats_total else sum(told, Decimal(0))
        if abs(amount) >= LARGEST_AMOUNT or (self._repeats_total and set(told) != {amount}):
            raise Contradiction("order_mixed")
        return str(amount)


def lines_of(rows: Sequence[PurchaseRow], total: str, *, repeats_total: bool) -> list[FileLine]:
    """Return the products that an order's rows name, each with its pieces and what was paid for them.

    Where a row tells the price of one piece, that is the price; else the row's amount is the line's, where each row
    tells one and they are no repeated total; else the total is shared out by pieces.
    """
    named = [row for row in rows if row.items > 0 and (row.product or row.product_ref)]
    if not named:
        return []
    if len(named) == 1 and not named[0].unit_price:
        # Most orders: nothing to share out.
        return [_line(named[0], named[0].amount if len(rows) > 1 and named[0].amount and not repeats_total else total)]
    # The total may stand in one row alone, beside the first product.
    tells_each = not repeats_total and all(row.amount for row in named)
    shares = _shares(Decimal(total or 0), [row.items for row in named])
    lines = []
    for row, share in zip(named, shares, strict=True):
        amount = str(share)
        if row.unit_price:
            amount = str(Decimal(row.unit_price) * row.items)
        elif tells_each:
            amount = row.amount
        lines.append(_line(row, amount))
    return lines


def _line(row: PurchaseRow, amount: str) -> FileLine:
    return FileLine(row.product_ref or row.product, row.product or row.product_ref, row.category, row.items, amount)


def _shares(total: Decimal, pieces: Sequence[int]) -> list[Decimal]:
    """Share a total out by pieces, to the cent: the shares add up to it."""
    shares, given, counted, whole = [], Decimal(0), 0, sum(pieces)
    for count in pieces:
        counted += count
        so_far = (total * counted / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)
        shares.append(so_far - given)
        given = so_far
    return shares


def _only(told: set[str]) -> str:
    if len(told) > 1:
        raise Contradiction("order_mixed")
    return next(iter(told), "")


def _give_back(batch: Batch, line: _Line, reason: str, order: str) -> None:
    if line.said is not None:
        batch.refused.append(Refused(line.row, reason, order, batches.storable(line.cells)))
