"""Conditions on segments and lists: who is in another segment, and who is on a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.conditions.condition import Condition, Question, Subject
from app.conditions.context import ConditionContext
from app.conditions.description import Description
from app.conditions.inputs import ReferenceInput
from app.conditions.limits import RowId
from app.conditions.references import Reference
from app.kernel.translatable import N_
from app.segments.models import CustomerList, ListMember, Segment

_OFFERED = 500


def _segment_names(session: Session, workspace_id: int) -> Mapping[int, str]:
    query = select(Segment.id, Segment.name).where(Segment.workspace_id == workspace_id)
    return {row.id: row.name for row in session.execute(query.order_by(Segment.name).limit(_OFFERED))}


def _list_names(session: Session, workspace_id: int) -> Mapping[int, str]:
    query = select(CustomerList.id, CustomerList.name).where(
        CustomerList.workspace_id == workspace_id, CustomerList.deleted_at.is_(None)
    )
    return {row.id: row.name for row in session.execute(query.order_by(CustomerList.name).limit(_OFFERED))}


SEGMENT = Reference("segment", _segment_names)
LIST = Reference("list", _list_names)
_SEGMENT = ReferenceInput("segment", N_("Segment"), reference=SEGMENT)
_LIST = ReferenceInput("list", N_("List"), reference=LIST)


@dataclass(frozen=True)
class InSegment(Condition):
    """The customer is in another segment, by that segment's conditions as they are now."""

    type = "in_segment"
    subject = Subject("segment", N_("Segment"), "groups")
    questions = (
        Question("in_segment", N_("includes them:"), (_SEGMENT,)),
        Question("not_in_segment", N_("does not include them:"), (_SEGMENT,), is_negated=True),
    )
    help = N_("By the conditions of that segment as they are when this one is asked.")
    example = {"segment": 1}
    references = (SEGMENT,)

    segment: RowId

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:  # noqa: ARG002
        # The compiler puts the named segment's rule in the place of this condition before it asks for SQL.
        raise LookupError("a rule that names a segment is expanded before it becomes SQL")

    def describe(self, description: Description) -> str:
        return description.text(N_("they are in the segment %(name)s"), name=description.name(SEGMENT, self.segment))


@dataclass(frozen=True)
class OnList(Condition):
    """The customer is on a list."""

    type = "on_list"
    subject = Subject("list", N_("List"), "groups")
    questions = (
        Question("on_list", N_("includes them:"), (_LIST,)),
        Question("not_on_list", N_("does not include them:"), (_LIST,), is_negated=True),
    )
    help = N_("Whoever was added to the list and not taken off it again.")
    example = {"list": 1}
    references = (LIST,)

    list: RowId

    def to_sql(self, context: ConditionContext) -> ColumnElement[bool]:
        context.lookups.count_other()
        members = select(ListMember.customer_id).where(
            ListMember.workspace_id == context.workspace_id, ListMember.list_id == self.list
        )
        return context.customer_id.in_(members)

    def describe(self, description: Description) -> str:
        return description.text(N_("they are on the list %(name)s"), name=description.name(LIST, self.list))
