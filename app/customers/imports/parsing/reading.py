"""Detects a file's encoding and delimiter, and reads its records.

Bytes that cannot be decoded and cells beyond any sense become bad rows of their own; they never end the reading, and
however the file is made, memory holds a few megabytes of it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from typing import IO, NamedTuple

from app.customers.imports.mapping import headings
from app.customers.imports.parsing import encodings

# A lone surrogate cannot come from any file, so it marks what could not be decoded.
UNREADABLE = "\udcff"
# How the row begins that a line of JSON Lines became which holds no object; its number follows.
NO_OBJECT = f"{UNREADABLE}json "
LONGEST_CELL = 100_000
LONGEST_LINE = 1_000_000
LONGEST_SHOWN = 5_000
_TOO_LONG = "x" * (LONGEST_CELL + 1) + "\n"

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
# Excel is told the separator by a line of its own, which is no row.
_SEPARATOR = re.compile(r'\ufeff?"?sep=(.)"?\r?\n?', re.IGNORECASE).fullmatch
# Some databases write a quotation mark in a cell as \" instead of "".
_ESCAPED = re.compile(r'\\(["\\])')
# Titles, dates and blank rows may stand above the heading.
_ABOVE = 20
ROWS_TRIED = 50
ESCAPES_TRIED = 200


# How files begin that printers and cameras write, and that hold no rows of text.
_NO_TEXT = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\x7fELF")


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


class Layout(NamedTuple):
    """How a file is laid out: its encoding and separator, whether quotation marks in cells are escaped by a backslash,
    and the number of the record that is the heading.
    """

    encoding: str
    delimiter: str
    is_escaped: bool = False
    header: int = 1


def layout(sample: bytes, encoding: str, delimiter: str | None = None) -> Layout:
    """Return how this file is laid out; the separator is the one it names or the likeliest, unless one is given."""
    encoding = encodings.resolve(encoding, sample)
    chosen = delimiter or _named_delimiter(sample, encoding) or guess_delimiter(sample, encoding)
    found = Layout(encoding, chosen, _is_escaped(sample, encoding, chosen))
    return found._replace(header=_header(sample, found))


def guess_delimiter(sample: bytes, encoding: str) -> str:
    """Return the separator by which the first rows fall into equally many, and most, cells."""
    return max(DELIMITERS, key=lambda delimiter: _regularity(sample, Layout(encoding, delimiter)))


def sample_rows(sample: bytes, laid_out: Layout, *, limit: int) -> Iterator[list[str]]:
    """Yield the heading and the first readable rows after it that hold anything."""
    found = (
        cells
        for number, cells in records(io.BytesIO(sample), laid_out)
        if number >= laid_out.header and isinstance(cells, list) and any(map(str.strip, cells))
    )
    yield from islice(found, limit)


class Broken(NamedTuple):
    """A record that cannot be read: why, in which line of the file, and what can be shown of it."""

    reason: str
    line: int
    shown: list[str]


Record = tuple[int, "list[str] | Broken"]


def records(file: IO[bytes], laid_out: Layout) -> Iterator[Record]:
    """Yield (number, cells) of every record, those above the heading too.

    A quotation mark that is opened and never properly closed costs its own line; the lines after it are rows again.
    """
    text = io.TextIOWrapper(file, encoding=laid_out.encoding, errors="assent.mark", newline="")
    csv.field_size_limit(LONGEST_CELL)
    delimiter = laid_out.delimiter
    # The lines of the record being read, and those that are to be read once more. What stays open over many lines holds
    # no mark that could open anything by itself, so no line is read a third time.
    held: list[str] = []
    again: deque[str] = deque()
    number, line = 0, _begin(text, again)
    while True:
        reader = csv.reader(_lines(text, held, again, laid_out), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                held.clear()
                number += 1
                yield number, _no_object(cells) if cells and cells[0][:1] == UNREADABLE else cells
            return
        except csv.Error:
            number += 1
            line += reader.line_num - len(held) + 1
            first, *rest = held
            held.clear()
            again.extendleft(reversed(rest))
            yield number, _unclosed(first, line, delimiter) if rest else _alone(first, line, delimiter)


def _no_object(cells: list[str]) -> list[str] | Broken:
    """Return a line that was to be JSON as the broken record it is, and any other as it stands."""
    if not cells[0].startswith(NO_OBJECT):
        return cells
    line, _, shown = cells[0].removeprefix(NO_OBJECT).partition(" ")
    return Broken("json", int(line), [shown]) if line.isdecimal() and len(line) < 12 else cells


def _begin(text: io.TextIOWrapper, again: deque[str]) -> int:
    """Look at the first line; return how many lines are no rows."""
    first = _whole_line(text).removeprefix("\ufeff")
    if _SEPARATOR(first):
        return 1
    if first:
        again.append(first)
    return 0


def _alone(text: str, line: int, delimiter: str) -> list[str] | Broken:
    """Read a line more kindly than the norm does: what follows a closing quotation mark belongs to the cell, and
    quotation marks may be escaped by a backslash.
    """
    try:
        if '\\"' in text and (found := _strictly(_unescaped(text), delimiter)):
            return found
        # An empty line follows; it is no record of its own where a quotation mark is still open.
        first, *rest = csv.reader([text, "\n"], delimiter=delimiter)
    except csv.Error:
        return Broken("endless", line, [])
    return first if rest else _unclosed(text, line, delimiter)


def _strictly(line: str, delimiter: str) -> list[str] | None:
    """Return the cells of a line that is whole and well-formed, None of any other."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _unescaped(line: str) -> str:
    """Write what a backslash escapes as the norm does: \\" becomes two quotation marks."""
    return _ESCAPED.sub(lambda found: '""' if found[1] == '"' else "\\", line)


