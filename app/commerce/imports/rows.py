"""Reads and checks one row of a file of purchases."""

from __future__ import annotations

import re
from datetime import datetime

from app.commerce.imports.orders import LARGEST_AMOUNT, Missing, Orders, PurchaseRow, lines_of
from app.commerce.products import category_path
from app.customers import values
from app.customers.addresses import emails
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.occurrences import Occurrences
from app.customers.imports.parsing.batches import Batch
from app.customers.imports.refused import RowRefused
from app.customers.profiles import codes, dates, fields

LONGEST_ORDER = 200
MOST_PIECES = 10**6
_TEXTS = ("product_ref", "channel", "shop", "payment_method")
# The common case: nothing to regroup, nothing to round away.
_PLAIN_AMOUNT = re.compile(r"[+-]?\d{1,10}(?:\.\d{1,2})?", re.ASCII).fullmatch


class PurchaseReader:
    """Reads rows of one file by its mapping; with order numbers, the rows of one order are one purchase."""

    def __init__(self, mapping: dict[str, str], options: Options, file_sha256: str, header: list[str]) -> None:
        place = {target: int(position) for position, target in mapping.items()}
        self.options = options
        self.header = header
        self.key_at, self.moment_at, self.amount_at = (
            place[name] for name in (options.match_by, "purchased_at", "amount")
        )
        self.order_at, self.currency_at = place.get("order_ref"), place.get("currency")
        self.items_at, self.product_at = place.get("items"), place.get("product")
        self.price_at, self.category_at = place.get("unit_price"), place.get("category")
        self.text_at = {name: place[name] for name in _TEXTS if name in place}
        self.shared_at = self.order_at
        self.orders = Orders(
            currency=options.currency,
            repeats_total=options.order_rows == "total",
            missing=Missing(header[self.key_at], self.moment_at, self.amount_at),
        )
        # Without order numbers the row of this very file is the order, so that the same file twice is one.
        self.stem = f"file-{file_sha256[:20]}-"

    def read(self, row: int, cells: list[str], *, is_plain: bool) -> PurchaseRow:
        """Return the purchase; raise RowRefused. In a plain row no cell holds more than meets the eye."""
        typed = cells[self.key_at].strip()
        clean = str.strip if is_plain else values.one_line
        told = PurchaseRow(
            row,
            self._key(typed),
            clean(typed),
            self._order(clean(cells[self.order_at])) if self.order_at is not None else f"{self.stem}{row}",
            self._moment(cells[self.moment_at].strip()),
            self._amount(cells[self.amount_at]),
            self._currency(cells[self.currency_at]) if self.currency_at is not None else self._unnamed_currency(),
            self._items(cells[self.items_at].strip()) if self.items_at is not None else 1,
            self._product(clean(cells[self.product_at])) if self.product_at is not None else "",
            unit_price=self._unit_price(cells[self.price_at]) if self.price_at is not None else "",
            category=category_path(clean(cells[self.category_at])) if self.category_at is not None else "",
        )
        for name, at in self.text_at.items():
            setattr(told, name, self._text(clean(cells[at]), at))
        return told

    def identity(self, row: PurchaseRow) -> str:
        """Return the order a row belongs to."""
        return row.order_ref

    def gather(
        self, batch: Batch, taken: list[PurchaseRow], met: Occurrences, latest: Occurrences | None  # noqa: ARG002
    ) -> None:
        """Put whole orders into the batch; `latest` knows the last row of each."""
        if latest is None:
            for row in taken:
                row.lines = lines_of([row], row.amount, repeats_total=False)
            batch.rows = taken
        else:
            self.orders.gather(batch, taken, latest)

    def _key(self, typed: str) -> str:
        if not typed:
            return self._of_another_row("nobody", self.header[self.key_at])
        if self.options.match_by == "external_ref":
            return values.one_line(typed)
        key = emails.find_key(typed)
        if key is None:
            raise RowRefused("address", typed, self.key_at)
        return key

    def _order(self, order: str) -> str:
        if not 0 < len(order) <= LONGEST_ORDER:
            raise RowRefused("order", order, self.order_at)
        return order

    def _of_another_row(self, reason: str, detail: str, place: int | None = None) -> str:
        """Leave what this row does not tell to another row of its order, where rows have one; raise RowRefused."""
        if self.order_at is None:
            raise RowRefused(reason, detail, place)
        return ""

    def _moment(self, text: str) -> datetime | None:
        if not text:
            self._of_another_row("date", text, self.moment_at)
            return None
        try:
            return dates.moment(text, self.options.date_order, self.options.time_zone)
        except ValueError:
            raise RowRefused("date", text, self.moment_at) from None

    def _amount(self, text: str) -> str:
        plain = text.strip()
        if _PLAIN_AMOUNT(plain) and self.options.decimal == ".":
            return plain
        if not plain:
            return self._of_another_row("amount", text, self.amount_at)
        try:
            amount = values.amount(text, decimal=self.options.decimal)
        except ValueError:
            raise RowRefused("amount", text, self.amount_at) from None
        if abs(amount) >= LARGEST_AMOUNT:
            raise RowRefused("amount", text, self.amount_at)
        return str(amount)

    def _currency(self, cell: str) -> str:
        text = cell.strip()
        if not text:
            return self._unnamed_currency()
        code = codes.find_currency(text)
        if code is None:
            raise RowRefused("currency", text, self.currency_at)
        return code

    def _unnamed_currency(self) -> str:
        """Return the currency of a row that names none; other rows of its order may name it."""
        return "" if self.order_at is not None else self.options.currency

    def _items(self, text: str) -> int:
        if not text:
            return 1
        if not (text.isascii() and text.isdigit() and len(text) <= 6):
            raise RowRefused("items", text, self.items_at)
        return int(text)

    def _unit_price(self, text: str) -> str:
        if not text.strip():
            return ""
        try:
            price = abs(values.amount(text, decimal=self.options.decimal))
        except ValueError:
            raise RowRefused("amount", text, self.price_at) from None
        # So many pieces of it as a row may tell stay within what an amount may be.
        if price * MOST_PIECES >= LARGEST_AMOUNT:
            raise RowRefused("amount", text, self.price_at)
        return str(price)

    def _text(self, text: str, place: int) -> str:
        if len(text) > LONGEST_ORDER:
            raise RowRefused("too_long", text, place)
        return text

    def _product(self, text: str) -> str:
        if len(text) > fields.LONGEST_TEXT:
            raise RowRefused("too_long", text, self.product_at)
        return text

