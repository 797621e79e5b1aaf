"""Writes PostgreSQL's array literals, for statements and COPY of hot paths.

Where some dozens of values travel, psycopg's own lists are plainer and as good; with thousands it takes many times as
long, because it adapts each value by itself. The statement casts what it is given: CAST(:ids AS bigint[]).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def numbers(values: Iterable[float | None]) -> str:
    """Write numbers and truth values; None is NULL."""
    # Python writes a list, all of it at once, as PostgreSQL does but for the brackets and for what is not there.
    return "{" + repr(list(values))[1:-1].replace("None", "NULL") + "}"


def words(values: Iterable[str]) -> str:
    """Write words of a fixed vocabulary (letters, digits and underscores), which need no quotes."""
    return "{" + ",".join(values) + "}"


def texts(values: Iterable[str | None]) -> str:
    """Write texts of any kind; PostgreSQL keeps no NUL character, so none is written."""
    return "{" + ",".join(map(_quoted, values)) + "}"


def times(values: Iterable[datetime | None]) -> str:
    """Write points in time."""
    return "{" + ",".join(["NULL" if at is None else f'"{at.isoformat()}"' for at in values]) + "}"


def binary(values: Iterable[bytes | None]) -> str:
    """Write byte strings."""
    return "{" + ",".join(["NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values]) + "}"


def _quoted(text: str | None) -> str:
    if text is None:
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\0", "") + '"'
