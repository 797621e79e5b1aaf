"""Who is what to whom: partners, parents, colleagues, and who referred whom.

A relation is one row, read from either side. Whoever adds or ends one holds both people first, the lower id first.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import undo
from app.customers.models import Customer
from app.customers.profiles import naming, people
from app.customers.relations.kinds import DIRECTIONS, KINDS, title
from app.customers.relations.models import CustomerRelation
from app.kernel import page_links
from app.kernel.database import refusing_duplicates
from app.kernel.page_links import PageLink
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import N_, MessageId

MOST = 200
_ENDED = "customers.relation_ended"


class RelationRefused(Refusal):
    """This cannot be said of these two."""

    status = 422
    message = N_("This relation cannot be kept.")


@dataclass(frozen=True)
class Related:
    """One relation of somebody, as their page shows it: what the other person is to them."""

    kind: str
    is_inverse: bool
    customer_id: int
    name: str
    email: str | None

    @property
    def title(self) -> MessageId:
        return title(self.kind, is_inverse=self.is_inverse)

    @property
    def direction(self) -> str:
        """The name of the relation as told from this side."""
        return KINDS[self.kind].inverse if self.is_inverse else self.kind


def relate(session: Session, customer: Customer, other: Customer, direction: str, *, now: datetime) -> None:
    """Say that the other person is this to the customer, such as `parent` or `child`; told twice it is one relation.

    Raise RelationRefused for oneself, for a circle, and for a second referrer.
    """
    row = _row(customer, other, direction)
    _hold(session, customer, other)
    for person in (customer, other):
        if _count(session, person) >= MOST:
            raise RelationRefused(N_("A person has at most 200 relations."), field="person")
    second = RelationRefused(N_("Somebody else referred them already."), field="kind")
    circle = RelationRefused(N_("This would go in a circle."), field="kind")
    known = session.get(CustomerRelation, (row["workspace_id"], row["customer_id"], row["kind"], row["related_id"]))
    if known is not None:
        return
    with ExitStack() as refusing:
        refusing.enter_context(refusing_duplicates(session, "ck_customer_relations_not_in_a_circle", circle))
        refusing.enter_context(refusing_duplicates(session, "uq_customer_relations_referrer", second))
        session.execute(insert(CustomerRelation).values(**row, created_at=now))


def end(session: Session, customer: Customer, other: Customer, direction: str) -> dict[str, Any]:
    """End a relation; return it as plain values. Raise NotFound."""
    row = _row(customer, other, direction)
    _hold(session, customer, other)
    relation = CustomerRelation
    ended = session.execute(
        delete(relation)
        .where(relation.workspace_id == row["workspace_id"], relation.customer_id == row["customer_id"])
        .where(relation.kind == row["kind"], relation.related_id == row["related_id"])
        .returning(relation.created_at)
    ).scalar()
    if ended is None:
        raise NotFound
    return {"customer_id": customer.id, "other_id": other.id, "direction": direction}


def end_with_undo(
    session: Session, customer: Customer, other: Customer, direction: str, *, staff_id: int, now: datetime
) -> PageLink:
    """End a relation and return the way back; raise NotFound."""
    kept = end(session, customer, other, direction)
    return undo.keep(session, customer.workspace_id, kind=_ENDED, values=kept, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime  # noqa: ARG001
) -> undo.Restored:
    """Relate two people again; raise RelationRefused where that is no longer possible."""
    customer, other = (people.get(session, workspace_id, values[name]) for name in ("customer_id", "other_id"))
    relate(session, customer, other, values["direction"], now=now)
    page = page_links.to("customers.show_customer", customer_id=customer.id)
    return undo.Restored(page, N_("The relation is back."))


UNDO_ENDING = undo.Opposite(_ENDED, restore, role="marketer")


def list_of_customer(session: Session, workspace_id: int, customer_id: int) -> list[Related]:
    """Return somebody's relations, from their side, by kind and name."""
    relation = CustomerRelation
    both = select(relation.kind, (relation.related_id == customer_id).label("is_inverse"), Customer).where(
        relation.workspace_id == workspace_id, Customer.workspace_id == workspace_id
    )
    outward = both.join(Customer, Customer.id == relation.related_id).where(relation.customer_id == customer_id)
    inward = both.join(Customer, Customer.id == relation.customer_id).where(relation.related_id == customer_id)
    rows = [row for query in (outward, inward) for row in session.execute(query.limit(MOST))]
    order = list(KINDS)
    found = [
        Related(
            kind,
            is_inverse and not KINDS[kind].is_symmetric,
            person.id,
            naming.called(person.first_name, person.last_name, person.email, person.external_ref),
            person.email,
        )
        for kind, is_inverse, person in rows
    ]
    return sorted(found, key=lambda each: (order.index(each.kind), each.is_inverse, each.name, each.customer_id))


def _row(customer: Customer, other: Customer, direction: str) -> dict[str, Any]:
    if direction not in DIRECTIONS:
        raise RelationRefused(N_("Choose one of the list."), field="kind")
    if customer.id == other.id:
        raise RelationRefused(N_("Nobody is related to themselves. Choose somebody else."), field="person")
    kind, is_inverse = DIRECTIONS[direction]
    one, two = (other.id, customer.id) if is_inverse else (customer.id, other.id)
    if kind.is_symmetric:
        one, two = sorted((one, two))
    return {"workspace_id": customer.workspace_id, "customer_id": one, "kind": kind.name, "related_id": two}


def _hold(session: Session, customer: Customer, other: Customer) -> None:
    for person in sorted((customer, other), key=lambda each: each.id):
        people.hold(session, person)


def _count(session: Session, customer: Customer) -> int:
    relation = CustomerRelation
    query = select(func.count()).where(
        relation.workspace_id == customer.workspace_id,
        or_(relation.customer_id == customer.id, relation.related_id == customer.id),
    )
    return session.scalar(query) or 0
