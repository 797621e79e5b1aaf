"""Conditions on a field that holds several choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, cast
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from app.conditions.condition import Question
from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import FieldInput
from app.conditions.limits import Texts
from app.conditions.on_fields.on_field import SELECTIONS, OnField
from app.kernel.translatable import N_

_INPUTS = (FieldInput("values", is_multiple=True),)


@dataclass(frozen=True)
class IncludesAny(OnField):
    """At least one of these is chosen."""

    type = "includes_any"
    questions = (
        Question("includes_any", N_("include one of"), _INPUTS, kinds=SELECTIONS),
        Question("includes_none", N_("include none of"), _INPUTS, kinds=SELECTIONS, is_negated=True),
    )
    help = N_("Whoever has chosen at least one of these.")
    example = {"field": "custom.hobbies", "values": ["Roses", "Herbs"]}

    values: Texts

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        kept: Any = context.field(self.field, "choices").expression
        found: ColumnElement[bool] = kept.has_any(_texts(self.values))
        return found

    def describe(self, description: Description) -> str:
        field, values = description.field(self.field), description.values(self.values, self.field)
        return description.text(N_("%(field)s include %(value)s"), field=field, value=values)


@dataclass(frozen=True)
class IncludesAll(OnField):
    """All of these are chosen, others perhaps too."""

    type = "includes_all"
    questions = (Question("includes_all", N_("include all of"), _INPUTS, kinds=SELECTIONS),)
    help = N_("Whoever has chosen each of these; they may have chosen others as well.")
    example = {"field": "custom.hobbies", "values": ["Roses", "Herbs"]}

    values: Texts

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        kept: Any = context.field(self.field, "choices").expression
        found: ColumnElement[bool] = kept.has_all(_texts(self.values))
        return found

    def describe(self, description: Description) -> str:
        values = description.join([description.value(value, self.field) for value in self.values], N_(" and "))
        return description.text(N_("%(field)s include %(value)s"), field=description.field(self.field), value=values)


def _texts(values: tuple[str, ...]) -> ColumnElement[Any]:
    return cast(list(values), ARRAY(TEXT))
