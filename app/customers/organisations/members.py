"""Who belongs to which organisation: position, parts in the buying centre, one primary organisation a person.

Whoever changes a person's organisations holds the person's row first. The first organisation somebody is at is their
primary one; when they leave it, the oldest of the others follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, delete, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from app.accounts import undo
from app.customers import values
from app.customers.models import Customer
from app.customers.organisations import organisations
from app.customers.organisations.buying_centre import ROLES
from app.customers.profiles import people
from app.customers.relations.models import OrganisationMember
from app.kernel import page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import N_

MOST_ORGANISATIONS = 50
LONGEST_POSITION = 200
NAMES = ("position", "buying_roles", "is_primary", "since", "until")
_REMOVED = "customers.organisation_member_removed"


class MemberRefused(Refusal):
    """A value cannot be one of somebody's place in an organisation."""

    status = 422
    message = N_("This cannot be kept.")


def put(
    session: Session, customer: Customer, organisation_id: int, given: Mapping[str, Any], *, now: datetime
) -> OrganisationMember:
    """Add the person to the organisation, or change what is known of it; what is not given stays.

    Raise MemberRefused, NotFound.
    """
    wanted = _checked(given)
    people.hold(session, customer)
    organisations.hold(session, customer.workspace_id, organisation_id)
    known = _of(session, customer)
    found = next((each for each in known if each.organisation_id == organisation_id), None)
    if found is None:
        if len(known) >= MOST_ORGANISATIONS:
            raise MemberRefused(N_("A person is at most at 50 organisations."), field="organisation")
        found = OrganisationMember(
            workspace_id=customer.workspace_id,
            organisation_id=organisation_id,
            customer_id=customer.id,
            buying_roles=[],
            is_primary=False,
            created_at=now,
        )
    # What is said by hand is no file's any more.
    found.import_id = None
    for name, value in wanted.items():
        if name != "is_primary":
            setattr(found, name, value)
    if found.since and found.until and found.until < found.since:
        raise MemberRefused(N_("The last day is before the first."), field="until")
    others = [each for each in known if each is not found]
    _settle_primary(session, found, others, wanted.get("is_primary"))
    return found


def remove(session: Session, customer: Customer, organisation_id: int, *, staff_id: int, now: datetime) -> PageLink:
    """Take the person out of the organisation, as if they had never been there; return the way back."""
    people.hold(session, customer)
    known = _of(session, customer)
    found = next((each for each in known if each.organisation_id == organisation_id), None)
    if found is None:
        raise NotFound
    workspace_id = customer.workspace_id
    session.delete(found)
    session.flush()
    followers = let_follow(session, workspace_id, [customer.id])
    kept = _plain(found, followers)
    return undo.keep(session, workspace_id, kind=_REMOVED, values=kept, staff_id=staff_id, now=now)


def restore(
    session: Session, workspace_id: int, values: dict[str, Any], *, staff_id: int, now: datetime  # noqa: ARG001
) -> undo.Restored:
    """Put somebody back into an organisation; raise NotFound where one of both is gone."""
    customer = people.get(session, workspace_id, values["customer_id"])
    organisations.hold(session, workspace_id, values["organisation_id"])
    put_back(session, workspace_id, [values])
    page = page_links.to("customers.show_customer", customer_id=customer.id)
    return undo.Restored(page, N_("They belong to the organisation again."))


UNDO_REMOVAL = undo.Opposite(_REMOVED, restore, role="marketer")


def hold_people(session: Session, workspace_id: int, organisation_id: int) -> None:
    """Keep others from changing the organisations of everybody who is at this one."""
    belong = select(OrganisationMember.customer_id).where(
        OrganisationMember.workspace_id == workspace_id, OrganisationMember.organisation_id == organisation_id
    )
    held = select(Customer.id).where(Customer.workspace_id == workspace_id, Customer.id.in_(belong))
    session.execute(held.order_by(Customer.id).with_for_update(key_share=True))


def remove_all(session: Session, workspace_id: int, organisation_id: int) -> list[dict[str, Any]]:
    """Take everybody out of an organisation, and return the rows to put back some day. Hold the people first."""
    mine = (OrganisationMember.workspace_id == workspace_id, OrganisationMember.organisation_id == organisation_id)
    gone = list(session.scalars(delete(OrganisationMember).where(*mine).returning(OrganisationMember)))
    gone.sort(key=lambda each: each.customer_id)
    followers = let_follow(session, workspace_id, [each.customer_id for each in gone])
    return [_plain(member, followers) for member in gone]


def _plain(member: OrganisationMember, followers: Mapping[int, int]) -> dict[str, Any]:
    """Return the row as plain JSON values, with the organisation that is the primary one in its place."""
    return {
        "followed_by": followers.get(member.customer_id) if member.is_primary else None,
        "organisation_id": member.organisation_id,
        "customer_id": member.customer_id,
        "position": member.position,
        "buying_roles": member.buying_roles,
        "is_primary": member.is_primary,
        "since": member.since and member.since.isoformat(),
        "until": member.until and member.until.isoformat(),
        "created_at": member.created_at.isoformat(),
    }


