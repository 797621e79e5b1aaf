"""The circles around a person that conditions ask about: who else lives, works or is related with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Select, func, select, union_all

from app.customers.organisations import member_queries
from app.customers.relations.kinds import FAMILY, KINDS
from app.customers.relations.models import CustomerRelation, HouseholdMember
from app.kernel.translatable import N_, MessageId

# (workspace_id) -> (customer_id, other_id) of everybody who has others in this circle
Pairs = Callable[[int], Select[int, int]]


@dataclass(frozen=True)
class Circle:
    """Other people around a customer. `sentence` says that one of them is as %(rule)s says."""

    pairs: Pairs
    label: MessageId
    sentence: MessageId


def referrals_query(workspace_id: int) -> Select[int, int]:
    """Select (customer_id, count) of everybody who referred others."""
    relation = CustomerRelation
    return (
        select(relation.related_id.label("customer_id"), func.count().label("number"))
        .where(relation.workspace_id == workspace_id, relation.kind == "referred_by")
        .group_by(relation.related_id)
    )


def referred_query(workspace_id: int) -> Select[int]:
    """Select the ids of everybody whom somebody referred."""
    relation = CustomerRelation
    return select(relation.customer_id).where(relation.workspace_id == workspace_id, relation.kind == "referred_by")


def _household(workspace_id: int) -> Select[int, int]:
    one, other = HouseholdMember.__table__.alias("one"), HouseholdMember.__table__.alias("other")
    together = (other.c.workspace_id == one.c.workspace_id) & (other.c.household_id == one.c.household_id)
    return (
        select(one.c.customer_id, other.c.customer_id.label("other_id"))
        .select_from(one.join(other, together))
        .where(one.c.workspace_id == workspace_id, other.c.workspace_id == workspace_id)
        .where(one.c.customer_id != other.c.customer_id)
    )


def _related(*kinds: str) -> Pairs:
    """Return the pairs of relations of these kinds, from both sides."""

    def pairs(workspace_id: int) -> Select[int, int]:
        relation = CustomerRelation
        mine = (relation.workspace_id == workspace_id, relation.kind.in_(kinds))
        outward = select(relation.customer_id, relation.related_id.label("other_id")).where(*mine)
        inward = select(relation.related_id, relation.customer_id).where(*mine)
        both = union_all(outward, inward).subquery()
        return select(both.c.customer_id, both.c.other_id)

    return pairs


def _referrer(workspace_id: int) -> Select[int, int]:
    relation = CustomerRelation
    return select(relation.customer_id, relation.related_id.label("other_id")).where(
        relation.workspace_id == workspace_id, relation.kind == "referred_by"
    )


def _brought(workspace_id: int) -> Select[int, int]:
    relation = CustomerRelation
    return select(relation.related_id.label("customer_id"), relation.customer_id.label("other_id")).where(
        relation.workspace_id == workspace_id, relation.kind == "referred_by"
    )


CIRCLES = {
    "household": Circle(
        _household,
        N_("somebody else in the household: all of these"),
        N_("it is true of somebody else in their household that %(rule)s"),
    ),
    "organisation": Circle(
        member_queries.others_query,
        N_("somebody else in the organisation: all of these"),
        N_("it is true of somebody else in their organisation that %(rule)s"),
    ),
    "family": Circle(
        _related(*FAMILY),
        N_("somebody of the family: all of these"),
        N_("it is true of somebody of their family that %(rule)s"),
    ),
    "related": Circle(
        _related(*KINDS),
        N_("somebody related: all of these"),
        N_("it is true of somebody related to them that %(rule)s"),
    ),
    "referrer": Circle(
        _referrer,
        N_("whoever referred them: all of these"),
        N_("it is true of whoever referred them that %(rule)s"),
    ),
    "referred": Circle(
        _brought,
        N_("somebody they referred: all of these"),
        N_("it is true of somebody they referred that %(rule)s"),
    ),
}
