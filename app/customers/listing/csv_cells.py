"""Quotes values for spreadsheets so that no cell runs as a formula, and reads them back.

Spreadsheets run what begins like a formula: a cell, and what they take for one, since some of them part cells at
semicolons or tabs whatever stands around them, overlook spaces, and know full-width signs. Before each such sign an
apostrophe is put when a value leaves, and just that one is taken away when it comes back, so that a file we wrote
returns the values we had.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

# Where some spreadsheet may begin a cell, and what may stand before a formula without its being overlooked.
_PARTS = frozenset(";\t\r\n\v\f\x85\u2028\u2029")
_OVERLOOKED = _PARTS | frozenset(map(chr, (*range(0x21), 0xA0, 0xAD, 0x1680, 0x180E, *range(0x2000, 0x2010), 0x202F)))
_OVERLOOKED |= frozenset(map(chr, (0x205F, *range(0x2060, 0x2065), 0x3000, 0xFEFF)))
_SIGNS = re.compile(r"[=+\-@＝＋－＠﹦﹢﹣﹫]").finditer
_MAY_BE = re.compile(r"[=+\-@＝＋－＠﹦﹢﹣﹫\t\r]").search
_LED = re.compile(r"'*[\t\r]").match
_QUOTED_LED = re.compile(r"'+[\t\r]").match
# A download is made in pieces of some size, not line by line.
PIECE = 32 * 1024


def quote(value: str) -> str:
    """Return the cell as it may be opened anywhere."""
    if not _MAY_BE(value):
        return value
    places = [found.start() for found in _SIGNS(value) if _may_begin(value, found.start())]
    pieces = [value[first:end] for first, end in zip([0, *places], [*places, len(value)], strict=True)]
    quoted = "'".join(pieces)
    return f"'{quoted}" if _LED(quoted) else quoted


def unquote(cell: str) -> str:
    """Return what `quote` was given."""
    if "'" not in cell:
        return cell
    value = cell[1:] if _QUOTED_LED(cell) else cell
    signs = (found.start() for found in _SIGNS(value))
    places = [place for place in signs if value[place - 1 : place] == "'" and _may_begin(value, place)]
    pieces = [value[first:end] for first, end in zip([0, *places], [*(p - 1 for p in places), len(value)], strict=True)]
    return "".join(pieces)


def _may_begin(value: str, place: int) -> bool:
    """Say whether a formula may begin here, seen through apostrophes; between two signs no character is seen twice."""
    while place and value[place - 1] == "'":
        place -= 1
    while place and value[place - 1] in _OVERLOOKED:
        place -= 1
        if value[place] in _PARTS:
            return True
    return place == 0


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a CSV file in pieces, first a mark by which spreadsheets know that it is UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    out.write("\ufeff")
    for row in rows:
        writer.writerow([quote(cell) for cell in row])
        if out.tell() >= PIECE:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()
