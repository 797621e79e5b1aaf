"""Customers for programs: the same upsert and timeline that files and pages use, and no rule of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.api.v1.schemas import (
    AddressIn,
    AddressOut,
    CardFieldOut,
    CardLineOut,
    CardOut,
    CustomerIn,
    CustomerOut,
    PermissionOut,
    Proof,
    ProofOut,
    UpsertOut,
    Whom,
)
from app.consent import permission, topics
from app.consent.imports import consents
from app.consent.imports.consents import Claim, ImportTerms
from app.customers.addresses import changes, emails, many_changes, queries
from app.customers.addresses.many_changes import AddressChange
from app.customers.card import card
from app.customers.merging import aliases
from app.customers.models import Address, Customer
from app.customers.profiles import customer_queries, identity, naming, people
from app.customers.profiles.provenance import Telling
from app.customers.sources import catalogue
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import english

_NAMED = ("first_name", "last_name", "language", "country", "city", "time_zone", *identity.IDENTITY, "tags")


class TwoCustomers(Refusal):
    """The number belongs to one customer and the address to another."""

    message = english("external_ref and email belong to two different customers.")


class AddressNeeded(Refusal):
    """A person nobody knows yet is added with an address."""

    status = 422
    message = english("A new customer needs an email.")


class SourceUnknown(Refusal):
    """The source that values are said to come from is not in the catalogue, or retired."""

    status = 422
    message = english("There is no such source in use. Add it to the catalogue first.")


class CustomerUnknown(Refusal):
    """The customer an order or event names is not there."""

    status = 422
    message = english("There is no such customer. Add the customer first.")


def upsert(
    session: Session, workspace_id: int, given: CustomerIn, *, key_id: int, now: datetime
) -> tuple[UpsertOut, bool]:
    """Add or change a customer; return what is on record, and whether it is new. By itself it makes nobody mailable."""
    if given.consent:
        consents.lock_answers(session, workspace_id)
    customer = _existing(session, workspace_id, given)
    source, is_new = f"api:{key_id}", customer is None
    if customer is None:
        if given.email is None:
            raise AddressNeeded(field="email")
        customer = people.upsert(session, workspace_id, email=given.email, fields={}, source=source, now=now)
    elif given.email is not None:
        known = changes.find(session, customer, queries.EMAIL, given.email)
        # An email they use beside the primary names them, and stays what it is.
        if known is None or known.is_primary:
            customer = changes.change_email(session, customer, email=given.email, source=source, now=now)
    values, told = _values(given), _telling(session, workspace_id, given, source, now)
    customer = people.change(session, customer, values_by_name=values, source=told, now=now, adds_tags=True)
    # Proof speaks for the email it came with, whichever is the primary one afterwards.
    proven = given.email or customer.email
    _set_addresses(session, customer, given.addresses or [], source, now)
    proofs = _record(session, customer, given.consent or [], proven or customer.email, now, source=source)
    return UpsertOut(customer=describe(session, customer), consent=proofs), is_new


def _telling(session: Session, workspace_id: int, given: CustomerIn, source: str, now: datetime) -> Telling:
    """Return who says these values, and when they were observed; what has not happened yet was not."""
    at, is_dated = min(given.observed_at or now, now), given.observed_at is not None
    if given.source is None:
        return Telling(source, at, is_dated=is_dated)
    found = catalogue.find_named(session, workspace_id, given.source)
    if found is None:
        raise SourceUnknown(field="source")
    return Telling(f"source:{found.name}", at, catalogue.nature_of(found), found.certainty, is_dated=is_dated)


def find(session: Session, workspace_id: int, whom: Whom) -> Customer:
    """Return the customer meant; raise NotFound."""
    found = _look_up(session, workspace_id, whom)
    if found is None:
        raise NotFound(english("There is no such customer."))
    return found


def describe(session: Session, customer: Customer) -> CustomerOut:
    """Return the customer as programs see one."""
    rows = permission.state_of(session, customer.workspace_id, customer.id)
    known = topics.named(session, customer.workspace_id, {row.topic_id for row in rows})
    names = CustomerOut.model_fields.keys() - {"permissions", "addresses", "has_more_addresses"}
    permissions = [
        PermissionOut(
            purpose=row.purpose,
            topic=known[row.topic_id].key if row.topic_id in known else None,
            allowed=row.allowed,
            state=row.state,
            since=row.since,
        )
        for row in rows
    ]
    former = queries.list_former(session, customer.workspace_id, customer.id)
    shown = [*queries.list_living(session, customer.workspace_id, customer.id), *former.rows]
    values = {name: getattr(customer, name) for name in names}
    return CustomerOut(
        **values,
        addresses=[_address(each) for each in shown],
        has_more_addresses=former.more_after is not None,
        permissions=permissions,
    )


def read_card(session: Session, workspace_id: int, customer_id: int, *, now: datetime) -> CardOut:
    """Return the customer's card; raise NotFound."""
    customer = find(session, workspace_id, Whom(id=customer_id))
    made = card.read(session, customer, now=now)
    lines = {
        str(section): [CardLineOut(text=line.text, due_on=line.due_on) for line in found]
        for section, found in made.sections.items()
    }
    return CardOut(
        customer_id=customer.id,
        name=naming.full_name(customer.first_name, customer.last_name),
        fields=[CardFieldOut(name=each.name, label=each.label, value=each.value) for each in made.fields],
        addresses=[_address(each) for each in made.addresses],
        organisations=[place.organisation.name for place in made.belongs.workplaces if place.member.until is None],
        **lines,
    )


