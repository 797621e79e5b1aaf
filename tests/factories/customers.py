"""People, their purchases, and files that bring them."""

from __future__ import annotations

import io
import itertools
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.commerce import orders
from app.commerce.orders import NewOrder
from app.customers.imports import files, kinds, running, steps
from app.customers.imports.mapping import guessing, mapping
from app.customers.imports.models import Import
from app.customers.imports.undoing import undo
from app.customers.models import Customer
from app.customers.organisations import members, organisations
from app.customers.profiles import people
from app.customers.relations.models import Organisation, OrganisationMember
from app.customers.timeline.activities import HitRow
from app.kernel.clock import FixedClock
from app.kernel.database import Database
from tests.factories import NOON

_numbers = itertools.count(1)


def a_customer(
    session: Session, workspace_id: int, email: str | None = None, *, now: datetime = NOON, **fields: Any
) -> Customer:
    """Someone the workspace knows, told by the API."""
    address = email or f"customer{next(_numbers)}@example.com"
    return people.upsert(session, workspace_id, email=address, fields=fields, source="api:1", now=now)


def a_response(customer_id: int, *, at: datetime, name: str = "clicked", verdict: str = "human") -> HitRow:
    """A click or open of this customer, judged."""
    return HitRow(customer_id, at.timestamp(), name, 1, 1, None, verdict, (), "{}")


def a_purchase(
    session: Session,
    customer: Customer,
    *,
    amount: str = "20.00",
    at: datetime = NOON,
    order_ref: str | None = None,
    product: str | None = "Tea",
    currency: str = "EUR",
) -> int:
    """Something this customer bought."""
    ref = order_ref or f"order-{next(_numbers)}"
    new = NewOrder(customer.id, ref, at, Decimal(amount), currency, product=product)
    return orders.record(session, customer.workspace_id, new, now=NOON)


def an_uploaded_file(
    database: Database,
    workspace_id: int,
    content: str | bytes,
    *,
    kind: str = "people",
    mapped: dict[str, str] | None = None,
    encoding: str | None = None,
    source: str = "own",
    now: datetime = NOON,
    **options: Any,
) -> int:
    """A file whose columns are decided (by their headings unless `mapped` says so), ready to import."""
    data = content.encode() if isinstance(content, str) else content
    with database.transaction(workspace_id) as session:
        found = files.store(
            session,
            workspace_id,
            io.BytesIO(data),
            file_name="people.csv",
            kind=kind,
            source=source,
            source_note="",
            staff_id=None,
            now=now,
        )
        if encoding:
            files.reread(found, data, encoding=encoding, delimiter=None)
        choices = kinds.get(session, kind).choices(session, found)
        chosen = mapped or guessing.columns(found.header, choices)
        mapping.decide(session, found, chosen, mapping.Options(**options))
        found.state = "running"
        return found.id


def import_file(database: Database, workspace_id: int, content: str | bytes, **options: Any) -> Import:
    """Take a file over and return what came of it."""
    import_id = an_uploaded_file(database, workspace_id, content, **options)
    running.run(database, FixedClock(options.get("now", NOON)), workspace_id, import_id)
    return outcome_of(database, workspace_id, import_id)


def undo_import(database: Database, workspace_id: int, import_id: int, *, now: datetime) -> Import:
    """Have an import undone, and return what came of it."""
    with database.transaction(workspace_id) as session:
        undo.ask(session, steps.held(session, workspace_id, import_id))
    undo.run(database, FixedClock(now), workspace_id, import_id)
    return outcome_of(database, workspace_id, import_id)


def outcome_of(database: Database, workspace_id: int, import_id: int) -> Import:
    """The import as it now stands."""
    with database.transaction(workspace_id) as session:
        return session.get_one(Import, (workspace_id, import_id))


def an_organisation(session: Session, workspace_id: int, name: str | None = None, **values: Any) -> Organisation:
    """An organisation the workspace knows."""
    return organisations.add(session, workspace_id, {"name": name or f"Firm {next(_numbers)}", **values}, now=NOON)


def a_member(session: Session, customer: Customer, organisation: Organisation, **values: Any) -> OrganisationMember:
    """This customer is at this organisation."""
    return members.put(session, customer, organisation.id, values, now=NOON)
