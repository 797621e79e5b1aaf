"""Reads and checks one row of a file of products."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from app.commerce import products
from app.commerce.products import MOST_ATTRIBUTES, ProductChange, ProductRefused
from app.customers import values
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.occurrences import Occurrences
from app.customers.imports.parsing.batches import Batch, Repeat
from app.customers.imports.refused import RowRefused
from app.customers.profiles import codes

LARGEST_STOCK = 10**12
LONGEST_ADDRESS = 2_000
LONGEST_ATTRIBUTE = 500
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


@dataclass(slots=True)
class ProductRow:
    """What a row says about a product; what it leaves open is not there. `is_again`: an earlier batch named it."""

    row: int
    ref: str
    told: dict[str, Any]
    covers: list[int] = field(default_factory=list)
    is_again: bool = False


class ProductReader:
    """Reads rows of one file by its mapping."""

    shared_at: int | None = None

    def __init__(self, mapping: dict[str, str], options: Options, header: list[str]) -> None:
        place = {target: int(position) for position, target in mapping.items()}
        self.options = options
        self.header = header
        self.ref_at = place.pop("ref")
        self.place = place
        self.reads = {
            "name": self._text,
            "category": self._category,
            "price": self._price,
            "currency": self._currency,
            "url": self._address,
            "image_url": self._address,
            "stock": self._stock,
            "life_days": self._life,
            "is_sold": self._truth,
            "is_durable": self._truth,
            "attributes": self._attributes,
        }

    def read(self, row: int, cells: list[str], *, is_plain: bool) -> ProductRow:  # noqa: ARG002
        """Return what the row says; raise RowRefused."""
        ref = values.one_line(cells[self.ref_at])
        if not 0 < len(ref) <= products.LONGEST:
            raise RowRefused("product", ref, self.ref_at)
        told = {name: self.reads[name](text, at) for name, at in self.place.items() if (text := cells[at].strip())}
        try:
            products.check(ProductChange(ref, **told))
        except ProductRefused as refusal:
            at = self.place.get(refusal.field or "", self.ref_at)
            raise RowRefused(_REASONS.get(refusal.field or "", "product"), cells[at].strip(), at) from None
        return ProductRow(row, ref, told)

    def identity(self, row: ProductRow) -> str:
        """Return the number a row is about."""
        return row.ref

    def gather(
        self, batch: Batch, taken: list[ProductRow], met: Occurrences, latest: Occurrences | None  # noqa: ARG002
    ) -> None:
        """Make one row of several about the same product; what later ones say counts."""
        found: dict[str, ProductRow] = {}
        for row in taken:
            first = met.first(row.ref, row.row)
            if first != row.row:
                batch.repeats.append(Repeat(row.row, first, row.ref, ()))
            earlier = found.get(row.ref)
            if earlier is None:
                row.is_again = first != row.row
                found[row.ref] = row
            else:
                earlier.told |= row.told
                earlier.covers.append(row.row)
        batch.rows = list(found.values())

    def _text(self, text: str, place: int) -> str:
        clean = values.one_line(text)
        if len(clean) > products.LONGEST:
            raise RowRefused("too_long", self.header[place], place)
        return clean

    def _category(self, text: str, place: int) -> str:  # noqa: ARG002
        return products.category_path(values.one_line(text))

    def _price(self, text: str, place: int) -> Any:
        try:
            return values.amount(text, decimal=self.options.decimal)
        except ValueError:
            raise RowRefused("amount", text, place) from None

    def _currency(self, text: str, place: int) -> str:
        code = codes.find_currency(text)
        if code is None:
            raise RowRefused("currency", text, place)
        return code

    def _address(self, text: str, place: int) -> str:
        if len(text) > LONGEST_ADDRESS or any(char.isspace() for char in text):
            raise RowRefused("url", text, place)
        return f"https:{text}" if text.startswith("//") else text

    def _stock(self, text: str, place: int) -> int:
        try:
            number = values.amount(text, decimal=self.options.decimal)
        except ValueError:
            raise RowRefused("stock", text, place) from None
        if number != number.to_integral_value() or abs(number) > LARGEST_STOCK:
            raise RowRefused("stock", text, place)
        return int(number)

    def _life(self, text: str, place: int) -> int:
        """Read days, or as many weeks, months or years as a letter behind the number says."""
        number, unit = text.rstrip().casefold(), 1
        if number[-1:] in _DAYS:
            number, unit = number[:-1].strip(), _DAYS[number[-1]]
        if not (number.isascii() and number.isdigit() and len(number) < 7):
            raise RowRefused("life_days", text, place)
        return int(number) * unit

    def _truth(self, text: str, place: int) -> bool:
        answer = values.truth(text)
        if answer is None:
            raise RowRefused("truth", text, place)
        return answer

    def _attributes(self, text: str, place: int) -> dict[str, Any]:
        """Read `colour: red; size: 42`, or a JSON object of plain values."""
        found: dict[str, Any] = {}
        if text.startswith("{"):
            try:
                found = json.loads(text)
            except (ValueError, RecursionError):
                raise RowRefused("attributes", text, place) from None
        else:
            for part in text.split(";"):
                name, sign, value = part.partition(":")
                if part.strip() and not sign:
                    raise RowRefused("attributes", text, place)
                if part.strip():
                    found[values.one_line(name)] = values.one_line(value)
        plain = all(key and isinstance(value, str | int | float | bool) for key, value in found.items())
        size = max((max(len(key), len(str(value))) for key, value in found.items()), default=0)
        if not plain or size > LONGEST_ATTRIBUTE or len(found) > MOST_ATTRIBUTES:
            raise RowRefused("attributes", text, place)
        try:
            # No database takes a NUL, half a character, or a number that is none.
            written = json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
        except ValueError:
            raise RowRefused("attributes", text, place) from None
        if b"\\u0000" in written:
            raise RowRefused("attributes", text, place)
        return found


_REASONS = {"price": "amount", "currency": "currency", "url": "url", "image_url": "url", "life_days": "life_days"}
_REASONS |= {"attributes": "attributes", "name": "too_long"}
