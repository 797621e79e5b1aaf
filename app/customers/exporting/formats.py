"""Writes a table as CSV, workbook or JSON Lines, in pieces; each comes back as it was when it is imported."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.customers.exporting import workbook
from app.customers.listing import csv_cells

Table = Iterable[Sequence[str]]


@dataclass(frozen=True)
class Format:
    """How a table is written: what follows the dot of its name, and what it is called on the wire."""

    ending: str
    mimetype: str
    write: Callable[[Table], Iterator[bytes]]


def _csv(rows: Table) -> Iterator[bytes]:
    return (piece.encode() for piece in csv_cells.table(rows))


def _workbook(rows: Table) -> Iterator[bytes]:
    # Its cells are texts; the apostrophes are for whoever saves it as CSV.
    return workbook.write([csv_cells.quote(cell) for cell in row] for row in rows)


def _json_lines(rows: Table) -> Iterator[bytes]:
    """Yield an object a row, without what is empty; programs read it, so that no cell is quoted."""
    table = iter(rows)
    heading = next(table)
    lines: list[str] = []
    size = 0
    for row in table:
        line = json.dumps({name: cell for name, cell in zip(heading, row, strict=True) if cell}, ensure_ascii=False)
        lines.append(line)
        size += len(line)
        if size >= csv_cells.PIECE:
            yield "\n".join([*lines, ""]).encode()
            lines, size = [], 0
    yield "\n".join([*lines, ""]).encode()


FORMATS = {
    "csv": Format("csv", "text/csv", _csv),
    "xlsx": Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _workbook),
    "jsonl": Format("jsonl", "application/jsonl", _json_lines),
}