def _address(address: Address) -> AddressOut:
    return AddressOut(**{name: getattr(address, name) for name in AddressOut.model_fields})


def _set_addresses(
    session: Session, customer: Customer, given: list[AddressIn], source: str, now: datetime
) -> None:
    """Add, label, prefer or end these addresses; a refusal names the one it is about."""
    wanted = [AddressChange(**each.model_dump()) for each in given]
    try:
        many_changes.set_many(session, customer, wanted, source=source, now=now)
    except Refusal as refusal:
        refusal.field = f"addresses.{refusal.field}.value" if refusal.field else "addresses"
        raise


def _existing(session: Session, workspace_id: int, given: CustomerIn) -> Customer | None:
    by_ref = people.find_by_ref(session, workspace_id, given.external_ref) if given.external_ref else None
    by_email = people.find_by_email(session, workspace_id, given.email) if given.email else None
    if by_ref and by_email and by_ref.id != by_email.id:
        raise TwoCustomers(field="external_ref")
    return by_ref or by_email


def _values(given: CustomerIn) -> dict[str, Any]:
    """Return what was given: absent fields stay."""
    sent = given.model_fields_set
    values: dict[str, Any] = {name: getattr(given, name) for name in _NAMED if name in sent}
    if given.external_ref is not None:
        values["external_ref"] = given.external_ref
    if "tags" in sent:
        values["tags"] = given.tags or []
    return {**values, **(given.custom or {})}


def _record(
    session: Session, customer: Customer, proofs: list[Proof], email: str | None, now: datetime, *, source: str
) -> list[ProofOut]:
    """Let consent judge the proofs by the rules for proof brought from elsewhere; `email` is whose they are."""
    if not proofs:
        return []
    workspace = workspaces.get(session, customer.workspace_id)
    address = emails.normalise(email) if email else None
    claims = [
        Claim(
            customer_id=customer.id,
            row=number,
            address=address.typed if address else "",
            address_digest=emails.digest(address.key, workspace.digest_key) if address else None,
            consented_at=proof.given_at,
            terms=ImportTerms(
                method=proof.method,
                topic=proof.topic,
                wording=proof.wording,
                language=customer.language or workspace.language,
            ),
        )
        for number, proof in enumerate(proofs, start=1)
    ]
    outcomes = consents.record_many(session, customer.workspace_id, source, claims, now)
    return [
        ProofOut(topic=proof.topic, recorded=outcome.granted > 0, reasons=outcome.reasons)
        for proof, outcome in zip(proofs, outcomes, strict=True)
    ]


def require(session: Session, workspace_id: int, whom: Whom, *, field: str = "customer") -> Customer:
    """Return the customer an order or event names; raise CustomerUnknown."""
    found = _look_up(session, workspace_id, whom)
    if found is None:
        raise CustomerUnknown(field=field)
    return found


def ids_of(session: Session, workspace_id: int, whom: Sequence[Whom]) -> list[int | None]:
    """Return who is meant, each in turn, None where there is nobody; in four statements however many they are."""
    keys = [emails.find_key(each.email.strip()) if each.email is not None else None for each in whom]
    by_key = queries.owners_by_key(session, workspace_id, {key for key in keys if key is not None})
    refs = {each.external_ref for each in whom if each.external_ref is not None}
    by_ref = customer_queries.ids_by_ref(session, workspace_id, refs)
    ids = {each.id for each in whom if each.id is not None}
    former = aliases.current_ids(session, workspace_id, ids)
    known = customer_queries.existing_ids(session, workspace_id, {*ids, *former.values()})

    def _find(each: Whom, key: str | None) -> int | None:
        if each.id is not None:
            found = former.get(each.id, each.id)
            return found if found in known else None
        return by_key.get(key) if key is not None else by_ref.get(each.external_ref or "")

    return [_find(each, key) for each, key in zip(whom, keys, strict=True)]


def _look_up(session: Session, workspace_id: int, whom: Whom) -> Customer | None:
    if whom.id is not None:
        try:
            return people.get(session, workspace_id, aliases.current_id(session, workspace_id, whom.id))
        except NotFound:
            return None
    if whom.external_ref is not None:
        return people.find_by_ref(session, workspace_id, whom.external_ref)
    return people.find_by_email(session, workspace_id, whom.email or "")
