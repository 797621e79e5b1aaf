"""Writes a table as an Excel workbook in pieces: every cell is a text, further sheets follow where one is full."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

# As many as Excel opens: of rows in a sheet, and of characters in a cell.
MOST_ROWS = 1_048_576
LONGEST_CELL = 32_767
_ROWS_A_PIECE = 500
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# No XML holds these.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write(rows: Iterable[Sequence[str]], *, most_rows: int = MOST_ROWS) -> Iterator[bytes]:
    """Yield the file in pieces; the first row heads every sheet."""
    out = _Pieces()
    table = iter(rows)
    heading = next(table)
    pending = next(table, None)
    sheets = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        while sheets == 0 or pending is not None:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w", force_zip64=True) as sheet:
                sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{_row(heading)}'.encode())
                count = 1
                while pending is not None and count < most_rows:
                    lines: list[str] = []
                    while pending is not None and count < most_rows and len(lines) < _ROWS_A_PIECE:
                        lines.append(_row(pending))
                        pending, count = next(table, None), count + 1
                    sheet.write("".join(lines).encode())
                    yield out.take()
                sheet.write(b"</sheetData></worksheet>")
        _write_contents(archive, sheets)
    yield out.take()


def _write_contents(archive: zipfile.ZipFile, sheets: int) -> None:
    numbers = range(1, sheets + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for number in numbers
    )
    named = "".join(f'<sheet name="Sheet{number}" sheetId="{number}" r:id="rId{number}"/>' for number in numbers)
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    for name, content in (
        ("xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{named}</sheets></workbook>'),
        ("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{related}</Relationships>'),
        (
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>',
        ),
        (
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{types}</Types>',
        ),
    ):
        archive.writestr(name, _HEAD + content)


def _row(cells: Sequence[str]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(text: str) -> str:
    if not text:
        return "<c/>"
    clean = escape(_ILLEGAL.sub("\ufffd", text[:LONGEST_CELL])).replace("\r", "&#13;")
    return f'<c t="inlineStr"><is><t xml:space="preserve">{clean}</t></is></c>'


class _Pieces(io.RawIOBase):
    """What is written, until somebody takes it; a stream that cannot go back."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """Return what was written since."""
        held, self._held = b"".join(self._held), []
        return held
