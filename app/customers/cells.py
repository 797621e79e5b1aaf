"""How does a value travel through a spreadsheet unharmed, and harm nobody there?

Spreadsheets run cells that begin like a formula. Such a cell leaves with an apostrophe before it, and loses just that
one when it comes back, so that a file we wrote returns the values we had.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

_FORMULA = re.compile(r"'*[=+\-@\t\r]").match
_QUOTED = re.compile(r"'+[=+\-@\t\r]").match


def quote(value: str) -> str:
    """Return the cell as it may be opened anywhere."""
    return f"'{value}" if _FORMULA(value) else value


def unquote(cell: str) -> str:
    """Return what `quote` was given."""
    return cell[1:] if cell[:1] == "'" and _QUOTED(cell) else cell


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a CSV file, first a mark by which spreadsheets know that it is UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    out.write("\ufeff")
    for row in rows:
        writer.writerow([quote(cell) for cell in row])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
