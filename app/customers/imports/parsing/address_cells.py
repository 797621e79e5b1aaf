"""Reads the cells of further addresses: phone numbers, emails and postal addresses, several in one cell."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.customers.addresses import kinds
from app.customers.addresses.changes import MOST_LIVING
from app.customers.addresses.kinds import ReadAddress
from app.customers.addresses.queries import EMAIL, PHONE, POSTAL
from app.customers.imports.refused import RowRefused
from app.kernel.refusals import Refusal


class _Cell(NamedTuple):
    """The kind of address, what parts several of them, and the rejection code of what is none."""

    kind: str
    parted_by: re.Pattern[str]
    reason: str


_CELLS = {
    "phone_numbers": _Cell(PHONE, re.compile(r"[;|\n]"), "phone"),
    "other_emails": _Cell(EMAIL, re.compile(r"[;|,\s]"), "address"),
    "postal_addresses": _Cell(POSTAL, re.compile(r"\s;\s|\|"), "postal"),
}
COLUMNS = tuple(_CELLS)


def read(column: str, text: str, place: int, *, country: str | None) -> list[ReadAddress]:
    """Return the addresses of a cell; raise RowRefused. `country` is the row's, by its code, if it tells one."""
    kind, parted_by, reason = _CELLS[column]
    found: dict[str, ReadAddress] = {}
    for part in parted_by.split(text):
        if typed := part.strip():
            try:
                address = kinds.read(kind, typed, country=country)
            except Refusal:
                raise RowRefused(reason, typed, place) from None
            found.setdefault(address.key, address)
    if len(found) > MOST_LIVING:
        raise RowRefused("addresses", str(len(found)), place)
    return list(found.values())
