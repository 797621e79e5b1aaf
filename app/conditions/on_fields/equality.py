"""Conditions on a field that has, or has not, certain values."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, true

from app.conditions.condition import Question
from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import FieldInput
from app.conditions.limits import Value, Values
from app.conditions.on_fields.on_field import BOOLEANS, CHOSEN, NUMBERS, TEXTS, OnField
from app.kernel.translatable import N_


@dataclass(frozen=True)
class Is(OnField):
    """The field has exactly this value."""

    type = "is"
    questions = (Question("is", N_("is"), (FieldInput("value"),), kinds=TEXTS | CHOSEN | NUMBERS | BOOLEANS),)
    help = N_("Exactly this value, capitals and all. A language includes its regional forms.")
    example = {"field": "country", "value": "DE"}

    value: Value

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        info = context.field(self.field, "text", "choice", "number", "boolean")
        return context.equals(info, self.value)

    def describe(self, description: Description) -> str:
        field, value = description.field(self.field), description.value(self.value, self.field)
        return description.text(N_("%(field)s is %(value)s"), field=field, value=value)


@dataclass(frozen=True)
class IsNot(OnField):
    """The field has another value, or none."""

    type = "is_not"
    questions = (Question("is_not", N_("is not"), (FieldInput("value"),), kinds=TEXTS | CHOSEN),)
    help = N_("Includes customers of whom the field is not known.")
    shows_help = True
    example = {"field": "country", "value": "DE"}

    value: Value

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return Is(self.field, self.value).to_sql(context).is_not(true())

    def describe(self, description: Description) -> str:
        field, value = description.field(self.field), description.value(self.value, self.field)
        return description.text(N_("%(field)s is not %(value)s"), field=field, value=value)


@dataclass(frozen=True)
class In(OnField):
    """The field has one of these values."""

    type = "in"
    questions = (
        Question("in", N_("is one of"), (FieldInput("values", is_multiple=True),), kinds=TEXTS | CHOSEN),
    )
    help = N_("Any one of these values, capitals and all.")
    example = {"field": "country", "values": ["DE", "AT", "CH"]}

    values: Values

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        info = context.field(self.field, "text", "choice", "number")
        if info.codes == "language":
            return or_(*(context.equals(info, value, part="values") for value in self.values))
        return info.expression.in_([context.bound(info, value, part="values") for value in self.values])

    def describe(self, description: Description) -> str:
        field, values = description.field(self.field), description.values(self.values, self.field)
        return description.text(N_("%(field)s is %(value)s"), field=field, value=values)
