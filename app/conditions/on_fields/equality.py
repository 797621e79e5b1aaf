"""Conditions on a field that has, or has not, certain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, Numeric, Text, any_, bindparam, or_, true
from sqlalchemy.dialects.postgresql import ARRAY

from app.conditions.condition import Question
from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import FieldInput
from app.conditions.limits import Value, Values
from app.conditions.on_fields.on_field import BOOLEANS, CHOSEN, NUMBERS, TEXTS, OnField
from app.kernel.translatable import N_, _n

_LISTED = TEXTS | CHOSEN | NUMBERS


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
    questions = (Question("in", N_("is one of"), (FieldInput("values", is_multiple=True),), kinds=_LISTED),)
    help = N_("Any one of these values, capitals and all. A whole list can be pasted, one value a line.")
    example = {"field": "country", "values": ["DE", "AT", "CH"]}

    values: Values

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        info = context.field(self.field, "text", "choice", "number")
        bound = dict.fromkeys(context.bound(info, value, part="values") for value in self.values)
        if info.codes == "language":
            return or_(*(context.equals(info, value, part="values") for value in bound))
        # One parameter for the list, however long: PostgreSQL looks its values up by their hashes.
        is_number = info.kind == "number"
        listed = [Decimal(each) if is_number else each for each in bound]  # type: ignore[arg-type]
        kind = ARRAY(Numeric if is_number else Text)
        return info.expression == any_(bindparam("values", listed, type_=kind, unique=True))

    def describe(self, description: Description) -> str:
        field, said = description.field(self.field), _said(self.values, self.field, description)
        return description.text(N_("%(field)s is %(value)s"), field=field, value=said)


@dataclass(frozen=True)
class NotIn(OnField):
    """The field has none of these values, or is not known."""

    type = "not_in"
    questions = (Question("not_in", N_("is none of"), (FieldInput("values", is_multiple=True),), kinds=_LISTED),)
    help = N_("Includes customers of whom the field is not known.")
    shows_help = True
    example = {"field": "country", "values": ["DE", "AT", "CH"]}

    values: Values

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return In(self.field, self.values).to_sql(context).is_not(true())

    def describe(self, description: Description) -> str:
        field = description.field(self.field)
        said = N_("%(field)s is not %(value)s")
        return description.text(said, field=field, value=_said(self.values, self.field, description))


def _said(values: Sequence[int | Decimal | str], field: str, description: Description) -> str:
    """Return the values as a list; of many the first few, and how many there are."""
    if len(values) <= _MOST_SAID:
        return description.values(values, field)
    first = description.join([description.value(each, field) for each in values[:_FIRST_SAID]], N_(", "))
    return description.counted(_MANY, len(values), first=first)


_MOST_SAID, _FIRST_SAID = 12, 3
_MANY = _n("one of %(num)s value (%(first)s, …)", "one of %(num)s values (%(first)s, …)")
