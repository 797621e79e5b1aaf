"""Turns JSON Lines, one object a line, into CSV; nested objects become columns of their own."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from app.customers.imports.formats.refusing import LARGEST, PIECE, FileRefused
from app.kernel.translatable import N_

LONGEST_LINE = 1_000_000
MOST_COLUMNS = 500
DEEPEST = 3
_BOM = b"\xef\xbb\xbf"


def is_one(sample: bytes) -> bool:
    """Say whether a file that begins so is JSON: its first line holds an object, or begins a list of them."""
    first = sample.removeprefix(_BOM).lstrip()
    if first[:1] == b"[":
        return first[1:].lstrip()[:1] == b"{"
    if first[:1] != b"{":
        return False
    line, end, _ = first.partition(b"\n")
    return (not end and len(line) > LONGEST_LINE // 4) or isinstance(_parsed(line), dict)


def to_csv(file: IO[bytes]) -> IO[bytes]:
    """Return the objects as CSV, their keys as the heading; raise FileRefused with the line that is no object."""
    columns: dict[str, None] = {}
    for _number, values in _objects(file):
        columns |= dict.fromkeys(values)
        if len(columns) > MOST_COLUMNS:
            raise FileRefused(N_("This file has more than 500 columns."), field="file")
    written = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
    text = io.TextIOWrapper(written, encoding="utf-8", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for number, values in _objects(file):
        writer.writerow([values.get(name, "") for name in columns])
        # Few keys a line make many empty cells a row.
        if number % 1000 == 0 and written.tell() > LARGEST:
            raise FileRefused(N_("Unpacked, this file is larger than 512 MB. Please split it."), field="file")
    text.flush()
    text.detach()
    written.seek(0)
    return written


def _objects(file: IO[bytes]) -> Iterator[tuple[int, dict[str, str]]]:
    file.seek(0)
    lines = io.BufferedReader(file, buffer_size=PIECE) if isinstance(file, io.RawIOBase) else file
    number = 0
    while line := lines.readline(LONGEST_LINE):
        number += 1
        plain = line.removeprefix(_BOM).strip()
        if not plain:
            continue
        found = _parsed(plain) if len(line) < LONGEST_LINE else None
        if not isinstance(found, dict):
            raise FileRefused(
                N_('Line %(line)s holds no JSON object. JSON Lines has one object in each line, such as {"email": …}.'),
                field="file",
                line=number,
            )
        yield number, dict(_flat(found, "", 1))


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
