"""Organisations and relations as tables for export, which come back as they were when they are imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased

from app.customers.exporting.tables import ExportTable
from app.customers.models import Customer
from app.customers.relations.models import Organisation
from app.kernel.database import Database
from app.kernel.translatable import N_

AT_ONCE = 2_000
_NAMES = ("industry", "employees", "website", "domains", "address", "city", "country")


def organisation_rows(database: Database, workspace_id: int, _part: int, _now: datetime) -> Iterator[list[str]]:
    """Yield the heading and one row an organisation; what it belongs to is told by its number, else by its name."""
    yield ["organisation", "organisation_ref", "parent", *_NAMES]
    above, after = aliased(Organisation), 0
    called = func.coalesce(above.external_ref, above.name, "")
    while True:
        query = (
            select(Organisation, called)
            .outerjoin(above, (above.workspace_id == workspace_id) & (above.id == Organisation.parent_id))
            .where(Organisation.workspace_id == workspace_id, Organisation.id > after)
        )
        with database.transaction(workspace_id) as session:
            found = session.execute(query.order_by(Organisation.id).limit(AT_ONCE)).all()
        if not found:
            return
        for organisation, parent in found:
            told = [_cell(getattr(organisation, name)) for name in _NAMES]
            yield [organisation.name, organisation.external_ref or "", parent, *told]
        after = found[-1][0].id


def _cell(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


_RELATION = ("relation", "related_email", "related_ref")
_MEMBER = ("organisation", "position", "buying_roles", "member_since", "member_until")
_SAID = (*_RELATION, *_MEMBER, "household")


def relation_rows(database: Database, workspace_id: int, _part: int, _now: datetime) -> Iterator[list[str]]:
    """Yield the heading and one row for each relation, membership and member of a household, person by person."""
    yield ["email", "external_ref", *_SAID]
    after = 0
    while True:
        with database.transaction(workspace_id) as session:
            people = select(Customer.id).where(Customer.workspace_id == workspace_id, Customer.id > after)
            ids = list(session.scalars(people.order_by(Customer.id).limit(AT_ONCE)))
            if not ids:
                return
            here = {"w": workspace_id, "first": ids[0], "latest": ids[-1]}
            found = [row._mapping for query in _BELONGING for row in session.execute(query, here)]
        for row in sorted(found, key=lambda each: each["customer_id"]):
            yield [_cell(row.get(name)) for name in ("email", "external_ref", *_SAID)]
        after = ids[-1]


_BETWEEN = """JOIN customers c ON c.workspace_id = :w AND c.id = r.customer_id
    WHERE r.workspace_id = :w AND r.customer_id BETWEEN :first AND :latest"""
_BELONGING = (
    text(
        f"""SELECT r.customer_id, c.email, c.external_ref, r.kind AS relation, o.email AS related_email,
                   o.external_ref AS related_ref
            FROM customer_relations r JOIN customers o ON o.workspace_id = :w AND o.id = r.related_id {_BETWEEN}
            ORDER BY r.customer_id, r.kind, r.related_id"""
    ),
    text(
        f"""SELECT r.customer_id, c.email, c.external_ref, coalesce(o.external_ref, o.name) AS organisation, r.position,
                   r.buying_roles, r.since AS member_since, r.until AS member_until
            FROM organisation_members r JOIN organisations o ON o.workspace_id = :w AND o.id = r.organisation_id
            {_BETWEEN} ORDER BY r.customer_id, r.created_at, r.organisation_id"""
    ),
    text(
        f"""SELECT r.customer_id, c.email, c.external_ref, coalesce(h.external_ref, '#' || h.id) AS household
            FROM household_members r JOIN households h ON h.workspace_id = :w AND h.id = r.household_id {_BETWEEN}
            ORDER BY r.customer_id"""
    ),
)


RELATIONS = ExportTable("relations", N_("Relations"), relation_rows)
ORGANISATIONS = ExportTable("organisations", N_("Organisations"), organisation_rows)
