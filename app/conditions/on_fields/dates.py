"""Conditions on a field that holds a date or a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, true

from app.conditions.condition import Question
from app.conditions.context import DAYS, ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import FieldInput, NumberInput
from app.conditions.limits import Day, Days
from app.conditions.on_fields.on_field import DATES, OnField
from app.conditions.periods import DaysBack, Period
from app.kernel.translatable import N_, _n

_DAY = (FieldInput("value"),)
_DAYS_BACK = (DaysBack(),)
_DAYS = NumberInput("days", N_("Number of days"), after=N_("days"), is_whole=True, chars=4)


@dataclass(frozen=True)
class Before(OnField):
    """The date is earlier than this day."""

    type = "before"
    questions = (Question("before", N_("is before"), _DAY, kinds=DATES),)
    help = N_("Before this day begins in the workspace's time zone.")
    example = {"field": "created_at", "value": "2026-01-01"}

    value: Day

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return ~context.on_or_after(context.field(self.field, *DAYS), self.value)

    def describe(self, description: Description) -> str:
        field, value = description.field(self.field), description.value(self.value, self.field)
        return description.text(N_("%(field)s is before %(value)s"), field=field, value=value)


@dataclass(frozen=True)
class After(OnField):
    """The date is later than this day."""

    type = "after"
    questions = (Question("after", N_("is after"), _DAY, kinds=DATES),)
    help = N_("After this day has ended in the workspace's time zone.")
    example = {"field": "created_at", "value": "2026-01-01"}

    value: Day

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return context.on_or_after(context.field(self.field, *DAYS), self.value + timedelta(days=1))

    def describe(self, description: Description) -> str:
        field, value = description.field(self.field), description.value(self.value, self.field)
        return description.text(N_("%(field)s is after %(value)s"), field=field, value=value)


@dataclass(frozen=True)
class WithinLast(OnField):
    """The date lies in the last so many days."""

    type = "within_last"
    questions = (Question("within_last", N_("is in the last … days"), _DAYS_BACK, kinds=DATES),)
    help = N_("Looks back from now; what is in the future is not included.")
    example = {"field": "latest_open_at", "days": 30}
    is_foreseen = True

    days: Days

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return context.recent(context.field(self.field, *DAYS), self.days)

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        return context.next_in_past(context.field(self.field, *DAYS), self.days)

    def describe(self, description: Description) -> str:
        field, period = description.field(self.field), Period(self.days).describe(description)
        return description.text(N_("%(field)s is %(period)s"), field=field, period=period)


@dataclass(frozen=True)
class NotWithinLast(OnField):
    """The date does not lie in the last so many days, or there is none."""

    type = "not_within_last"
    questions = (Question("not_within_last", N_("is not in the last … days"), _DAYS_BACK, kinds=DATES),)
    help = N_("Includes customers of whom the date is not known.")
    shows_help = True
    example = {"field": "latest_purchase_at", "days": 90}
    is_foreseen = True

    days: Days

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return context.recent(context.field(self.field, *DAYS), self.days).is_not(true())

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        return context.next_in_past(context.field(self.field, *DAYS), self.days)

    def describe(self, description: Description) -> str:
        field, period = description.field(self.field), Period(self.days).describe(description)
        return description.text(N_("%(field)s is not %(period)s"), field=field, period=period)


@dataclass(frozen=True)
class WithinNext(OnField):
    """The date lies in the next so many days."""

    type = "within_next"
    questions = (Question("within_next", N_("is in the next … days"), (_DAYS,), kinds=DATES),)
    help = N_("Looks ahead from now, today included; what is past is not included.")
    example = {"field": "custom.contract_ends", "days": 30}
    is_foreseen = True

    days: Days

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return context.ahead(context.field(self.field, *DAYS), self.days)

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        return context.next_ahead(context.field(self.field, *DAYS), self.days)

    def describe(self, description: Description) -> str:
        field = description.field(self.field)
        said = _n("%(field)s is in the next day", "%(field)s is in the next %(num)s days")
        return description.counted(said, self.days, field=field)


@dataclass(frozen=True)
class LongerAgo(OnField):
    """The date lies more than so many days back."""

    type = "longer_ago"
    questions = (Question("longer_ago", N_("is more than … days ago"), (_DAYS,), kinds=DATES),)
    help = N_("Only customers of whom the date is known.")
    shows_help = True
    example = {"field": "latest_purchase_at", "days": 365}
    is_foreseen = True

    days: Days

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return context.longer_ago(context.field(self.field, *DAYS), self.days)

    def next_change(self, context: ConditionContext) -> ColumnElement[datetime]:
        return context.next_in_past(context.field(self.field, *DAYS), self.days)

    def describe(self, description: Description) -> str:
        field = description.field(self.field)
        said = _n("%(field)s is more than %(num)s day ago", "%(field)s is more than %(num)s days ago")
        return description.counted(said, self.days, field=field)
