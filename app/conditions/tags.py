"""The condition on a customer's tags."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import TextInput
from app.conditions.limits import Text
from app.kernel.translatable import N_

_TAG = TextInput("tag", N_("Tag"), suggests="tags")


@dataclass(frozen=True)
class HasTag(Condition):
    """The customer carries this tag."""

    type = "has_tag"
    subject = Subject("tags", N_("Tags"), "profile")
    questions = (
        Question("has_tag", N_("include"), (_TAG,)),
        Question("lacks_tag", N_("do not include"), (_TAG,), is_negated=True),
    )
    help = N_("The tag as it is written on the customer, capitals and all.")
    example = {"tag": "vip"}

    tag: Text

    @property
    def reads(self) -> tuple[str, ...]:
        return ("tags",)

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        tags = context.field("tags", "tags").expression
        return type_coerce(tags, ARRAY(TEXT)).contains([self.tag])

    def describe(self, description: Description) -> str:
        return description.text(N_("tagged %(tag)s"), tag=description.value(self.tag))
