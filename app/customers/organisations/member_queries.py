"""Who is at an organisation, and at which organisations a person is, as pages and conditions ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.customers.models import Customer, Engagement
from app.customers.organisations import hierarchy
from app.customers.organisations.buying_centre import ROLES
from app.customers.organisations.members import MOST_ORGANISATIONS
from app.customers.organisations.organisations import folded_name
from app.customers.profiles import naming
from app.customers.relations.models import Organisation, OrganisationMember
from app.kernel.sql import keyed_rows

PER_PAGE = 100


@dataclass(frozen=True)
class Wanted:
    """What an organisation of somebody is like; None is no matter. `name` is one of it or of one above it."""

    industry: str | None = None
    name_contains: str | None = None
    name: str | None = None
    at_least: int | None = None
    at_most: int | None = None
    role: str | None = None


@dataclass(frozen=True)
class Colleague:
    """One person at an organisation, as its page shows them."""

    member: OrganisationMember
    name: str
    email: str | None
    orders: int
    spent: Any


@dataclass(frozen=True)
class Workplace:
    """One organisation of a person, as their page shows it."""

    member: OrganisationMember
    organisation: Organisation


def get(session: Session, workspace_id: int, organisation_id: int, customer_id: int) -> OrganisationMember:
    """Return what is known of this person at this organisation; raise NotFound."""
    return keyed_rows.get(session, OrganisationMember, workspace_id, organisation_id, customer_id)


def page(
    session: Session, workspace_id: int, organisation_id: int, *, after: int = 0, limit: int = PER_PAGE
) -> tuple[list[Colleague], int | None]:
    """Return the people of an organisation in the order they became known, and the id to go on `after`."""
    member = OrganisationMember
    query = (
        select(
            *(member, Customer.first_name, Customer.last_name, Customer.email, Customer.external_ref),
            *(Engagement.orders, Engagement.spent),
        )
        .join(Customer, (Customer.workspace_id == member.workspace_id) & (Customer.id == member.customer_id))
        .join(
            Engagement,
            (Engagement.workspace_id == member.workspace_id) & (Engagement.customer_id == member.customer_id),
        )
        .where(member.workspace_id == workspace_id, member.organisation_id == organisation_id)
        .where(Customer.workspace_id == workspace_id, Engagement.workspace_id == workspace_id)
        .where(member.customer_id > after)
    )
    rows = session.execute(query.order_by(member.customer_id).limit(limit + 1)).all()
    shown = [
        Colleague(found, naming.called(first, last, email, ref), email, orders, spent)
        for found, first, last, email, ref, orders, spent in rows[:limit]
    ]
    return shown, shown[-1].member.customer_id if len(rows) > limit else None


def roles_taken(session: Session, workspace_id: int, organisation_id: int) -> dict[str, int]:
    """Return how many people of an organisation have each part in the buying centre now."""
    role = func.unnest(OrganisationMember.buying_roles).label("role")
    query = select(role, func.count().label("number")).where(
        OrganisationMember.workspace_id == workspace_id,
        OrganisationMember.organisation_id == organisation_id,
        OrganisationMember.until.is_(None),
    )
    found = {row.role: row.number for row in session.execute(query.group_by(role))}
    return {name: found.get(name, 0) for name in ROLES}


def list_of_customer(session: Session, workspace_id: int, customer_id: int) -> list[Workplace]:
    """Return a person's organisations: the primary one, the others, those they have left."""
    member = OrganisationMember
    query = (
        select(member, Organisation)
        .join(
            Organisation,
            (Organisation.workspace_id == member.workspace_id) & (Organisation.id == member.organisation_id),
        )
        .where(member.workspace_id == workspace_id, member.customer_id == customer_id)
        .order_by(member.is_primary.desc(), member.until.is_not(None), member.organisation_id)
    )
    rows = session.execute(query.limit(MOST_ORGANISATIONS))
    return [Workplace(found, organisation) for found, organisation in rows]


def people_query(workspace_id: int, wanted: Wanted) -> Select[int]:
    """Select the ids of everybody who is at such an organisation now, once for each."""
    member, place = OrganisationMember, Organisation
    query = (
        select(member.customer_id)
        .join(place, (place.workspace_id == member.workspace_id) & (place.id == member.organisation_id))
        .where(member.workspace_id == workspace_id, place.workspace_id == workspace_id)
        .where(member.until.is_(None))
    )
    if wanted.industry is not None:
        query = query.where(func.lower(place.industry) == func.lower(wanted.industry))
    if wanted.name_contains is not None:
        query = query.where(func.strpos(func.lower(place.name), func.lower(wanted.name_contains)) > 0)
    if wanted.name is not None:
        named = select(place.id).where(place.workspace_id == workspace_id, folded_name() == func.lower(wanted.name))
        query = query.where(member.organisation_id.in_(hierarchy.below_query(workspace_id, named)))
    if wanted.at_least is not None:
        query = query.where(place.employees >= wanted.at_least)
    if wanted.at_most is not None:
        query = query.where(place.employees <= wanted.at_most)
    if wanted.role is not None:
        query = query.where(member.buying_roles.contains([wanted.role]))
    return query


def others_query(workspace_id: int) -> Select[int, int]:
    """Select (customer_id, other_id) of everybody who is at the same organisation now."""
    one, other = OrganisationMember.__table__.alias("one"), OrganisationMember.__table__.alias("other")
    together = (other.c.workspace_id == one.c.workspace_id) & (other.c.organisation_id == one.c.organisation_id)
    return (
        select(one.c.customer_id, other.c.customer_id.label("other_id"))
        .select_from(one.join(other, together))
        .where(one.c.workspace_id == workspace_id, other.c.workspace_id == workspace_id)
        .where(one.c.until.is_(None), other.c.until.is_(None), one.c.customer_id != other.c.customer_id)
    )
