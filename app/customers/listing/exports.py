"""Exports customers as CSV that imports back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from app.customers.addresses import queries
from app.customers.addresses.queries import EMAIL, KINDS
from app.customers.models import Address, Customer
from app.customers.profiles import fields, identity
from app.kernel.database import Database

AT_ONCE = 2000
_NAMES = ("email", *fields.PROFILE, *identity.IDENTITY)
# One column for each of KINDS.
_ADDRESSES = ("other_emails", "phone_numbers", "postal_addresses")


def rows(database: Database, workspace_id: int) -> Iterator[list[str]]:
    """Yield the heading and one row per customer, in short transactions, so that any number can be exported."""
    with database.transaction(workspace_id) as session:
        keys = [field.key for field in fields.list_custom(session, workspace_id)]
    yield [*_NAMES, "tags", *keys, *_ADDRESSES]
    after = 0
    while True:
        with database.transaction(workspace_id) as session:
            query = select(Customer).where(Customer.workspace_id == workspace_id, Customer.id > after)
            people = list(session.scalars(query.order_by(Customer.id).limit(AT_ONCE)))
            addresses = queries.list_living_of_many(session, workspace_id, [customer.id for customer in people])
        if not people:
            return
        for customer in people:
            yield [*_row(customer, keys), *_others(addresses.get(customer.id, []))]
        after = people[-1].id


def _row(customer: Customer, keys: list[str]) -> list[str]:
    profile = [str(getattr(customer, name) or "") for name in _NAMES]
    return [*profile, ";".join(customer.tags), *(_cell(customer.custom.get(key)) for key in keys)]


def _others(addresses: list[Address]) -> list[str]:
    """Return the addresses beside the primary email, one cell a kind."""
    others = [each for each in addresses if not (each.kind == EMAIL and each.is_primary)]
    return [" ; ".join(each.value.replace("\n", ", ") for each in others if each.kind == kind) for kind in KINDS]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
