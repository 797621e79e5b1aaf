"""The condition on a number or date that lies between two others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, and_

from app.conditions.condition import Question
from app.conditions.context import DAYS, ConditionContext, ConditionInvalid
from app.conditions.description import Description
from app.conditions.inputs import FieldInput
from app.conditions.limits import Day, Number
from app.conditions.on_fields.on_field import DATES, NUMBERS, OnField
from app.kernel.translatable import N_

_INPUTS = (FieldInput("low", N_("From")), FieldInput("high", N_("To")))


@dataclass(frozen=True)
class Between(OnField):
    """The number or day lies between two others, both included."""

    type = "between"
    questions = (Question("between", N_("is between"), _INPUTS, kinds=NUMBERS | DATES),)
    help = N_("From the first to the second, both included.")
    example = {"field": "created_at", "low": "2026-01-01", "high": "2026-03-31"}

    low: Number | Day
    high: Number | Day

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        info = context.field(self.field, "number", *DAYS)
        low, high = context.bound(info, self.low, part="low"), context.bound(info, self.high, part="high")
        if isinstance(low, date) and isinstance(high, date):
            if low > high:
                raise ConditionInvalid(N_("The second day is before the first."), part="high")
            return and_(context.on_or_after(info, low), ~context.on_or_after(info, high + timedelta(days=1)))
        if isinstance(low, int | Decimal) and isinstance(high, int | Decimal) and low > high:
            raise ConditionInvalid(N_("The second number is below the first."), part="high")
        return info.expression.between(low, high)

    def describe(self, description: Description) -> str:
        return description.text(
            N_("%(field)s is between %(low)s and %(high)s"),
            field=description.field(self.field),
            low=description.value(self.low),
            high=description.value(self.high),
        )
