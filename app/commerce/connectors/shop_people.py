"""Finds, adds and changes the person a shop tells of; the shop's number for them is remembered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.commerce.connectors import shop_records, stated_consents
from app.commerce.connectors.mapping import Mapping
from app.commerce.connectors.stated_consents import ConsentStatement
from app.commerce.connectors.told import ToldCustomer
from app.commerce.models import ShopConnection
from app.customers.addresses import changes, queries
from app.customers.addresses.changes import AddressTaken, NewAddress
from app.customers.models import Customer
from app.customers.profiles import people
from app.customers.profiles.provenance import Telling
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import N_, MessageId


class Note(Protocol):
    """Takes a note about what came of a webhook."""

    def __call__(self, message: MessageId, **values: Any) -> None: ...


@dataclass(frozen=True)
class Context:
    """Whose webhook is worked off: its connection with its mapping, and what names the webhook as evidence."""

    connection: ShopConnection
    mapping: Mapping
    delivery_ref: str
    body_sha256: str

    @property
    def source(self) -> str:
        """Return what values of a person are said to come from."""
        return f"shop:{self.connection.name}"


@dataclass(frozen=True)
class Found:
    """The person, None where nobody can be found or added; outdated where something newer is known of them."""

    customer: Customer | None
    is_outdated: bool = False


def take(session: Session, context: Context, told: ToldCustomer, note: Note, *, now: datetime) -> Found:
    """Return the person told of, added if new, with what is newly told. Raise BadAddress."""
    connection = context.connection
    record = None
    if told.external_id:
        record = shop_records.find(session, connection, shop_records.CUSTOMER, told.external_id)
    customer = _known(session, connection.workspace_id, record, told)
    if customer is None:
        if not told.email:
            return Found(None)
        customer = people.upsert(
            session, connection.workspace_id, email=told.email, fields={}, source=context.source, now=now
        )
    is_outdated = False
    if told.external_id:
        claimed = shop_records.claim(
            session, connection, shop_records.CUSTOMER, told.external_id, told_at=told.told_at
        )
        is_outdated = claimed is None
    if told.consent is not None and not told.consent.is_yes:
        # Whatever of their profile is newer, a no counts: it has a time of its own.
        at = told.consent.at or (told.told_at if is_outdated else None)
        _state(session, context, customer, replace(told, consent=replace(told.consent, at=at)), note, now)
    if is_outdated:
        return Found(customer, is_outdated=True)
    if told.external_id:
        shop_records.settle(session, connection, shop_records.CUSTOMER, told.external_id, customer.id)
    if told.email and (told.is_account or customer.email is None):
        customer = _with_email(session, customer, told.email, context.source, note, now)
    said = Telling(context.source, told.told_at, is_dated=True) if told.told_at else context.source
    _set(session, customer, dict(told.values), said, note, now)
    _add_phone(session, customer, told.phone, context.source, note, now)
    if told.consent is not None and told.consent.is_yes and told.email:
        _state(session, context, customer, told, note, now)
    return Found(customer)


def _known(
    session: Session, workspace_id: int, record: shop_records.Known | None, told: ToldCustomer
) -> Customer | None:
    if record is not None and record.row_id is not None:
        try:
            return people.get(session, workspace_id, record.row_id)
        except NotFound:
            pass
    return people.find_by_email(session, workspace_id, told.email) if told.email else None


def _with_email(
    session: Session, customer: Customer, email: str, source: str, note: Note, now: datetime
) -> Customer:
    """An email they use beside the primary one stays what it is; another becomes the primary one."""
    known = changes.find(session, customer, queries.EMAIL, email)
    if known is not None:
        return customer
    try:
        with session.begin_nested():
            return changes.change_email(session, customer, email=email, source=source, now=now)
    except AddressTaken:
        note(N_("The email was left out: somebody else has it."))
        return customer


def _set(
    session: Session,
    customer: Customer,
    values: dict[str, Any],
    source: str | Telling,
    note: Note,
    now: datetime,
) -> None:
    """Set what fits; a value that does not is told of, and keeps no other from being set."""
    while values:
        try:
            people.change(session, customer, values_by_name=values, source=source, now=now, adds_tags=True)
            return
        except Refusal as refusal:
            if refusal.field not in values:
                raise
            note(N_("“%(field)s” was left out: it does not fit its field."), field=refusal.field)
            values.pop(refusal.field)


def _add_phone(
    session: Session, customer: Customer, phone: str, source: str, note: Note, now: datetime
) -> None:
    if not phone:
        return
    try:
        with session.begin_nested():
            changes.add(session, customer, NewAddress("phone", phone), source=source, now=now)
    except Refusal:
        note(N_("The phone number was left out: it is none, or somebody else's."))


def _state(
    session: Session, context: Context, customer: Customer, told: ToldCustomer, note: Note, now: datetime
) -> None:
    said, mapped = told.consent, context.mapping.consent
    assert said is not None
    connection = context.connection
    statement = ConsentStatement(
        customer_id=customer.id,
        email=told.email or customer.email or "",
        is_yes=said.is_yes,
        at=said.at,
        method=said.method,
        topic=mapped.topic,
        wording=mapped.wording,
        source=f"shop {connection.id}, {connection.name}, webhook {context.delivery_ref}",
        body_sha256=context.body_sha256,
        stated_by=mapped.stated_by,
    )
    for why in stated_consents.record(session, connection.workspace_id, statement, now=now):
        note(N_("Consent was not recorded: %(why)s"), why=why)
