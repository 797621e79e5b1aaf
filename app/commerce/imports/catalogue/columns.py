"""The columns of a file of products, and how their cells are read."""

from __future__ import annotations

import json
from typing import Any

from app.commerce import products
from app.commerce.products import MOST_ATTRIBUTES, ProductChange, ProductRefused
from app.commerce.words import PRODUCT_LABELS
from app.customers import values
from app.customers.imports.declared import columns
from app.customers.imports.declared.columns import Column, Unreadable
from app.customers.imports.declared.rows import Told, Unfit
from app.customers.imports.mapping.mapping import Options
from app.customers.profiles import codes

LARGEST_STOCK = 10**12
LONGEST_ADDRESS = 2_000
LONGEST_ATTRIBUTE = 500
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def check(told: Told) -> tuple[str, str]:
    """Return the number a row is about, as what it is and as what it is called; raise Unfit."""
    ref = told.get("ref", "")
    if not 0 < len(ref) <= products.LONGEST:
        raise Unfit("product", "ref")
    try:
        products.check(ProductChange(**told))
    except ProductRefused as refusal:
        field = refusal.field or ""
        raise Unfit(_REASONS.get(field, "product"), field if field in told else "ref") from None
    return ref, ref


def _line(text: str, _options: Options) -> str:
    return values.one_line(text)


def _category(text: str, _options: Options) -> str:
    return products.category_path(values.one_line(text))


def _price(text: str, options: Options) -> Any:
    try:
        return values.amount(text, decimal=options.decimal)
    except ValueError:
        raise Unreadable("amount") from None


def _currency(text: str, _options: Options) -> str:
    code = codes.find_currency(text)
    if code is None:
        raise Unreadable("currency")
    return code


def _address(text: str, _options: Options) -> str:
    if len(text) > LONGEST_ADDRESS or any(char.isspace() for char in text):
        raise Unreadable("url")
    return f"https:{text}" if text.startswith("//") else text


def _life(text: str, _options: Options) -> int:
    """Read days, or as many weeks, months or years as a letter behind the number says."""
    number, unit = text.rstrip().casefold(), 1
    if number[-1:] in _DAYS:
        number, unit = number[:-1].strip(), _DAYS[number[-1]]
    if not (number.isascii() and number.isdigit() and len(number) < 7):
        raise Unreadable("life_days")
    return int(number) * unit


def _attributes(text: str, _options: Options) -> dict[str, Any]:
    """Read `colour: red; size: 42`, or a JSON object of plain values."""
    found = _json(text) if text.startswith("{") else _pairs(text)
    plain = all(key and isinstance(value, str | int | float | bool) for key, value in found.items())
    size = max((max(len(key), len(str(value))) for key, value in found.items()), default=0)
    if not plain or size > LONGEST_ATTRIBUTE or len(found) > MOST_ATTRIBUTES:
        raise Unreadable("attributes")
    try:
        # No database takes a NUL, half a character, or a number that is none.
        written = json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        raise Unreadable("attributes") from None
    if b"\\u0000" in written:
        raise Unreadable("attributes")
    return found


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("attributes") from None
    if not isinstance(found, dict):
        raise Unreadable("attributes")
    return found


def _pairs(text: str) -> dict[str, Any]:
    found = {}
    for part in text.split(";"):
        name, sign, value = part.partition(":")
        if part.strip() and not sign:
            raise Unreadable("attributes")
        if part.strip():
            found[values.one_line(name)] = values.one_line(value)
    return found


_READ = {
    "ref": (_line, "text"),
    "name": (columns.line(products.LONGEST), "text"),
    "category": (_category, "text"),
    "price": (_price, "numeric(14, 2)"),
    "currency": (_currency, "text"),
    "url": (_address, "text"),
    "image_url": (_address, "text"),
    "stock": (columns.whole(-LARGEST_STOCK, LARGEST_STOCK, "stock"), "bigint"),
    "life_days": (_life, "bigint"),
    "is_durable": (columns.truth, "boolean"),
    "is_sold": (columns.truth, "boolean"),
    "attributes": (_attributes, "jsonb"),
}
COLUMNS = tuple(Column(name, PRODUCT_LABELS[name], *how) for name, how in _READ.items())
_REASONS = {"price": "amount", "currency": "currency", "url": "url", "image_url": "url", "life_days": "life_days"}
_REASONS |= {"attributes": "attributes", "name": "too_long"}
