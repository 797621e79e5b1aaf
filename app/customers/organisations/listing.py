"""The list of organisations, and the sums of everybody at one of them and below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from app.customers.models import Engagement
from app.customers.organisations import hierarchy
from app.customers.organisations.organisations import folded_name
from app.customers.relations.models import Organisation, OrganisationMember

PER_PAGE = 50


@dataclass(frozen=True)
class Sums:
    """How many people there are now, and what they bought."""

    people: int = 0
    orders: int = 0
    spent: Decimal = Decimal(0)


@dataclass(frozen=True)
class Listed:
    """One line of the list: the organisation, and the sums of its own people."""

    organisation: Organisation
    sums: Sums


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to; empty means no matter."""

    search: str = ""
    industry: str = ""


def page(
    session: Session, workspace_id: int, wanted: Filter, *, after: int | None = None, limit: int = PER_PAGE
) -> tuple[list[Listed], int | None]:
    """Return organisations by name, and the id to go on `after` (None: there are no more)."""
    query = select(Organisation).where(Organisation.workspace_id == workspace_id, *_conditions(wanted))
    last = session.get(Organisation, (workspace_id, after)) if after else None
    if last is not None:
        query = query.where(tuple_(folded_name(), Organisation.id) > tuple_(func.lower(literal(last.name)), last.id))
    found = list(session.scalars(query.order_by(folded_name(), Organisation.id).limit(limit + 1)))
    shown = found[:limit]
    sums = _sums_of_each(session, workspace_id, [each.id for each in shown])
    return [Listed(each, sums.get(each.id, Sums())) for each in shown], shown[-1].id if len(found) > limit else None


def industries(session: Session, workspace_id: int, *, limit: int = 200) -> list[str]:
    """Return the industries written so far, in their order."""
    industry = Organisation.industry
    query = select(industry).where(Organisation.workspace_id == workspace_id, industry.is_not(None)).distinct()
    return [name for name in session.scalars(query.order_by(industry).limit(limit)) if name]


def names(session: Session, workspace_id: int, *, limit: int = 200) -> list[str]:
    """Return the names of the organisations that came last, to be offered while one is typed."""
    query = select(Organisation.name).where(Organisation.workspace_id == workspace_id)
    return list(session.scalars(query.order_by(Organisation.id.desc()).limit(limit)))


def sums(session: Session, workspace_id: int, organisation_id: int) -> Sums:
    """Return the sums of everybody who is at this organisation or below it now, each once."""
    here = select(Organisation.id).where(Organisation.workspace_id == workspace_id, Organisation.id == organisation_id)
    member = OrganisationMember
    people = (
        select(member.customer_id)
        .where(member.workspace_id == workspace_id, member.until.is_(None))
        .where(member.organisation_id.in_(hierarchy.below_query(workspace_id, here)))
        .distinct()
        .subquery()
    )
    query = select(func.count(), func.sum(Engagement.orders), func.sum(Engagement.spent)).select_from(
        people.join(
            Engagement, and_(Engagement.workspace_id == workspace_id, Engagement.customer_id == people.c.customer_id)
        )
    )
    return _sums(*session.execute(query).one())


def _sums_of_each(session: Session, workspace_id: int, organisation_ids: Sequence[int]) -> dict[int, Sums]:
    member = OrganisationMember
    query = (
        select(member.organisation_id, func.count(), func.sum(Engagement.orders), func.sum(Engagement.spent))
        .join(
            Engagement,
            and_(Engagement.workspace_id == member.workspace_id, Engagement.customer_id == member.customer_id),
        )
        .where(member.workspace_id == workspace_id, Engagement.workspace_id == workspace_id)
        .where(member.organisation_id.in_(organisation_ids), member.until.is_(None))
        .group_by(member.organisation_id)
    )
    rows = session.execute(query)
    return {number: _sums(people, orders, spent) for number, people, orders, spent in rows}


def _sums(people: int, orders: int | None, spent: Decimal | None) -> Sums:
    return Sums(people, int(orders or 0), spent or Decimal(0))


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if words := " ".join(wanted.search.split()):
        begins = folded_name().startswith(words.lower(), autoescape=True)
        found.append(
            or_(begins, Organisation.external_ref == words, Organisation.domains.contains([words.lower()]))
        )
    if wanted.industry:
        found.append(Organisation.industry == wanted.industry)
    return found
