"""Conditions on a field that holds text."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func

from app.conditions.condition import Question
from app.conditions.context import ConditionContext, folded
from app.conditions.description import Description
from app.conditions.inputs import FieldInput
from app.conditions.limits import Text
from app.conditions.on_fields.on_field import TEXTS, OnField
from app.kernel.translatable import N_

_INPUTS = (FieldInput("value"),)


@dataclass(frozen=True)
class Contains(OnField):
    """The text appears somewhere in the field, in capitals or not."""

    type = "contains"
    questions = (Question("contains", N_("contains"), _INPUTS, kinds=TEXTS),)
    help = N_("Anywhere in the text, in capitals or not.")
    example = {"field": "city", "value": "berg"}

    value: Text

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        info = context.field(self.field, "text", "choice")
        return func.strpos(folded(info.expression), folded(self.value)) > 0

    def describe(self, description: Description) -> str:
        field, value = description.field(self.field), description.value(self.value, self.field)
        return description.text(N_("%(field)s contains %(value)s"), field=field, value=value)


@dataclass(frozen=True)
class StartsWith(OnField):
    """The field begins with the text, in capitals or not."""

    type = "starts_with"
    questions = (Question("starts_with", N_("starts with"), _INPUTS, kinds=TEXTS),)
    help = N_("At the beginning of the text, in capitals or not.")
    example = {"field": "city", "value": "San"}

    value: Text

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        info = context.field(self.field, "text", "choice")
        return func.starts_with(folded(info.expression), folded(self.value))

    def describe(self, description: Description) -> str:
        field, value = description.field(self.field), description.value(self.value, self.field)
        return description.text(N_("%(field)s starts with %(value)s"), field=field, value=value)
