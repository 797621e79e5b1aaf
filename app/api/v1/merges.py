"""Merging customers for programs: the same action that pages use, and its undo."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.api.v1 import customers
from app.api.v1.merge_schemas import MergeIn, MergeOut, MergesOut, MergeUndoneOut
from app.api.v1.schemas import Whom
from app.customers.merging import merge, undoing, winners
from app.customers.merging.merge import Decision
from app.customers.merging.models import CustomerMerge
from app.customers.profiles import fields
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import english


class FieldUnknown(Refusal):
    """Whose value stays was said of something that is no field."""

    status = 422
    message = english("There is no such field: %(name)s.")


def merge_customers(session: Session, workspace_id: int, given: MergeIn, *, now: datetime) -> MergeOut:
    """Make one customer of two; raise CustomerUnknown, FieldUnknown and what `merge` refuses."""
    merge.hold_answers(session, workspace_id)
    survivor_id = customers.require(session, workspace_id, given.survivor, field="survivor").id
    former_id = customers.require(session, workspace_id, given.former, field="former").id
    _require_fields(session, workspace_id, given)
    decision = Decision(survivor_id, former_id, method="api", choices=given.keep)
    try:
        return _described(merge.merge(session, workspace_id, decision, now=now))
    except Refusal as refusal:
        refusal.field = refusal.field or "former"
        raise


def undo_merge(session: Session, workspace_id: int, merge_id: int, *, now: datetime) -> MergeUndoneOut:
    """Make two customers of one again; raise NotFound and what `undoing` refuses."""
    try:
        survivor_id, former_id = undoing.take_back(session, workspace_id, merge_id, staff_id=None, now=now)
    except NotFound:
        raise NotFound(english("There is no such merge, or it was undone.")) from None
    return MergeUndoneOut(customer_id=survivor_id, former_id=former_id)


def list_merges(session: Session, workspace_id: int, customer_id: int) -> MergesOut:
    """Return what made this customer of several; raise NotFound."""
    found = customers.find(session, workspace_id, Whom(id=customer_id))
    return MergesOut(merges=[_described(each) for each in undoing.merges_of(session, workspace_id, found.id)])


def _require_fields(session: Session, workspace_id: int, given: MergeIn) -> None:
    known = {merge.EMAIL, *winners.NAMES}
    if any(name.startswith("custom.") for name in given.keep):
        found = (*fields.list_custom(session, workspace_id), *fields.list_retired(session, workspace_id))
        known |= {f"custom.{each.key}" for each in found}
    for name in given.keep:
        if name not in known:
            raise FieldUnknown(field="keep", name=name)


def _described(made: CustomerMerge) -> MergeOut:
    return MergeOut(
        id=made.id,
        customer_id=made.survivor_id,
        former_id=made.former_id,
        former_name=made.former_name,
        merged_at=made.merged_at,
    )
