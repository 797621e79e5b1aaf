"""Parses row ids from what a visitor typed, before the database is asked."""

from __future__ import annotations

LARGEST = 2**63 - 1


def read(typed: str) -> int:
    """Return the number as typed; raise ValueError for words and for numbers no row can have."""
    number = int(typed)
    if not -LARGEST <= number <= LARGEST:
        raise ValueError("no row has such a number")
    return number
