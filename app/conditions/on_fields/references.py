"""The condition on a field that points to something else: an organisation, a product, another person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement

from app.conditions.condition import Question
from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.description import Description
from app.conditions.inputs import FieldInput
from app.conditions.limits import Texts
from app.conditions.on_fields.on_field import REFERENCES, OnField
from app.customers.field_kinds import references
from app.kernel.translatable import N_

_INPUTS = (FieldInput("values", is_multiple=True),)


@dataclass(frozen=True)
class RefersTo(OnField):
    """The field points to something of one of these names or numbers."""

    type = "refers_to"
    questions = (
        Question("refers_to", N_("is one of"), _INPUTS, kinds=REFERENCES),
        Question("refers_to_none", N_("is none of"), _INPUTS, kinds=REFERENCES, is_negated=True),
    )
    help = N_("By its name, or by the number you know it by. People are named by email or customer number.")
    shows_help = True
    example = {"field": "custom.dealer", "values": ["Rosenhof GmbH"]}

    values: Texts

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        info = context.field(self.field, "reference")
        if info.target is None:
            raise ConditionInvalid(N_("“%(label)s” cannot be asked this way."), part="type", label=info.label)
        return info.expression.in_(references.named_query(info.target, context.workspace_id, self.values))

    def describe(self, description: Description) -> str:
        field, values = description.field(self.field), description.values(self.values, self.field)
        return description.text(N_("%(field)s is %(value)s"), field=field, value=values)
