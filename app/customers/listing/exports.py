"""Exports customers as CSV that imports back as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.addresses import queries
from app.customers.addresses.queries import EMAIL
from app.customers.field_kinds import references
from app.customers.field_kinds.known import KINDS
from app.customers.models import Address, Customer, CustomField
from app.customers.profiles import fields, identity
from app.kernel.database import Database

AT_ONCE = 2000
_NAMES = ("email", *fields.PROFILE, *identity.IDENTITY)
# One column for each of KINDS.
_ADDRESSES = ("other_emails", "phone_numbers", "postal_addresses")


def rows(database: Database, workspace_id: int, members: Sequence[int] | None = None) -> Iterator[list[str]]:
    """Yield the heading and one row per customer, in short transactions, so that any number can be exported.

    `members` are those wanted, in the order of their numbers; None is everybody.
    """
    with database.transaction(workspace_id) as session:
        own = [field for field in fields.list_custom(session, workspace_id) if not field.is_barred]
    yield [*_NAMES, "tags", *(field.key for field in own), *_ADDRESSES]
    after, place = 0, 0
    while members is None or place < len(members):
        with database.transaction(workspace_id) as session:
            query = select(Customer).where(Customer.workspace_id == workspace_id, Customer.id > after)
            if members is not None:
                wanted = members[place : place + AT_ONCE]
                query, place = query.where(Customer.id.in_(wanted)), place + AT_ONCE
            people = list(session.scalars(query.order_by(Customer.id).limit(AT_ONCE)))
            addresses = queries.list_living_of_many(session, workspace_id, [customer.id for customer in people])
            marks = _marks(session, workspace_id, people, own)
        if not people and members is None:
            return
        for customer in people:
            yield [*_row(customer, own, marks), *_others(addresses.get(customer.id, []))]
            after = customer.id


def _row(customer: Customer, own: list[CustomField], marks: dict[str, dict[int, str]]) -> list[str]:
    profile = [str(getattr(customer, name) or "") for name in _NAMES]
    cells = (_cell(field, customer.custom.get(field.key), marks.get(field.key, {})) for field in own)
    return [*profile, ";".join(customer.tags), *cells]


def _marks(
    session: Session, workspace_id: int, people: list[Customer], own: list[CustomField]
) -> dict[str, dict[int, str]]:
    """Return what the things that reference fields point to are known by in files, by field."""
    return {
        field.key: references.marks(
            session, workspace_id, field.refers_to, {value for each in people
                                                     if isinstance(value := each.custom.get(field.key), int)}
        )
        for field in own
        if field.refers_to
    }  # fmt: skip


def _others(addresses: list[Address]) -> list[str]:
    """Return the addresses beside the primary email, one cell a kind."""
    others = [each for each in addresses if not (each.kind == EMAIL and each.is_primary)]
    kinds = queries.KINDS
    return [" ; ".join(each.value.replace("\n", ", ") for each in others if each.kind == kind) for kind in kinds]


def _cell(field: CustomField, value: Any, marks: dict[int, str]) -> str:
    if field.refers_to and isinstance(value, int):
        return marks.get(value, "")
    return str(value) if isinstance(value, dict) else KINDS[field.kind].written(value)
