"""The customer list: prefix search, filters and keyset pages.

Runs as the reader role, so every statement here carries its workspace.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, text, tuple_
from sqlalchemy.orm import Session

from app.customers.models import Customer, Engagement
from app.customers.profiles import naming
from app.kernel import ids

PER_PAGE = 50
# Tags are offered from the newest people only; counting all of them would read every row.
TAGS_FROM = 2000
SORTS = ("newest", "spent", "bought")


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to; empty means no matter."""

    search: str = ""
    tag: str = ""
    country: str = ""
    bought: str = ""
    stage: str = ""
    sort: str = "newest"

    def without(self, name: str) -> Filter:
        """Return the filter with one part taken away."""
        return replace(self, **{name: ""})


@dataclass(frozen=True)
class Listed:
    """One line of the list."""

    id: int
    first_name: str | None
    last_name: str | None
    email: str | None
    city: str | None
    country: str | None
    tags: list[str]
    orders: int
    spent: Any
    latest_purchase_at: datetime | None
    latest_human_at: datetime | None
    created_at: datetime
    stage: str
    order: Any

    @property
    def name(self) -> str:
        return naming.full_name(self.first_name, self.last_name)


def page(
    session: Session, workspace_id: int, wanted: Filter, *, after: str = "", limit: int = PER_PAGE
) -> tuple[list[Listed], str]:
    """Return some customers and the position after them ("" at the end)."""
    order = _ORDERS[wanted.sort]
    query = (
        select(
            *(Customer.id, Customer.first_name, Customer.last_name, Customer.email, Customer.city),
            *(Customer.country, Customer.tags, Engagement.orders, Engagement.spent),
            *(Engagement.latest_purchase_at, Engagement.latest_human_at, Customer.created_at, Engagement.stage),
            order.label("order"),
        )
        .join(
            Engagement,
            and_(Engagement.workspace_id == Customer.workspace_id, Engagement.customer_id == Customer.id),
        )
        .where(Customer.workspace_id == workspace_id, Engagement.workspace_id == workspace_id, *_conditions(wanted))
    )
    position = _position(after, wanted.sort)
    if position:
        query = query.where(tuple_(order, Customer.id) < tuple_(literal(position[0], order.type), position[1]))
    rows = session.execute(query.order_by(order.desc(), Customer.id.desc()).limit(limit + 1)).all()
    found = [Listed(**row._mapping) for row in rows[:limit]]
    more = f"{_written(found[-1].order)}~{found[-1].id}" if len(rows) > limit else ""
    return found, more


def frequent_tags(session: Session, workspace_id: int, *, limit: int = 6) -> list[str]:
    """Return the tags most used among the newest people."""
    newest = select(Customer.tags).where(Customer.workspace_id == workspace_id).order_by(Customer.id.desc())
    sample = newest.limit(TAGS_FROM).subquery("newest")
    tags = select(func.unnest(sample.c.tags).label("tag")).subquery("tags")
    query = select(tags.c.tag).group_by(tags.c.tag).order_by(func.count().desc(), tags.c.tag)
    return list(session.scalars(query.limit(limit)))


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.search.strip():
        found.append(_search(wanted.search))
    if wanted.tag:
        found.append(Customer.tags.contains([wanted.tag]))
    if wanted.country:
        found.append(Customer.country == wanted.country)
    if wanted.stage:
        found.append(Engagement.stage == wanted.stage)
    if wanted.bought:
        found.append(Engagement.orders > 0 if wanted.bought == "yes" else Engagement.orders == 0)
    return found


def _search(words: str) -> ColumnElement[bool]:
    """Beginnings of the address or of either name; two words are both names in either order."""
    whole = words.strip().lower()
    first, last = _lower(Customer.first_name), _lower(Customer.last_name)
    found = [
        Customer.email_key.startswith(whole, autoescape=True),
        first.startswith(whole, autoescape=True),
        last.startswith(whole, autoescape=True),
        Customer.external_ref == words.strip(),
    ]
    one, _, other = whole.rpartition(" ")
    if one:
        for left, right in ((first, last), (last, first)):
            found.append(and_(left == one.strip(), right.startswith(other, autoescape=True)))
    return or_(*found)


def _lower(column: Any) -> ColumnElement[str]:
    return func.lower(column).collate("C")


def _position(after: str, sort: str) -> tuple[Any, int] | None:
    value, mark, number = after.rpartition("~")
    if not mark:
        return None
    try:
        if sort == "bought":
            return datetime.fromisoformat(value), ids.read(number)
        return (ids.read(value) if sort == "newest" else float(value)), ids.read(number)
    except ValueError:
        return None


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


_ORDERS: dict[str, ColumnElement[Any]] = {
    "newest": Customer.id.expression,
    "spent": Engagement.spent.expression,
    "bought": func.coalesce(
        Engagement.latest_purchase_at, text("timestamptz 'epoch'"), type_=Engagement.latest_purchase_at.type
    ),
}
