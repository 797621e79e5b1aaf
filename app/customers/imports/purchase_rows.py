"""What does one row of a file of purchases say?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.customers import addresses, fields, values
from app.customers.cells import unquote
from app.customers.imports.mapping import Options
from app.customers.imports.refused import RowRefused

LARGEST_AMOUNT = Decimal(10) ** 11
LONGEST_ORDER = 200


@dataclass(slots=True)
class PurchaseRow:
    """One order of the person found by `key` (an address key or the customer's number)."""

    row: int
    key: str
    email: str
    order_ref: str
    purchased_at: datetime
    amount: Decimal
    currency: str
    items: int
    product: str | None


class PurchaseReader:
    """Reads rows of one file by its mapping."""

    def __init__(self, mapping: dict[str, str], options: Options, file_sha256: str) -> None:
        place = {target: int(position) for position, target in mapping.items()}
        self.options = options
        self.place = place
        self.key_at = place[options.match_by]
        # Without order numbers the row of this very file is the order, so that the same file twice is one.
        self.stem = f"file-{file_sha256[:20]}-"

    def read(self, row: int, cells: list[str]) -> PurchaseRow:
        """Return the purchase; raise RowRefused."""
        typed = unquote(cells[self.key_at].strip())
        return PurchaseRow(
            row=row,
            key=self._key(typed),
            email=typed,
            order_ref=self._order(row, cells),
            purchased_at=self._moment(cells[self.place["purchased_at"]].strip()),
            amount=self._amount(cells[self.place["amount"]]),
            currency=self._currency(cells),
            items=self._items(cells),
            product=self._product(cells),
        )

    def _key(self, typed: str) -> str:
        if not typed:
            raise RowRefused("nobody", self.options.match_by)
        if self.options.match_by == "external_ref":
            return values.one_line(typed)
        key = addresses.find_key(typed)
        if key is None:
            raise RowRefused("address", typed)
        return key

    def _order(self, row: int, cells: list[str]) -> str:
        if "order_ref" not in self.place:
            return f"{self.stem}{row}"
        order = unquote(values.one_line(cells[self.place["order_ref"]]))
        if not 0 < len(order) <= LONGEST_ORDER:
            raise RowRefused("order", order)
        return order

    def _moment(self, text: str) -> datetime:
        try:
            return values.moment(text, self.options.date_order, self.options.time_zone)
        except ValueError:
            raise RowRefused("date", text) from None

    def _amount(self, text: str) -> Decimal:
        try:
            amount = values.amount(text, decimal=self.options.decimal)
        except ValueError:
            raise RowRefused("amount", text) from None
        if abs(amount) >= LARGEST_AMOUNT:
            raise RowRefused("amount", text)
        return amount

    def _currency(self, cells: list[str]) -> str:
        text = cells[self.place["currency"]].strip().upper() if "currency" in self.place else ""
        if not text:
            return self.options.currency
        if not (len(text) == 3 and text.isascii() and text.isalpha()):
            raise RowRefused("currency", text)
        return text

    def _items(self, cells: list[str]) -> int:
        text = cells[self.place["items"]].strip() if "items" in self.place else ""
        if not text:
            return 1
        if not (text.isascii() and text.isdigit() and len(text) <= 6):
            raise RowRefused("items", text)
        return int(text)

    def _product(self, cells: list[str]) -> str | None:
        text = unquote(values.one_line(cells[self.place["product"]])) if "product" in self.place else ""
        if len(text) > fields.LONGEST_TEXT:
            raise RowRefused("too_long", "product")
        return text or None
