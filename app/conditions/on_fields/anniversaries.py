"""The condition on the day of the year a date lies on, such as a birthday."""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Date, cast, extract, func

from app.conditions.condition import Question
from app.conditions.context import DAYS, ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import Control, FilledIn
from app.conditions.limits import Days
from app.conditions.on_fields.on_field import DATES, OnField
from app.conditions.periods import DaysBack
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

    days: Days

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        info = context.field(self.field, *DAYS)
        today = context.now.astimezone(context.zone).date()
        day: ColumnElement[date] = info.expression
        if info.kind == "time":
            day = cast(func.timezone(str(context.zone), info.expression), Date)
        place = extract("month", day) * 100 + extract("day", day)
        return (day < today) & place.in_(sorted(places(today, self.days)))

    def describe(self, description: Description) -> str:
        field = description.field(self.field)
        return description.counted(_SENTENCE, self.days, field=field)


_SENTENCE = _n("%(field)s has its anniversary today", "%(field)s has its anniversary within %(num)s days")


def places(today: date, days: int) -> set[int]:
    """Return the days of the year from today on, as month times 100 plus day."""
    ahead = [today + timedelta(days=number) for number in range(min(days, _WHOLE_YEAR))]
    found = {day.month * 100 + day.day for day in ahead}
    if any((day.month, day.day) == (2, 28) and not isleap(day.year) for day in ahead):
        found.add(229)
    return found
