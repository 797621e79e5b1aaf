"""Finds out by its content what an uploaded file is, and turns what is not CSV into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO

from app.customers.imports.formats import archives, json_lines, workbooks

CSV, JSON_LINES, WORKBOOK = "csv", "jsonl", "workbook"
_SAMPLE = 256 * 1024


@dataclass(frozen=True)
class Converted:
    """The rows as text, what they came from, and the sheets there are to choose from."""

    rows: IO[bytes]
    format: str = CSV
    is_unpacked: bool = False
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)

    @property
    def is_original(self) -> bool:
        """Say whether the rows are the file as it was uploaded."""
        return self.format == CSV and not self.is_unpacked


def convert(file: IO[bytes], *, sheet: str = "") -> Converted:
    """Return the rows of this file, which can be read from any place; raise FileRefused."""
    content, is_workbook = archives.unpack(file)
    is_unpacked = content is not file
    sample = content.read(_SAMPLE)
    content.seek(0)
    if is_workbook or sample.startswith(workbooks.OLD):
        found = workbooks.to_csv(content, sheet)
        return Converted(found.content, WORKBOOK, is_unpacked, found.name, found.names)
    if json_lines.is_one(sample):
        return Converted(json_lines.to_csv(content), JSON_LINES, is_unpacked)
    return Converted(content, CSV, is_unpacked)