def put_back(session: Session, workspace_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put back rows that were taken out, of people who are still there and not there again by themselves.

    What was somebody's primary organisation is that again, unless they have been given another one since.
    """
    ids = sorted({row["customer_id"] for row in rows})
    held = select(Customer.id).where(Customer.workspace_id == workspace_id, Customer.id.in_(ids)).order_by(Customer.id)
    there = set(session.scalars(held.with_for_update(key_share=True)))
    again = _pairs(session, workspace_id, ids)
    primaries = {each.customer_id: each for each in session.scalars(_primaries(workspace_id, ids))}
    rows = [
        row for row in rows if row["customer_id"] in there and (row["organisation_id"], row["customer_id"]) not in again
    ]
    for row in rows:
        follower = primaries.get(row["customer_id"])
        if follower and row["is_primary"] and follower.organisation_id == row["followed_by"]:
            primaries.pop(row["customer_id"]).is_primary = False
    session.flush()
    for row in rows:
        session.add(
            OrganisationMember(
                workspace_id=workspace_id,
                organisation_id=row["organisation_id"],
                customer_id=row["customer_id"],
                position=row["position"],
                buying_roles=row["buying_roles"],
                is_primary=row["is_primary"] and row["customer_id"] not in primaries,
                since=row["since"] and date.fromisoformat(row["since"]),
                until=row["until"] and date.fromisoformat(row["until"]),
                created_at=datetime.fromisoformat(row["created_at"]),
            )
        )
    session.flush()


def _pairs(session: Session, workspace_id: int, customer_ids: Sequence[int]) -> set[tuple[int, int]]:
    query = select(OrganisationMember.organisation_id, OrganisationMember.customer_id).where(
        OrganisationMember.workspace_id == workspace_id, OrganisationMember.customer_id.in_(customer_ids)
    )
    return {(organisation_id, customer_id) for organisation_id, customer_id in session.execute(query)}


def _primaries(workspace_id: int, customer_ids: Sequence[int]) -> Select[OrganisationMember]:
    return select(OrganisationMember).where(
        OrganisationMember.workspace_id == workspace_id,
        OrganisationMember.customer_id.in_(customer_ids),
        OrganisationMember.is_primary,
    )


def _of(session: Session, customer: Customer) -> list[OrganisationMember]:
    query = select(OrganisationMember).where(
        OrganisationMember.workspace_id == customer.workspace_id, OrganisationMember.customer_id == customer.id
    )
    return list(session.scalars(query.order_by(OrganisationMember.created_at, OrganisationMember.organisation_id)))


def _settle_primary(
    session: Session, found: OrganisationMember, others: list[OrganisationMember], wanted: bool | None
) -> None:
    """Let one of the organisations be the primary: this one if it shall, or if it is the only one there is."""
    was = found.is_primary
    becomes = found.until is None and (wanted is True or (wanted is None and was))
    former = next((each for each in others if each.is_primary), None)
    if becomes and former:
        former.is_primary = False
        session.flush()
    found.is_primary = becomes or (found.until is None and former is None and not (was and wanted is False))
    session.add(found)
    session.flush()
    if was and not found.is_primary:
        let_follow(session, found.workspace_id, [found.customer_id], besides=found.organisation_id)


def let_follow(
    session: Session, workspace_id: int, customer_ids: Sequence[int], *, besides: int | None = None
) -> dict[int, int]:
    """Make the oldest of those they are still at their primary one, where they have none; return which, by person."""
    member, other = OrganisationMember, aliased(OrganisationMember)
    primary = select(other).where(
        other.workspace_id == workspace_id, other.customer_id == member.customer_id, other.is_primary
    )
    oldest = (
        select(member.customer_id, member.organisation_id)
        .where(member.workspace_id == workspace_id, member.customer_id.in_(customer_ids))
        .where(member.until.is_(None), member.organisation_id.is_distinct_from(besides), ~primary.exists())
        .ext(distinct_on(member.customer_id))
        .order_by(member.customer_id, member.created_at, member.organisation_id)
    )
    follow = {row.customer_id: row.organisation_id for row in session.execute(oldest)}
    for each in session.scalars(
        select(member)
        .where(member.workspace_id == workspace_id)
        .where(tuple_(member.customer_id, member.organisation_id).in_(list(follow.items())))
    ):
        each.is_primary = True
    session.flush()
    return follow


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    clean = dict(given)
    if "position" in clean:
        position = values.one_line(str(clean["position"] or ""))
        if len(position) > LONGEST_POSITION:
            raise MemberRefused(N_("This text is too long."), field="position")
        clean["position"] = position or None
    if "buying_roles" in clean:
        roles = set(clean["buying_roles"] or ())
        if not roles <= ROLES.keys():
            raise MemberRefused(N_("Choose one of the list."), field="buying_roles")
        clean["buying_roles"] = [role for role in ROLES if role in roles]
    return clean
