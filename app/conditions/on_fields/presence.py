"""Conditions on whether a field is known."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement

from app.conditions.condition import Question
from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.on_fields.on_field import (
    BOOLEANS,
    CHOSEN,
    DATES,
    MONEY,
    NUMBERS,
    REFERENCES,
    SELECTIONS,
    TEXTS,
    OnField,
)
from app.kernel.translatable import N_

_ANY = TEXTS | CHOSEN | NUMBERS | DATES | BOOLEANS | MONEY | SELECTIONS | REFERENCES


@dataclass(frozen=True)
class IsKnown(OnField):
    """The field has a value."""

    type = "is_known"
    questions = (Question("is_known", N_("is known"), kinds=_ANY),)
    help = N_("The field has a value that fits its type.")
    example = {"field": "first_name"}

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return context.field(self.field).expression.is_not(None)

    def describe(self, description: Description) -> str:
        return description.text(N_("%(field)s is known"), field=description.field(self.field))


@dataclass(frozen=True)
class IsUnknown(OnField):
    """The field has no value."""

    type = "is_unknown"
    questions = (Question("is_unknown", N_("is not known"), kinds=_ANY),)
    help = N_("The field is empty, or its value does not fit its type.")
    shows_help = True
    example = {"field": "country"}

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        return context.field(self.field).expression.is_(None)

    def describe(self, description: Description) -> str:
        return description.text(N_("%(field)s is not known"), field=description.field(self.field))
