"""Parses times and days as programs and people of many countries write them."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale

ORDERS = ("ymd", "dmy", "mdy")
_LONGEST = 100
_CLOCK = r"(?:,?(?:T|\s+at\s+|\s+|(?<=日))(?P<clock>\S.*))?"
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})[-/.年] ?(?P<month>\d{{1,2}})[-/.月] ?(?P<day>\d{{1,2}})[日.]?{_CLOCK}"
)
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?P<clock>)")
_YEAR_LAST = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<mark>[-/.]) ?(?P<second>\d{{1,2}})(?P=mark) ?(?P<year>\d{{4}}|\d{{2}})\.?{_CLOCK}"
)
_SINCE_1970 = re.compile(r"\d{10}(?:\d{3})?")
_WEEKDAY = re.compile(r"[^\W\d]{2,12}\.?,\s+")
_DAY_NAMED = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?[-\s/]*(?:de |of )?(?P<name>[^\W\d_]{2,12})\.?,?[-\s/]*(?:de |del )?"
    rf"(?P<year>\d{{4}}|\d{{2}}){_CLOCK}"
)
_NAME_FIRST = re.compile(
    rf"(?P<name>[^\W\d_]{{2,12}})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_CLOCK}"
)
_TIME = re.compile(
    r"(?P<before>上午|下午|午前|午後)?\s?(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,6})\d*)?)?"
    r"\s?(?P<after>[AaPp]\.?[Mm]\.?)?(?:\s?Uhr)?\s?(?P<zone>Z|(?:UTC|GMT)?(?:[+-]\d{2}:?\d{2})?)(?:\s\(.*\))?"
)
_MONTHS_IN = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi"),
    *("cs", "hu", "ro", "tr", "ru", "uk"),
)


def moment(text: str, order: str, zone: str = "UTC") -> datetime:
    """Return the time in UTC; raise ValueError. A date alone means noon of that day in the workspace's zone.

    `order` says how 03/04/2026 is meant; years first are read as they stand. Noon, so that no zone moves the day.
    """
    return local_moment(text, order, zone).astimezone(UTC)


def local_moment(text: str, order: str, zone: str = "UTC") -> datetime:
    """Return the time as `moment` reads it, by the clock it was told by."""
    if len(text) > 18 and text[4:5] == "-":
        # How machines write it, read in C.
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return _moment(text, order, zone)
        _check_year(found.year)
        return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
    return _moment(text, order, zone)


@lru_cache(maxsize=8192)
def day(text: str, order: str) -> date:
    """Return the day as it is written, whatever the clock beside it says; raise ValueError."""
    clean = _clean(text)
    if _SINCE_1970.fullmatch(clean):
        return _since_1970(clean).date()
    found, _clock = _parts(clean, order)
    return found


def hint(text: str) -> str | None:
    """Return the order in which this date can only be meant, None where it is no date or may be meant either way."""
    found = _YEAR_LAST.fullmatch(_clean(text)) if len(text) <= _LONGEST else None
    if not found:
        return None
    first, second = int(found["first"]), int(found["second"])
    if 12 < first <= 31 and 1 <= second <= 12:
        return "dmy"
    return "mdy" if 12 < second <= 31 and 1 <= first <= 12 else None


def is_either(text: str) -> bool:
    """Say whether the day of this date depends on the order it is read in."""
    found = _YEAR_LAST.fullmatch(_clean(text)) if len(text) <= _LONGEST else None
    return found is not None and 1 <= int(found["first"]) <= 12 and 1 <= int(found["second"]) <= 12


@lru_cache(maxsize=8192)
def _moment(text: str, order: str, zone: str) -> datetime:
    clean = _clean(text)
    if _SINCE_1970.fullmatch(clean):
        return _since_1970(clean)
    found, clock = _parts(clean, order)
    if not clock:
        return datetime(found.year, found.month, found.day, 12, tzinfo=ZoneInfo(zone))
    told = _TIME.fullmatch(clock)
    if not told:
        raise ValueError("not a time")
    hour, half = int(told["hour"]), (told["before"] or told["after"] or "").lower()
    if half:
        is_late = half[0] == "p" or half in ("下午", "午後")
        if not 0 <= hour <= (23 if told["before"] else 12):
            raise ValueError("not an hour")
        hour = hour if hour > 12 else hour % 12 + 12 * is_late
    micro = int((told["part"] or "").ljust(6, "0"))
    at = (found.year, found.month, found.day, hour, int(told["minute"]), int(told["second"] or 0), micro)
    return datetime(*at, tzinfo=_zone(told["zone"], zone))


def _parts(clean: str, order: str) -> tuple[date, str | None]:
    """Return the day and what is said of the time; raise ValueError."""
    if found := _YEAR_FIRST.fullmatch(clean) or _COMPACT.fullmatch(clean):
        year, month, of_month = int(found["year"]), int(found["month"]), int(found["day"])
    elif found := _YEAR_LAST.fullmatch(clean):
        first, second = int(found["first"]), int(found["second"])
        of_month, month = (second, first) if order == "mdy" else (first, second)
        year = _full_year(found["year"])
    else:
        named = _WEEKDAY.sub("", clean, count=1)
        found = _DAY_NAMED.fullmatch(named) or _NAME_FIRST.fullmatch(named)
        if not found:
            raise ValueError("not a date")
        year, of_month = _full_year(found["year"]), int(found["day"])
        month = _month_names().get(_folded(found["name"]), 0)
    _check_year(year)
    return date(year, month, of_month), found["clock"]


def _clean(text: str) -> str:
    if len(text) > _LONGEST:
        raise ValueError("too long for a date")
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip()


def _since_1970(digits: str) -> datetime:
    found = datetime.fromtimestamp(int(digits[:10]), UTC)
    _check_year(found.year)
    return found


def _full_year(text: str) -> int:
    """Two digits are of this century up to 68, as in POSIX."""
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 69 else 1900)


def _check_year(year: int) -> None:
    if not 1900 <= year <= 2200:
        raise ValueError("not a year of a customer's life")


def _zone(told: str, zone: str) -> tzinfo | None:
    if not told:
        return ZoneInfo(zone)
    offset = told.removeprefix("UTC").removeprefix("GMT")
    return UTC if offset in ("Z", "") else datetime.strptime(offset, "%z").tzinfo


@cache
def _month_names() -> dict[str, int]:
    names: dict[str, int] = {}
    for tag in reversed(_MONTHS_IN):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names |= {_folded(name): month for month, name in Locale(tag).months[context][width].items()}
    return names


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in plain if char.isalpha())
