"""Everybody and everything a customer belongs with, as their page and their card show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.customers.organisations import member_queries
from app.customers.organisations.buying_centre import ROLES
from app.customers.organisations.member_queries import Workplace
from app.customers.relations import households, related
from app.customers.relations.households import Home
from app.customers.relations.related import Related


@dataclass(frozen=True)
class Belonging:
    """Somebody's organisations, household and related people."""

    workplaces: list[Workplace]
    home: Home | None
    related: list[Related]
    roles: Mapping[str, str] = field(default_factory=lambda: ROLES)


def read(session: Session, workspace_id: int, customer_id: int) -> Belonging:
    """Return whom this customer belongs with, in five statements at most."""
    return Belonging(
        member_queries.list_of_customer(session, workspace_id, customer_id),
        households.find(session, workspace_id, customer_id),
        related.list_of_customer(session, workspace_id, customer_id),
    )
