"""Exports customers as CSV that imports back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from app.customers.models import Customer
from app.customers.profiles import fields
from app.kernel.database import Database

AT_ONCE = 2000
_NAMES = ("email", *fields.PROFILE)


def rows(database: Database, workspace_id: int) -> Iterator[list[str]]:
    """Yield the heading and one row per customer, in short transactions, so that any number can be exported."""
    with database.transaction(workspace_id) as session:
        keys = [field.key for field in fields.list_custom(session, workspace_id)]
    yield [*_NAMES, "tags", *keys]
    after = 0
    while True:
        with database.transaction(workspace_id) as session:
            query = select(Customer).where(Customer.workspace_id == workspace_id, Customer.id > after)
            people = list(session.scalars(query.order_by(Customer.id).limit(AT_ONCE)))
        if not people:
            return
        yield from (_row(customer, keys) for customer in people)
        after = people[-1].id


def _row(customer: Customer, keys: list[str]) -> list[str]:
    profile = [getattr(customer, name) or "" for name in _NAMES]
    return [*profile, ";".join(customer.tags), *(_cell(customer.custom.get(key)) for key in keys)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
