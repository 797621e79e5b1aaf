"""The marks of an ordered list's items, as browsers count them (HTML Standard, "ordinal value")."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"\s*([+-]?\d{1,9})")
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def read(written: str) -> int | None:
    """Return the number in a start or value attribute."""
    found = _NUMBER.match(written)
    return int(found[1]) if found else None


def labels(values: Sequence[int | None], *, start: int | None, is_reversed: bool, style: str) -> list[str]:
    """Return the mark of each item; `values` are the numbers that items claim for themselves."""
    number = start if start is not None else len(values) if is_reversed else 1
    found = []
    for value in values:
        number = number if value is None else value
        found.append(_written(number, style))
        number += -1 if is_reversed else 1
    return found


def _written(number: int, style: str) -> str:
    if style in ("a", "A") and number > 0:
        letters = _letters(number)
        return letters if style == "a" else letters.upper()
    if style in ("i", "I") and 0 < number < 4_000:
        roman = _roman(number)
        return roman if style == "i" else roman.upper()
    return str(number)


def _letters(number: int) -> str:
    found = ""
    while number:
        number, digit = divmod(number - 1, 26)
        found = chr(ord("a") + digit) + found
    return found


def _roman(number: int) -> str:
    found = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        found += letters * count
    return found
