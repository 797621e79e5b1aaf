"""How is this file written, and what are its rows?

Bytes that cannot be decoded and cells beyond any sense become bad rows of their own; they never end the reading, and
however the file is made, memory holds a few megabytes of it.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import IO, NamedTuple

# A lone surrogate cannot come from any file, so it marks what could not be decoded.
UNREADABLE = "\udcff"
LONGEST_CELL = 100_000
LONGEST_LINE = 1_000_000
LONGEST_SHOWN = 5_000
_TOO_LONG = "x" * (LONGEST_CELL + 1) + "\n"

ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 (little-endian)",
    "utf-16-be": "UTF-16 (big-endian)",
    "cp1252": "Western European (Windows-1252)",
    "gb18030": "Chinese (GB 18030)",
}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


# How files begin that spreadsheets, printers and cameras write, and that hold no rows of text.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_NO_TEXT = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\x7fELF")


def is_workbook(sample: bytes) -> bool:
    """Say whether this is a spreadsheet's own format, or another archive, instead of a CSV file."""
    return sample.startswith(_WORKBOOKS)


def is_text(sample: bytes, encoding: str) -> bool:
    """Say whether these bytes may be rows of text: no known other format, and control characters are rare."""
    if sample.startswith(_NO_TEXT):
        return False
    text = sample.decode(encoding, errors="replace")
    controls = sum(char < " " and char not in "\t\r\n\0" for char in text)
    return controls * 50 < len(text)


def _mark(error: UnicodeError) -> tuple[str, int]:
    return UNREADABLE, error.end if isinstance(error, UnicodeDecodeError) else 0


codecs.register_error("assent.mark", _mark)


def guess_encoding(sample: bytes) -> str:
    """Return how the text is probably encoded; the person confirms it by looking at the rows.

    Valid UTF-8 is UTF-8: other encodings all but never are by chance. Else GB 18030 if it decodes and looks Chinese.
    """
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in sample and (found := _wide(sample)):
        return found
    if _decodes(sample, "utf-8"):
        return "utf-8-sig"
    return "gb18030" if _looks_chinese(sample) else "cp1252"


def guess_delimiter(sample: bytes, encoding: str) -> str:
    """Return the separator by which the first rows fall into equally many, and most, cells."""
    return max(DELIMITERS, key=lambda delimiter: _regularity(sample, encoding, delimiter))


def sample_rows(sample: bytes, encoding: str, delimiter: str, *, limit: int) -> Iterator[list[str]]:
    """Yield the first readable rows that hold anything."""
    found = (
        cells for _, cells in records(io.BytesIO(sample), encoding, delimiter) if isinstance(cells, list) and cells
    )
    for cells, _ in zip(found, range(limit), strict=False):
        yield cells


class Broken(NamedTuple):
    """A record that cannot be read: why, in which line of the file, and what can be shown of it."""

    reason: str
    line: int
    shown: list[str]


def records(file: IO[bytes], encoding: str, delimiter: str) -> Iterator[tuple[int, list[str] | Broken]]:
    """Yield (number, cells) of every record, the header being number 1.

    A quotation mark that is opened and never properly closed costs its own line; the lines after it are rows again.
    """
    text = io.TextIOWrapper(file, encoding=encoding, errors="assent.mark", newline="")
    csv.field_size_limit(LONGEST_CELL)
    number = line = 0
    # The lines of the record being read, and those that are to be read once more. What stays open over many lines holds
    # no mark that could open anything by itself, so no line is read a third time.
    held: list[str] = []
    again: deque[str] = deque()
    while True:
        reader = csv.reader(_lines(text, held, again), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                held.clear()
                number += 1
                yield number, cells
            return
        except csv.Error:
            number += 1
            line += reader.line_num - len(held) + 1
            first, *rest = held
            held.clear()
            again.extendleft(reversed(rest))
            yield number, _unclosed(first, line, delimiter) if rest else _alone(first, line, delimiter)


def _alone(text: str, line: int, delimiter: str) -> list[str] | Broken:
    """Read a line more kindly than the norm does: what follows a closing quotation mark belongs to the cell."""
    try:
        # An empty line follows; it is no record of its own where a quotation mark is still open.
        first, *rest = csv.reader([text, "\n"], delimiter=delimiter)
    except csv.Error:
        return Broken("endless", line, [])
    return first if rest else _unclosed(text, line, delimiter)


def _unclosed(text: str, line: int, delimiter: str) -> Broken:
    shown = next(csv.reader([text[:LONGEST_SHOWN]], delimiter=delimiter))
    return Broken("unclosed", line, [cell.rstrip("\r\n") for cell in shown])


def is_clean(text: str) -> str | None:
    """Return why this text cannot be kept, None when it can."""
    if "\0" in text:
        return "nul"
    return "encoding" if not text.isascii() and UNREADABLE in text else None


def _lines(text: io.TextIOWrapper, held: list[str], again: deque[str]) -> Iterator[str]:
    read = text.readline
    while line := again.popleft() if again else read(LONGEST_LINE):
        if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            while (rest := read(LONGEST_LINE)) and rest[-1] not in "\r\n":
                pass
            line = _TOO_LONG
        held.append(line)
        yield line


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark shows as every other byte being zero in Western text."""
    odd, even = sample[1::2].count(0), sample[0::2].count(0)
    if max(odd, even) * 5 < len(sample):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(sample: bytes) -> bool:
    """Say whether most of the decoded high characters are common Chinese ones, which Latin text read so is not."""
    decoded = sample.decode("gb18030", errors="replace")
    high = [char for char in decoded if not char.isascii()]
    common = sum(_is_common_chinese(char) for char in high)
    return bool(high) and common > 0.9 * len(high)


def _is_common_chinese(char: str) -> bool:
    try:
        first, _ = char.encode("gb2312")
    except (UnicodeEncodeError, ValueError):
        return False
    # Rows 0xB0-0xD7 hold the 3,755 everyday characters, 0xA1-0xA3 the punctuation.
    return 0xB0 <= first <= 0xD7 or 0xA1 <= first <= 0xA3


def _regularity(sample: bytes, encoding: str, delimiter: str) -> tuple[float, int]:
    widths = [len(cells) for cells in sample_rows(sample, encoding, delimiter, limit=20)]
    if not widths or widths[0] < 2:
        return (0.0, 0)
    return (widths.count(widths[0]) / len(widths), widths[0])
