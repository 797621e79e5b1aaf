"""Conditions on a field that holds a number."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement

from app.conditions.condition import Question
from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import FieldInput
from app.conditions.limits import Number
from app.conditions.on_fields.on_field import NUMBERS, OnField
from app.kernel.translatable import N_

_INPUTS = (FieldInput("value"),)


@dataclass(frozen=True)
class GreaterThan(OnField):
    """The number is above this one."""

    type = "greater_than"
    questions = (Question("greater_than", N_("is more than"), _INPUTS, kinds=NUMBERS),)
    help = N_("Above this number, which itself is not included.")
    example = {"field": "spent", "value": 100}

    value: Number

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        info = context.field(self.field, "number")
        return info.expression > context.bound(info, self.value)

    def describe(self, description: Description) -> str:
        field, value = description.field(self.field), description.value(self.value, self.field)
        return description.text(N_("%(field)s is more than %(value)s"), field=field, value=value)


@dataclass(frozen=True)
class LessThan(OnField):
    """The number is below this one."""

    type = "less_than"
    questions = (Question("less_than", N_("is less than"), _INPUTS, kinds=NUMBERS),)
    help = N_("Below this number, which itself is not included.")
    example = {"field": "orders", "value": 2}

    value: Number

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        info = context.field(self.field, "number")
        return info.expression < context.bound(info, self.value)

    def describe(self, description: Description) -> str:
        field, value = description.field(self.field), description.value(self.value, self.field)
        return description.text(N_("%(field)s is less than %(value)s"), field=field, value=value)
