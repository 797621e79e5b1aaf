"""The condition on the day of the year a date lies on, such as a birthday."""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Date, Integer, bindparam, cast, extract, func, literal
from sqlalchemy.dialects.postgresql import JSONB

from app.conditions.condition import Question
from app.conditions.context import DAYS, ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import Control, FilledIn
from app.conditions.limits import Days
from app.conditions.on_fields.on_field import DATES, OnField
from app.conditions.periods import DaysBack
from app.kernel.sql import moments
from app.kernel.translatable import N_, _n

_WHOLE_YEAR = 366


class DaysAhead(DaysBack):
    """The next so many days, today among them."""

    def controls(self, _filled: FilledIn) -> list[Control]:
        return [Control(self.name, "number", self.label, after=N_("days, today included"), chars=4)]


@dataclass(frozen=True)
class Anniversary(OnField):
    """The day and month of the date come in the next so many days; today is the first."""

    type = "anniversary"
    questions = (Question("anniversary", N_("has its anniversary within"), (DaysAhead(),), kinds=DATES),)
    help = N_("Every year on the same day and month, from the year after. 29 February is 28 February in other years.")
    shows_help = True
    example = {"field": "birth_date", "days": 7}
    is_foreseen = True

    days: Days

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        today, day = self._days(context)
        return (day < today) & _place(day).in_(sorted(places(today, self.days)))

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        today, day = self._days(context)
        listed = bindparam("ahead", list(_days_to_change(today, self.days)), type_=JSONB, unique=True)
        zone, ahead = str(context.zone), listed.op("->>")(cast(_place(day), Integer))
        changes_on = literal(today, Date) + cast(ahead, Integer)
        # From the day after on it has anniversaries.
        found = (moments.start_of(changes_on, zone), moments.start_of(day + 1, zone))
        return moments.earliest_after(context.now, found)

    def _days(self, context: ConditionContext) -> tuple[date, ColumnElement[date]]:
        """Return today, and the field's day."""
        info = context.field(self.field, *DAYS)
        day: ColumnElement[date] = info.expression
        if info.kind == "time":
            day = cast(func.timezone(str(context.zone), info.expression), Date)
        return context.now.astimezone(context.zone).date(), day

    def describe(self, description: Description) -> str:
        field = description.field(self.field)
        return description.counted(_SENTENCE, self.days, field=field)


_SENTENCE = _n("%(field)s has its anniversary today", "%(field)s has its anniversary within %(num)s days")


def _place(day: ColumnElement[date]) -> ColumnElement[int]:
    return extract("month", day) * 100 + extract("day", day)


@cache
def _days_to_change(today: date, days: int) -> tuple[int | None, ...]:
    """Return by place in the year, from 0 to 1231, in how many days it comes among the next `days`, or leaves them."""
    found: list[int | None] = [None] * 1232
    left = {month * 100 + day for month in range(1, 13) for day in range(1, 32)}
    now = places(today, days)
    for ahead in range(1, _WHOLE_YEAR + 2):
        moved = (places(today + timedelta(days=ahead), days) ^ now) & left
        for place in moved:
            found[place] = ahead
        left -= moved
    return tuple(found)


def places(today: date, days: int) -> set[int]:
    """Return the days of the year from today on, as month times 100 plus day."""
    ahead = [today + timedelta(days=number) for number in range(min(days, _WHOLE_YEAR))]
    found = {day.month * 100 + day.day for day in ahead}
    if any((day.month, day.day) == (2, 28) and not isleap(day.year) for day in ahead):
        found.add(229)
    return found
