"""The program that reads a workbook in a process of its own, run by `workbooks` through the kernel's sandbox.

The reader is written in another language and holds a sheet as a full rectangle: a small file can ask for any memory.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Started by its path, it does not know where our packages are.
    sys.path[0:0] = [str(Path(__file__).resolve().parents[4])]

import python_calamine as calamine

from app.kernel.processes import sandbox

DONE, PROTECTED, BROKEN = b"d", b"p", b"b"
ROWS = 2_000
MOST_COLUMNS = 1_000
_WHOLE = 10**15

_rows: Iterator[list[str]] = iter(())


def answer(request: bytes) -> bytes:
    """Open a workbook and tell its sheets, or return the next rows of the opened one as CSV, nothing after the last."""
    global _rows
    try:
        if request:
            told, _rows = _open(**json.loads(request))
            return DONE + json.dumps(told).encode()
        return DONE + _as_csv(list(islice(_rows, ROWS)))
    except calamine.PasswordError:
        return PROTECTED
    except BaseException:  # noqa: BLE001 - the reader's panics are no Exception
        return BROKEN


def _open(path: str, sheet: str) -> tuple[dict[str, Any], Iterator[list[str]]]:
    book = calamine.CalamineWorkbook.from_path(path)
    names = [each.name for each in book.sheets_metadata if _may_be_read(each)]
    if sheet in names:
        chosen = book.get_sheet_by_name(sheet)
    else:
        # The first one that holds more than a heading.
        sheets = map(book.get_sheet_by_name, names)
        chosen = next((each for each in sheets if each.height > 1), None) or book.get_sheet_by_name(names[0])
    return {"sheets": names, "sheet": chosen.name}, _read(chosen)


def _may_be_read(found: calamine.SheetMetadata) -> bool:
    is_sheet = found.typ == calamine.SheetTypeEnum.WorkSheet
    return is_sheet and found.visible == calamine.SheetVisibleEnum.Visible


def _read(sheet: calamine.CalamineSheet) -> Iterator[list[str]]:
    """Yield all rows from the very first one of the sheet, so that numbers are those that people see.

    Cells that are merged down hold the same value in each row.
    """
    begins = {(top, left): bottom for (top, left), (bottom, _) in sheet.merged_cell_ranges or () if bottom > top}
    held: dict[int, tuple[int, str]] = {}
    first, left = sheet.start or (0, 0)
    yield from ([] for _ in range(first))
    # The rectangle begins at the first cell in use; what is left of it is empty.
    for number, cells in enumerate(sheet.iter_rows(), start=first):
        texts = [*[""] * left, *map(_text, cells[:MOST_COLUMNS])]
        if begins or held:
            for place, text in enumerate(texts):
                if bottom := begins.get((number, place)):
                    held[place] = (bottom, text)
            for place, (bottom, text) in list(held.items()):
                if number > bottom:
                    del held[place]
                elif place < len(texts):
                    texts[place] = text
        yield texts


def _text(value: Any) -> str:
    """Write a value as a CSV file would hold it: dates by the year first, whole numbers without a point."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


def _as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


if __name__ == "__main__":
    sandbox.serve(answer)
