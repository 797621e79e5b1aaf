"""Reads values out of JSON that somebody else wrote, by path: `items[0].price`, `items[*].sku`, `email|user.email`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

LONGEST_PATH = 200
LONGEST_TEXT = 1000
MOST_FOUND = 500
# Of an event's properties.
MOST_PROPERTIES, LONGEST_NAME, LONGEST_PROPERTY = 20, 60, 500
LARGEST = Decimal(10) ** 11
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_PATH = re.compile(r"[^\s.\[\]|]+(?:\[(?:\d{1,4}|\*)\])*(?:\.[^\s.\[\]|]+(?:\[(?:\d{1,4}|\*)\])*)*")
# What every program reads as the same number.
_LARGEST_NUMBER = 2**53
_STEP = re.compile(r"\[(\d+|\*)\]|([^.\[\]]+)")
# Neither is a character of any text we keep.
_NONE = dict.fromkeys([0, *range(0xD800, 0xE000)])


class PayloadRefused(Refusal):
    """What a shop sent lacks something, or has something else in its place."""

    status = 422
    message = N_("This payload cannot be used.")


def is_path(text: str) -> bool:
    """Say whether a text is a path, or several with | between them of which the first that leads somewhere counts."""
    parts = text.split("|")
    return len(text) <= LONGEST_PATH and all(_PATH.fullmatch(part.strip()) for part in parts)


def find_all(value: Any, path: str) -> list[Any]:
    """Return everything the path leads to, without what is null; nothing for an empty path."""
    for alternative in path.split("|"):
        found = [value]
        for place, name in _STEP.findall(alternative.strip()):
            found = list(_step(found, place, name))[:MOST_FOUND]
        if path and (there := [each for each in found if each is not None]):
            return there
    return []


def _step(found: list[Any], place: str, name: str) -> Iterator[Any]:
    for each in found:
        if name and isinstance(each, dict) and name in each:
            yield each[name]
        elif place == "*" and isinstance(each, list):
            yield from each
        elif place and place != "*" and isinstance(each, list) and int(place) < len(each):
            yield each[int(place)]


@dataclass(frozen=True)
class Reading:
    """One object of a payload; `place` says where it stands, for whoever is told what is wrong with it."""

    value: Any
    place: str = ""

    def text(self, path: str) -> str:
        """Return a text of one line; empty where there is none. Numbers are texts too, objects and lists are none."""
        found = self._first(path)
        if isinstance(found, bool) or not isinstance(found, str | int | float | Decimal):
            return ""
        return " ".join(str(found).translate(_NONE).split())[:LONGEST_TEXT]

    def needed(self, path: str) -> str:
        """Return a text that must be there; raise PayloadRefused."""
        found = self.text(path)
        if not found:
            raise PayloadRefused(N_("“%(path)s” is missing."), path=self.at(path))
        return found

    def amount(self, path: str) -> Decimal | None:
        """Return an amount of money, to the cent; raise PayloadRefused for what is no number."""
        found = self.text(path)
        if not found:
            return None
        try:
            read = Decimal(found)
            if not read.is_finite() or abs(read) >= LARGEST:
                raise InvalidOperation
        except InvalidOperation:
            raise PayloadRefused(N_("“%(path)s” is not a number."), path=self.at(path)) from None
        return read.quantize(Decimal("0.01"))

    def whole(self, path: str) -> int | None:
        """Return a whole number; raise PayloadRefused."""
        found = self.amount(path)
        return None if found is None else int(found)

    def moment(self, path: str) -> datetime | None:
        """Return a point in time (ISO 8601, without a zone in UTC, or seconds since 1970); raise PayloadRefused."""
        found = self.text(path)
        if not found:
            return None
        try:
            seconds = float(found) if re.fullmatch(r"\d{9,11}(\.\d+)?", found) else None
            read = datetime.fromisoformat(found) if seconds is None else datetime.fromtimestamp(seconds, UTC)
            read = read if read.tzinfo else read.replace(tzinfo=UTC)
            if not EARLIEST <= read <= LATEST:
                raise ValueError
        except (ValueError, OverflowError):
            raise PayloadRefused(N_("“%(path)s” is not a time."), path=self.at(path)) from None
        return read.astimezone(UTC)

    def flag(self, path: str) -> bool | None:
        """Return a yes or a no; None for anything else."""
        found = self._first(path)
        if isinstance(found, str):
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(found.lower())
        return found if isinstance(found, bool) else None

    def texts(self, path: str) -> list[str]:
        """Return every text a path leads to; one text with commas is several, a list holds one each."""
        found = [each for one in find_all(self.value, path) for each in (one if isinstance(one, list) else [one])]
        parts = [part for each in found if isinstance(each, str) for part in each.translate(_NONE).split(",")]
        return [" ".join(part.split())[:LONGEST_TEXT] for part in parts if part.strip()][:MOST_FOUND]

    def each(self, path: str) -> list[Reading]:
        """Return the objects of a list, each with its place; of anything else none."""
        lists = [one for one in find_all(self.value, path) if isinstance(one, list)] if path else []
        place = self.at(path)
        objects = [(number, one) for found in lists for number, one in enumerate(found) if isinstance(one, dict)]
        return [Reading(one, f"{place}[{number}]") for number, one in objects[: MOST_FOUND + 1]]

    def inside(self, path: str) -> Reading:
        """Return an object within; an empty one where there is none."""
        found = self._first(path)
        return Reading(found if isinstance(found, dict) else {}, self.at(path))

    def plain(self) -> dict[str, str | bool | int | float | None]:
        """Return what an object holds beside lists and objects, as much of it as an event may carry."""
        found: dict[str, str | bool | int | float | None] = {}
        for key, value in (self.value if isinstance(self.value, dict) else {}).items():
            name = key.translate(_NONE).strip()[:LONGEST_NAME]
            if name and len(found) < MOST_PROPERTIES:
                if isinstance(value, str):
                    found[name] = value.translate(_NONE)[:LONGEST_PROPERTY]
                elif value is None or (isinstance(value, int | float) and abs(value) <= _LARGEST_NUMBER):
                    found[name] = value
        return found

    def at(self, path: str) -> str:
        """Return where a path leads, from the beginning of the payload."""
        return f"{self.place}.{path}" if self.place else path

    def _first(self, path: str) -> Any:
        found = find_all(self.value, path)
        return found[0] if found else None
