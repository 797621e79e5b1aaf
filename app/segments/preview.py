"""Size, sample and waterfall to mailable of a segment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from app.consent import permission, suppression
from app.customers.profiles import naming, people

MARKETING = "marketing"


@dataclass(frozen=True)
class Waterfall:
    """From everyone who matches to everyone who may be written to: `matched` minus the two others is `mailable`."""

    matched: int
    no_permission: int
    suppressed: int
    mailable: int


@dataclass(frozen=True)
class Person:
    """One of those who match."""

    customer_id: int
    name: str
    email: str | None


def count(session: Session, matches: Select[int]) -> int:
    """Return how many a rule's statement selects. Cheap under `transaction(workspace_id, reading=True)`."""
    return session.scalar(select(func.count()).select_from(matches.subquery())) or 0


def waterfall(session: Session, workspace_id: int, matches: Select[int], topic_id: int, now: datetime) -> Waterfall:
    """Return how many match, and how many of them may not be written to about the topic, and why."""
    found = matches.subquery("matches")
    consented = permission.consented_query(workspace_id, MARKETING, topic_id, now).subquery("consented")
    suppressed = suppression.customers_query(workspace_id).subquery("suppressed")
    agreed = func.count(consented.c.customer_id)
    # One pass over those who match: a rule that finds a million people is evaluated once.
    row = session.execute(
        select(func.count(), agreed, agreed.filter(suppressed.c.customer_id.is_(None)))
        .select_from(found)
        .outerjoin(consented, consented.c.customer_id == found.c.customer_id)
        .outerjoin(suppressed, suppressed.c.customer_id == found.c.customer_id)
    ).one()
    matched, has_agreed, may_mail = (int(number) for number in row)
    return Waterfall(matched, matched - has_agreed, has_agreed - may_mail, may_mail)


def sample(session: Session, workspace_id: int, matches: Select[int], *, limit: int = 5) -> list[Person]:
    """Return some of those whom a rule's statement selects, the newest customers first."""
    found = matches.subquery()
    named = people.named_query(workspace_id).subquery()
    query = (
        select(named)
        .join(found, found.c.customer_id == named.c.customer_id)
        .order_by(named.c.customer_id.desc())
        .limit(limit)
    )
    return [_person(row) for row in session.execute(query)]


def _person(row: Row[*tuple[Any, ...]]) -> Person:
    return Person(row.customer_id, naming.full_name(row.first_name, row.last_name), row.email)
