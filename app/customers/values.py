"""What does this piece of text mean? Amounts, times, yes and no, and lines of text as people write them in files."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

DATE_ORDERS = ("ymd", "dmy", "mdy")
_YES = frozenset(("yes", "y", "true", "1", "on", "x", "是", "有", "ja", "oui", "si", "sí", "subscribed", "t"))
_NO = frozenset(("no", "n", "false", "0", "off", "否", "无", "nein", "non", "unsubscribed", "f"))
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T](.+))?")
_LOCAL = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T](.+))?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)? ?([AaPp][Mm])? ?(Z|[+-]\d{2}:?\d{2})?")
_AMOUNT = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,6})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d{1,6})?")
_SIGNS = str.maketrans("", "", " \u00a0\u202f'’$€£¥￥")


def one_line(text: str) -> str:
    """Return the text without control characters and outer spaces: it may end up in a header."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return "".join(" " if _is_control(char) else char for char in text).strip()


def amount(text: str, *, decimal: str = ".") -> Decimal:
    """Return the number; raise ValueError. `decimal` says what separates the cents, `.` or `,`."""
    clean = text.translate(_SIGNS)
    if decimal == ",":
        clean = clean.translate(_SWAPPED)
    if _GROUPED.fullmatch(clean):
        clean = clean.replace(",", "")
    if not _AMOUNT.fullmatch(clean):
        raise ValueError("not an amount")
    return Decimal(clean)


_SWAPPED = str.maketrans({",": ".", ".": ","})


def moment(text: str, order: str, zone: str = "UTC") -> datetime:
    """Return the time in UTC; raise ValueError. A date alone means noon of that day in the workspace's zone.

    `order` says how 03/04/2026 is meant; years first are read as they stand. Noon, so that no zone moves the day.
    """
    if len(text) > 18 and text[4:5] == "-":
        # How machines write it, read in C.
        found = datetime.fromisoformat(text)
        if not 1900 <= found.year <= 2200:
            raise ValueError("not a year of a customer's life")
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    return _moment(text, order, zone)


@lru_cache(maxsize=8192)
def _moment(text: str, order: str, zone: str) -> datetime:
    if found := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day, *rest = found.groups()
    elif found := _LOCAL.fullmatch(text):
        first, second, year, *rest = found.groups()
        day, month = (first, second) if order != "mdy" else (second, first)
    else:
        raise ValueError("not a date")
    return _at(int(year), int(month), int(day), rest[0] if rest else None, zone)


def _at(year: int, month: int, day: int, clock: str | None, zone: str) -> datetime:
    if not 1900 <= year <= 2200:
        raise ValueError("not a year of a customer's life")
    if clock is None:
        return datetime(year, month, day, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = _TIME.fullmatch(clock)
    if not found:
        raise ValueError("not a time")
    hour, minute, second, fraction, half, offset = found.groups()
    hours = int(hour) % 12 + (12 if half.lower() == "pm" else 0) if half else int(hour)
    micro = int((fraction or "").ljust(6, "0"))
    local = datetime(year, month, day, hours, int(minute), int(second or 0), micro, _zone(offset, zone))
    return local.astimezone(UTC)


def _zone(offset: str | None, zone: str) -> tzinfo | None:
    if offset is None:
        return ZoneInfo(zone)
    return UTC if offset == "Z" else datetime.strptime(offset, "%z").tzinfo


def truth(text: str) -> bool | None:
    """Return what a yes-or-no cell says, None when it says neither."""
    folded = text.strip().casefold()
    return True if folded in _YES else False if folded in _NO else None


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs")
