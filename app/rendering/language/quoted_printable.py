"""Quoted-printable encoding that stays correct when values are filled into the middle of it.

A body is built from pieces that know nothing of each other's length, so every piece keeps three promises:

- it leaves the column at most at `MARGIN`, so that a short value (`SHORT` octets) still fits the line of 76;
- it starts no line with a full stop (written ``=2E``: nothing to stuff, the same octets for SMTP, BDAT and DKIM) and
  ends in no space or tab;
- a value is followed by a soft line break, so that what comes after starts at column 0.
"""

import re
from binascii import b2a_qp
from typing import Any

from markupsafe import escape

from app.rendering.language import filters

MARGIN = 44
SHORT = 31
_WIDTH = 75
_SOFT = "=\r\n"
_QUOTED = [chr(octet) if 32 <= octet <= 126 and octet != 61 else f"={octet:02X}" for octet in range(256)]
_SAFE = re.compile(r"(?!\.)[A-Za-z0-9 .,;:!?()/+_-]{0,31}(?<! )").fullmatch
_NEWLINE = re.compile(r"\r\n|\r|\n")


def encode(source: str, column: int = 0) -> tuple[str, int]:
    """Return the quoted-printable form of a constant piece that starts at or before `column`, and where it ends."""
    lines = _NEWLINE.split(source)
    out = []
    for number, line in enumerate(lines):
        piece, column = _line(line, column if number == 0 else 0)
        out.append(piece)
    encoded = "\r\n".join(out)
    return (encoded + _SOFT, 0) if column > MARGIN else (encoded, column)


def encode_whole(source: str) -> bytes:
    """Return the quoted-printable form of a finished text: the slow, simple way."""
    lines = [_line(line, 0)[0] for line in _NEWLINE.split(source)]
    return "\r\n".join(lines).encode("ascii")


def html_value(value: Any) -> bytes:
    """Encode one merge value for HTML text or a quoted attribute."""
    shown = value if type(value) is str else filters.escaped(value)
    if _SAFE(shown):
        return shown.encode("ascii") + b"=\r\n"
    return wrapped(escape(shown))


def plain_value(value: Any) -> bytes:
    """Encode one merge value for the text part, or one that is escaped already."""
    shown = value if type(value) is str else filters.text(value)
    if _SAFE(shown):
        return shown.encode("ascii") + b"=\r\n"
    return wrapped(shown)


def wrapped(shown: str) -> bytes:
    """Encode any text as a value; what is long gets lines of its own."""
    octets = _one_newline(shown).encode("utf-8", "replace")
    short = b2a_qp(octets, istext=False)
    if len(short) <= SHORT and not short.startswith(b"."):
        return short + b"=\r\n"
    lines, line = [""], ""
    for unit in [_QUOTED[octet] for octet in octets]:
        if len(line) + len(unit) > _WIDTH:
            lines.append(line)
            line = ""
        line += "=2E" if unit == "." and not line else unit
    return (_SOFT.join([*lines, line]) + _SOFT).encode("ascii")


def _one_newline(shown: str) -> str:
    return _NEWLINE.sub("\r\n", shown) if "\n" in shown or "\r" in shown else shown


def _line(line: str, column: int) -> tuple[str, int]:
    """Encode one logical line; a full stop in front and white space at the end are spelled out."""
    out, start = [], True
    units = [_QUOTED[octet] for octet in line.encode("utf-8", "replace")]
    if units and units[-1] == " ":
        units[-1] = "=20"
    for octet in units:
        if column + len(octet) > _WIDTH:
            out.append(_SOFT)
            column, start = 0, True
        unit = "=2E" if start and octet == "." else octet
        out.append(unit)
        column, start = column + len(unit), False
    return "".join(out), column
