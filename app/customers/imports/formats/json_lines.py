"""Turns JSON Lines, one object a line, into CSV; nested objects become columns of their own.

A line that holds no object becomes a row that reads as broken, and a blank line a blank row: row 2 is line 1.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from app.customers.imports.formats.refusing import LARGEST, PIECE, FileRefused
from app.customers.imports.parsing.reading import NO_OBJECT
from app.customers.listing import csv_cells
from app.kernel.translatable import N_

LONGEST_LINE = 1_000_000
MOST_COLUMNS = 500
DEEPEST = 3
# So much is shown of a line that cannot be read.
LONGEST_SHOWN = 2_000
_BOM = b"\xef\xbb\xbf"


def is_one(sample: bytes) -> bool:
    """Say whether a file that begins so is JSON: a line holds an object, or begins a list of them."""
    first = sample.removeprefix(_BOM).lstrip()
    if first[:1] == b"[":
        return first[1:].lstrip()[:1] == b"{"
    if first[:1] != b"{":
        return False
    if first[1:].lstrip()[:1] in (b'"', b"}"):
        return True
    line, end, _ = first.partition(b"\n")
    return (not end and len(line) > LONGEST_LINE // 4) or isinstance(_parsed(line), dict)


def to_csv(file: IO[bytes]) -> IO[bytes]:
    """Return the objects as CSV, their keys as the heading; raise FileRefused where no line holds an object."""
    columns: dict[str, None] = {}
    first_broken = 0
    for number, found in _lines(file):
        if isinstance(found, dict):
            columns |= dict.fromkeys(found)
        elif found and not first_broken:
            first_broken = number
        if len(columns) > MOST_COLUMNS:
            raise FileRefused(N_("This file has more than 500 columns."), field="file")
    if not columns:
        raise FileRefused(
            N_('Line %(line)s holds no JSON object. JSON Lines has one object in each line, such as {"email": …}.'),
            field="file",
            line=first_broken or 1,
        )
    written = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
    # What marks a broken line is no character of any text.
    text = io.TextIOWrapper(written, encoding="utf-8", errors="surrogateescape", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for number, found in _lines(file):
        if isinstance(found, dict):
            writer.writerow([_kept(found.get(name, "")) for name in columns])
        elif found:
            writer.writerow([f"{NO_OBJECT}{number} {found}"])
        else:
            text.write("\r\n")
        # Few keys a line make many empty cells a row.
        if number % 1000 == 0 and written.tell() > LARGEST:
            raise FileRefused(N_("Unpacked, this file is larger than 512 MB. Please split it."), field="file")
    text.flush()
    text.detach()
    written.seek(0)
    return written


def _lines(file: IO[bytes]) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield each line's number with its object by key, or what it says instead."""
    file.seek(0)
    lines = io.BufferedReader(file, buffer_size=PIECE) if isinstance(file, io.RawIOBase) else file
    number = 0
    while line := lines.readline(LONGEST_LINE):
        number += 1
        is_endless = len(line) == LONGEST_LINE and not line.endswith(b"\n")
        if is_endless:
            while (rest := lines.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
        plain = line.removeprefix(_BOM).strip()
        found = _parsed(plain) if plain and not is_endless else None
        if isinstance(found, dict) and found:
            yield number, dict(_flat(found, "", 1))
        else:
            shown = plain[:LONGEST_SHOWN].decode("utf-8", "replace").replace("\0", "\ufffd")
            yield number, "" if found == {} else shown


def _kept(cell: str) -> str:
    """Write a cell so that it is read as it is: who reads CSV takes the apostrophe away that keeps off a formula."""
    return csv_cells.quote(cell) if "'" in cell and csv_cells.unquote(cell) != cell else cell


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _flat(found: dict[str, Any], before: str, depth: int) -> Iterator[tuple[str, str]]:
    for key, value in found.items():
        name = f"{before}{_text(key)}"
        if isinstance(value, dict) and depth < DEEPEST:
            yield from _flat(value, f"{name}.", depth + 1)
        else:
            yield name, _text(value)


def _text(value: Any) -> str:
    """Write a value as people write it into a cell: a list by commas, what is nested deeper as it stands."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and not any(isinstance(each, list | dict) for each in value):
        return ", ".join(map(_text, value))
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return json.dumps(value, ensure_ascii=True)
