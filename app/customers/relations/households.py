"""Households: who lives and buys together. Nobody has two; one without members goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import undo
from app.customers import values
from app.customers.models import Customer, Engagement
from app.customers.profiles import naming, people
from app.customers.relations.models import Household, HouseholdMember
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import N_

MOST_MEMBERS = 50
_LEFT = "customers.household_left"


class HouseholdRefused(Refusal):
    """These people cannot be one household."""

    status = 422
    message = N_("This household cannot be kept.")


@dataclass(frozen=True)
class Housemate:
    """One member of a household with what they bought."""

    customer_id: int
    name: str
    email: str | None
    orders: int
    spent: Decimal


@dataclass(frozen=True)
class Home:
    """A household with everybody in it."""

    household: Household
    members: tuple[Housemate, ...]

    @property
    def orders(self) -> int:
        return sum(each.orders for each in self.members)

    @property
    def spent(self) -> Decimal:
        return sum((each.spent for each in self.members), Decimal(0))


def put_together(
    session: Session, workspace_id: int, customers: Sequence[Customer], *, name: str = "", now: datetime
) -> Household:
    """Put these people into one household: that of the first who has one, or a new one. Raise HouseholdRefused."""
    for person in sorted(customers, key=lambda each: each.id):
        people.hold(session, person)
    ids = list(dict.fromkeys(person.id for person in customers))
    homes = _homes(session, workspace_id, ids)
    held = _hold(session, workspace_id, homes.values())
    household = next((held[homes[each]] for each in ids if homes.get(each) in held), None)
    clean = values.one_line(name)[:200]
    if household is None:
        household = Household(workspace_id=workspace_id, name=clean or _name_of(customers), created_at=now)
        session.add(household)
        session.flush()
    elif clean:
        household.name = clean
    _join(session, household, ids)
    _drop_empty(session, workspace_id, held.keys() - {household.id})
    return household


def leave(session: Session, customer: Customer, *, staff_id: int, now: datetime) -> PageLink:
    """Take somebody out of their household; return the way back. Raise NotFound where they have none."""
    people.hold(session, customer)
    home = find(session, customer.workspace_id, customer.id)
    if home is None:
        raise NotFound
    others = [each.customer_id for each in home.members if each.customer_id != customer.id]
    kept = {
        "customer_id": customer.id,
        "household_id": home.household.id,
        "name": home.household.name,
        "others": others,
    }
    forget(session, customer.workspace_id, customer.id)
    return undo.keep(session, customer.workspace_id, kind=_LEFT, values=kept, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime  # noqa: ARG001
) -> undo.Restored:
    """Put somebody back to those they lived with; raise NotFound where they are gone.

    Where the household is gone as well, those of them follow who have no other one now.
    """
    customer = people.get(session, workspace_id, values["customer_id"])
    people.hold(session, customer)
    now_at = _homes(session, workspace_id, [customer.id])
    held = _hold(session, workspace_id, {values["household_id"], *now_at.values()})
    if household := held.get(values["household_id"]):
        _join(session, household, [customer.id])
        _drop_empty(session, workspace_id, held.keys() - {household.id})
    else:
        query = select(Customer).where(Customer.workspace_id == workspace_id, Customer.id.in_(values["others"]))
        elsewhere = _homes(session, workspace_id, values["others"])
        others = [each for each in session.scalars(query.order_by(Customer.id)) if each.id not in elsewhere]
        put_together(session, workspace_id, [*others, customer], name=values["name"], now=now)
    page = page_links.to("customers.show_customer", customer_id=customer.id)
    return undo.Restored(page, N_("They belong to the household again."))


UNDO_LEAVING = undo.Opposite(_LEFT, restore, role="marketer")


def find(session: Session, workspace_id: int, customer_id: int) -> Home | None:
    """Return the household somebody belongs to."""
    member = HouseholdMember
    own = select(member.household_id).where(
        member.workspace_id == workspace_id, member.customer_id == customer_id
    )
    household = session.scalar(
        select(Household).where(Household.workspace_id == workspace_id, Household.id.in_(own))
    )
    if household is None:
        return None
    query = (
        select(
            *(Customer.id, Customer.first_name, Customer.last_name, Customer.email, Customer.external_ref),
            *(Engagement.orders, Engagement.spent),
        )
        .join(member, (member.workspace_id == Customer.workspace_id) & (member.customer_id == Customer.id))
        .join(
            Engagement, (Engagement.workspace_id == Customer.workspace_id) & (Engagement.customer_id == Customer.id)
        )
        .where(member.workspace_id == workspace_id, member.household_id == household.id)
        .order_by(Customer.id)
    )
    rows = session.execute(query.limit(MOST_MEMBERS))
    mates = [
        Housemate(number, naming.called(first, last, email, ref), email, orders, spent)
        for number, first, last, email, ref, orders, spent in rows
    ]
    return Home(household, tuple(mates))


def forget(session: Session, workspace_id: int, customer_id: int) -> None:
    """Take somebody out of their household, if they have one."""
    member = HouseholdMember
    left = session.scalars(
        delete(member)
        .where(member.workspace_id == workspace_id, member.customer_id == customer_id)
        .returning(member.household_id)
    )
    held = _hold(session, workspace_id, set(left))
    _drop_empty(session, workspace_id, held.keys())


def _homes(session: Session, workspace_id: int, customer_ids: Sequence[int]) -> dict[int, int]:
    query = select(HouseholdMember.customer_id, HouseholdMember.household_id).where(
        HouseholdMember.workspace_id == workspace_id, HouseholdMember.customer_id.in_(customer_ids)
    )
    return {row.customer_id: row.household_id for row in session.execute(query)}


def _member_ids(session: Session, workspace_id: int, household_id: int) -> list[int]:
    query = select(HouseholdMember.customer_id).where(
        HouseholdMember.workspace_id == workspace_id, HouseholdMember.household_id == household_id
    )
    return list(session.scalars(query.limit(MOST_MEMBERS + 1)))


def _hold(session: Session, workspace_id: int, household_ids: Iterable[int]) -> dict[int, Household]:
    """Hold those of these households that are still there, in the order of their ids: nobody drops them meanwhile."""
    asked = (Household.workspace_id == workspace_id, Household.id.in_(sorted(set(household_ids))))
    held = select(Household).where(*asked).order_by(Household.id).with_for_update()
    return {each.id: each for each in session.scalars(held.execution_options(populate_existing=True))}


def _join(session: Session, household: Household, customer_ids: Sequence[int]) -> None:
    place = {"workspace_id": household.workspace_id, "household_id": household.id}
    joined = insert(HouseholdMember).values([{**place, "customer_id": each} for each in customer_ids])
    # Who is moved by hand is where no file says.
    moved = {"household_id": joined.excluded.household_id, "import_id": None}
    session.execute(joined.on_conflict_do_update(index_elements=["workspace_id", "customer_id"], set_=moved))
    if len(_member_ids(session, household.workspace_id, household.id)) > MOST_MEMBERS:
        raise HouseholdRefused(N_("A household has at most 50 people."), field="person")


def _drop_empty(session: Session, workspace_id: int, household_ids: Collection[int]) -> None:
    """Delete those that nobody belongs to; hold them first, so that this sees who joined until then."""
    lived_in = select(HouseholdMember.household_id).where(HouseholdMember.workspace_id == workspace_id)
    session.execute(
        delete(Household)
        .where(Household.workspace_id == workspace_id, Household.id.in_(sorted(household_ids)))
        .where(Household.id.not_in(lived_in.where(HouseholdMember.household_id.in_(sorted(household_ids)))))
    )


def _name_of(customers: Sequence[Customer]) -> str:
    """Return the family names, once each."""
    names = dict.fromkeys(person.last_name or person.first_name or person.email or "" for person in customers)
    return " / ".join(name for name in names if name)[:200] or "–"