def _unclosed(text: str, line: int, delimiter: str) -> Broken:
    shown = next(csv.reader([text[:LONGEST_SHOWN]], delimiter=delimiter))
    return Broken("unclosed", line, [cell.rstrip("\r\n") for cell in shown])


def is_clean(text: str) -> str | None:
    """Return why this text cannot be kept, None when it can."""
    if "\0" in text:
        return "nul"
    return "encoding" if not text.isascii() and UNREADABLE in text else None


def _lines(text: io.TextIOWrapper, held: list[str], again: deque[str], laid_out: Layout) -> Iterator[str]:
    while line := again.popleft() if again else _whole_line(text):
        held.append(line)
        yield _unescaped(line) if laid_out.is_escaped and "\\" in line else line


def _whole_line(text: io.TextIOWrapper) -> str:
    """Return the next line, or something too long where it is."""
    line = text.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
        while (rest := text.readline(LONGEST_LINE)) and rest[-1] not in "\r\n":
            pass
        return _TOO_LONG
    return line


def _named_delimiter(sample: bytes, encoding: str) -> str | None:
    named = _SEPARATOR(re.split(r"[\r\n]", sample[:64].decode(encoding, errors="ignore"), maxsplit=1)[0])
    return named[1] if named and named[1] in DELIMITERS else None


def _is_escaped(sample: bytes, encoding: str, delimiter: str) -> bool:
    """Say whether lines that hold \\" are well-formed if the backslash escapes it, and are not if it is a letter."""
    text = io.StringIO(sample.decode(encoding, errors="replace"), newline="")
    lines = list(islice((line for line in text if '\\"' in line), ESCAPES_TRIED))
    plain = sum(_strictly(line, delimiter) is None for line in lines)
    return plain > sum(_strictly(_unescaped(line), delimiter) is None for line in lines)


def _header(sample: bytes, laid_out: Layout) -> int:
    """Return the number of the heading: the first row that holds anything, unless that is a title above a wider one."""
    tops = []
    for number, cells in islice(records(io.BytesIO(sample), laid_out), _ABOVE):
        if isinstance(cells, list) and (told := sum(map(bool, map(str.strip, cells)))):
            tops.append((number, cells, told))
    if not tops:
        return 1
    number, cells, told = tops[0]
    if told > 1 or headings.is_known(next(filter(str.strip, cells))):
        return number
    widest = max(told for _, _, told in tops)
    for other, below, told_below in tops[1:]:
        if told_below >= max(2, widest * 0.6) and not any("@" in cell for cell in below):
            return other
    return number


def _regularity(sample: bytes, laid_out: Layout) -> tuple[float, int]:
    """Return the share of rows of the usual width, and that width."""
    widths = Counter(
        len(cells) if isinstance(cells, list) else 0
        for _, cells in islice(records(io.BytesIO(sample), laid_out), ROWS_TRIED)
        if not isinstance(cells, list) or any(map(str.strip, cells))
    )
    width, number = max(widths.items(), key=lambda found: (found[1], found[0]), default=(0, 0))
    return (number / widths.total(), width) if width > 1 else (0.0, 0)
