"""Periods that conditions look at: the last so many days, between two days, or ever. One value and its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.description import Description
from app.conditions.inputs import Control, FilledIn, Input, OneInput, Option, whole, word_of
from app.kernel.translatable import N_, _n

_EVER, _LAST, _BETWEEN = "ever", "last", "between"
_WINDOWS = (
    Option(_EVER, N_("at any time")),
    Option(_LAST, N_("in the last")),
    Option(_BETWEEN, N_("between")),
)


@dataclass(frozen=True)
class Period:
    """A period that `days` back begins, or two days of the workspace, both included; with nothing given, ever.

    A condition has the parts `days`, `since` and `until` of the same names.
    """

    days: int | None = None
    since: date | None = None
    until: date | None = None

    def bounds(self, context: ConditionContext) -> tuple[datetime | None, datetime | None]:
        """Return the moment it begins, and the moment before which it ends (None: open); raise ConditionInvalid."""
        return self.bounds_at(context.now, context.zone)

    def bounds_at(self, now: datetime, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
        """Return what `bounds` does, for a time and the zone in which days begin."""
        if self.days is not None and (self.since or self.until):
            raise ConditionInvalid(N_("Give either a number of days or two days."), part="days")
        if self.since and self.until and self.since > self.until:
            raise ConditionInvalid(N_("The second day is before the first."), part="until")
        if self.days is not None:
            return now - timedelta(days=self.days), None
        begins = _start_of(self.since, zone) if self.since else None
        return begins, _start_of(self.until + timedelta(days=1), zone) if self.until else None

    def describe(self, description: Description) -> str:
        """Return the period in the reader's language."""
        if self.days is not None:
            return description.counted(_n("in the last day", "in the last %(num)s days"), self.days)
        days = {name: description.value(day) for name, day in (("since", self.since), ("until", self.until)) if day}
        if len(days) == 2:
            return description.text(N_("between %(since)s and %(until)s"), **days)
        if self.since:
            return description.text(N_("since %(since)s"), **days)
        return description.text(N_("until %(until)s"), **days) if self.until else description.text(N_("at any time"))


def days_long(days: int | None) -> timedelta | None:
    """Return how long what happened counts in the last so many days; None for ever."""
    return None if days is None else timedelta(days=days)


class InPeriod:
    """A condition about what happened in a period, by its parts `days`, `since` and `until`."""

    days: Any
    since: Any
    until: Any

    @property
    def period(self) -> Period:
        """Return when."""
        return Period(self.days, self.since, self.until)


def _start_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


@dataclass(frozen=True)
class DaysBack(OneInput):
    """The last so many days."""

    name: str = "days"
    label: str = N_("Number of days")

    def controls(self, _filled: FilledIn) -> list[Control]:
        return [Control(self.name, "number", self.label, after=N_("days"), chars=4)]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        return {self.name: whole(filled.word(self.name))}


@dataclass(frozen=True)
class PeriodInput(Input):
    """Fills in the parts of a Period."""

    @property
    def parts(self) -> tuple[str, ...]:
        return ("days", "since", "until")

    def controls(self, filled: FilledIn) -> list[Control]:
        window = _window(filled)
        chosen = Control("window", "choice", N_("Period"), options=(("", _WINDOWS),), default=window, is_redrawn=True)
        if window == _LAST:
            return [chosen, Control("days", "number", N_("Number of days"), after=N_("days"), chars=4)]
        if window == _BETWEEN:
            return [chosen, Control("since", "date", N_("From")), Control("until", "date", N_("To"))]
        return [chosen]

    def read(self, filled: FilledIn) -> dict[str, Any]:
        window = _window(filled)
        if window == _LAST:
            return {"days": whole(filled.word("days"))}
        if window == _BETWEEN:
            return {name: word for name in ("since", "until") if (word := filled.word(name))}
        return {}

    def show(self, values: Mapping[str, Any]) -> dict[str, str]:
        words = {name: word_of(values[name]) for name in self.parts if values.get(name) is not None}
        return {"window": _LAST if "days" in words else _BETWEEN if words else _EVER, **words}

    def is_blank(self, filled: FilledIn) -> bool:
        window = _window(filled)
        if window == _BETWEEN:
            return not (filled.word("since") or filled.word("until"))
        return window == _LAST and not filled.word("days")


def _window(filled: FilledIn) -> str:
    """Return which window is chosen; a form that only says how many days means the last ones."""
    chosen = filled.word("window")
    if chosen in (_EVER, _LAST, _BETWEEN):
        return chosen
    return _LAST if filled.word("days") else _EVER
