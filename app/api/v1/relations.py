"""Organisations, households and related people for programs: the same actions that pages use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.api.v1 import customers
from app.api.v1.relation_schemas import (
    HouseholdIn,
    HouseholdOut,
    OrganisationIn,
    OrganisationMemberIn,
    OrganisationMemberOut,
    OrganisationOut,
    RelationIn,
    RelationOut,
)
from app.customers.organisations import members, organisations
from app.customers.relations import households, related
from app.customers.relations.models import Organisation
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import english


class OrganisationUnknown(Refusal):
    """The organisation that is named is not there."""

    status = 422
    message = english("There is no such organisation. Add the organisation first.")


def save_organisation(
    session: Session, workspace_id: int, given: OrganisationIn, *, now: datetime
) -> tuple[OrganisationOut, bool]:
    """Add or change an organisation; return it and whether it is new."""
    sent = given.model_dump(exclude_unset=True)
    if "parent_ref" in sent:
        above = sent.pop("parent_ref")
        sent["parent_id"] = _require(session, workspace_id, above, field="parent_ref").id if above else None
    found = organisations.find_by_ref(session, workspace_id, given.external_ref)
    try:
        if found is None:
            return _described(organisations.add(session, workspace_id, sent, now=now)), True
        held = organisations.hold(session, workspace_id, found.id)
        organisations.change(session, held, sent, now=now)
    except Refusal as refusal:
        refusal.field = "parent_ref" if refusal.field == "parent" else refusal.field
        raise
    return _described(held), False


def find_organisation(session: Session, workspace_id: int, external_ref: str) -> OrganisationOut:
    """Return the organisation with this number; raise NotFound."""
    found = organisations.find_by_ref(session, workspace_id, external_ref)
    if found is None:
        raise NotFound(english("There is no such organisation."))
    return _described(found)


def save_member(
    session: Session, workspace_id: int, given: OrganisationMemberIn, *, now: datetime
) -> OrganisationMemberOut:
    """Say that somebody is at an organisation, or change what is known of it."""
    organisation = _require(session, workspace_id, given.organisation_ref, field="organisation_ref")
    customer = customers.require(session, workspace_id, given.customer)
    sent: dict[str, Any] = given.model_dump(exclude_unset=True, exclude={"organisation_ref", "customer"})
    member = members.put(session, customer, organisation.id, sent, now=now)
    return OrganisationMemberOut(**{name: getattr(member, name) for name in OrganisationMemberOut.model_fields})


def save_relation(session: Session, workspace_id: int, given: RelationIn, *, now: datetime) -> RelationOut:
    """Say what somebody is to a customer, or that they are it no longer."""
    customer = customers.require(session, workspace_id, given.customer)
    other = customers.require(session, workspace_id, given.related, field="related")
    try:
        if given.is_ended:
            related.end(session, customer, other, given.kind)
        else:
            related.relate(session, customer, other, given.kind, now=now)
    except NotFound:
        raise NotFound(english("There is no such relation.")) from None
    except related.RelationRefused as refusal:
        refusal.field = "related" if refusal.field == "person" else refusal.field
        raise
    return RelationOut(customer_id=customer.id, related_id=other.id, kind=given.kind, is_ended=given.is_ended)


def save_household(session: Session, workspace_id: int, given: HouseholdIn, *, now: datetime) -> HouseholdOut:
    """Put people into one household."""
    found = [
        customers.require(session, workspace_id, whom, field=f"members.{number}")
        for number, whom in enumerate(given.members)
    ]
    try:
        household = households.put_together(session, workspace_id, found, name=given.name or "", now=now)
    except households.HouseholdRefused as refusal:
        refusal.field = "members"
        raise
    home = households.find(session, workspace_id, found[0].id)
    ids = [each.customer_id for each in home.members] if home else []
    return HouseholdOut(id=household.id, name=household.name, customer_ids=ids)


def _require(session: Session, workspace_id: int, external_ref: str, *, field: str) -> Organisation:
    found = organisations.find_by_ref(session, workspace_id, external_ref)
    if found is None:
        raise OrganisationUnknown(field=field)
    return found


def _described(organisation: Organisation) -> OrganisationOut:
    return OrganisationOut(**{name: getattr(organisation, name) for name in OrganisationOut.model_fields})
