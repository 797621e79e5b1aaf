"""Evaluates watched segments for people who changed, or for everybody, and writes down who entered and left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    any_,
    bindparam,
    delete,
    exists,
    false,
    func,
    literal,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.customers.relations.circles import CIRCLES
from app.segments import compiler, rules, segments
from app.segments.codec import RulesInvalid
from app.segments.compiler import Population
from app.segments.models import ChangedCustomer, MemberCheck, Segment, SegmentMember, SegmentMove
from app.segments.rules import Rule, Someone

# So many people are evaluated by one statement.
AT_ONCE = 5_000
# With more people to check than this, everybody is evaluated.
_FLOOD = 50_000
# One at a time for each workspace: two would write down the same move twice.
_LOCK = text("SELECT pg_advisory_xact_lock(7303, hashint8(:workspace_id))")


@dataclass(frozen=True)
class Move:
    """Somebody entered or left a segment."""

    segment_id: int
    customer_id: int
    has_entered: bool


@dataclass(frozen=True)
class Asked:
    """A segment and its rule, with what it names put in its places."""

    segment_id: int
    rule: Rule


def lock(session: Session, workspace_id: int) -> None:
    """Wait until nobody else evaluates this workspace's segments."""
    session.execute(_LOCK, {"workspace_id": workspace_id})


def usable(session: Session, population: Population, segment_ids: Sequence[int]) -> list[Asked]:
    """Return those of these segments that can be evaluated; the others keep their members as they were."""
    query = select(Segment).where(Segment.workspace_id == population.workspace_id, Segment.id.in_(segment_ids))
    found = []
    for segment in session.scalars(query.order_by(Segment.id)):
        try:
            rule = segments.rule_of(session, segment)
        except RulesInvalid:
            continue
        expanded = compiler.expanded(rule, population, segment_id=segment.id)
        if expanded is not None:
            found.append(Asked(segment.id, expanded))
    return found


def take_changed(session: Session, workspace_id: int, *, limit: int = AT_ONCE) -> tuple[list[int], bool]:
    """Take the marks of people who changed, the oldest first; return who they are, and whether there are more."""
    oldest = select(ChangedCustomer.id).where(ChangedCustomer.workspace_id == workspace_id)
    gone = (
        delete(ChangedCustomer)
        .where(
            ChangedCustomer.workspace_id == workspace_id,
            ChangedCustomer.id.in_(oldest.order_by(ChangedCustomer.id).limit(limit)),
        )
        .returning(ChangedCustomer.customer_id)
    )
    marks = list(session.scalars(gone))
    return sorted(set(marks)), len(marks) == limit


def take_due(session: Session, workspace_id: int, *, now: datetime, limit: int = AT_ONCE) -> tuple[list[int], bool]:
    """Take the checks that are due; return of whom, and whether there are more."""
    check = MemberCheck
    due = select(check.customer_id).where(check.workspace_id == workspace_id, check.due_at <= now)
    gone = delete(check).where(
        check.workspace_id == workspace_id, check.customer_id.in_(due.order_by(check.due_at).limit(limit))
    )
    found = list(session.scalars(gone.returning(check.customer_id)))
    return found, len(found) == limit


def drop_due(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Forget the checks that are due: everybody will be evaluated."""
    session.execute(delete(MemberCheck).where(MemberCheck.workspace_id == workspace_id, MemberCheck.due_at <= now))


def is_flooded(session: Session, workspace_id: int, *, now: datetime) -> bool:
    """Say whether so many checks are due that evaluating everybody is less work."""
    check = MemberCheck
    due = select(check.customer_id).where(check.workspace_id == workspace_id, check.due_at <= now)
    return session.scalar(due.order_by(check.due_at).offset(_FLOOD).limit(1)) is not None


def next_due(session: Session, workspace_id: int) -> datetime | None:
    """Return when the next check is due."""
    return session.scalar(select(func.min(MemberCheck.due_at)).where(MemberCheck.workspace_id == workspace_id))


def with_circles(session: Session, workspace_id: int, asked: Iterable[Asked], changed: Sequence[int]) -> list[int]:
    """Return who changed, and around whom somebody changed, as far as a segment asks about others."""
    names = {circle for each in asked for circle in _circles(each.rule)}
    found, newest = set(changed), set(changed)
    # A rule about others may ask about others of theirs once more.
    for _ in range(2 if names else 0):
        reached: set[int] = set()
        for name in names:
            pairs = CIRCLES[name].pairs(workspace_id).subquery()
            around = select(pairs.c.customer_id).where(pairs.c.other_id == any_(_ids(sorted(newest))))
            # A large circle has as many pairs as its square, and as many people as it has.
            reached |= set(session.scalars(around.distinct()))
        newest = reached - found
        found |= newest
    return sorted(found)


def evaluate(
    session: Session, population: Population, asked: Sequence[Asked], customer_ids: Sequence[int] | None
) -> list[Move]:
    """Bring memberships of these segments up to date for these people, or for everybody; return who moved."""
    if customer_ids is None or len(customer_ids) <= AT_ONCE:
        return _evaluate(session, population, asked, customer_ids)
    slices = [customer_ids[start : start + AT_ONCE] for start in range(0, len(customer_ids), AT_ONCE)]
    return [move for part in slices for move in _evaluate(session, population, asked, part)]


def begin(session: Session, population: Population, asked: Sequence[Asked]) -> None:
    """Put down who is in these segments now; nobody moved: they were in before somebody looked."""
    for group in compiler.together([each.rule for each in asked], population):
        some = [asked[position] for position in group.positions]
        flags = group.flags(None, foresees=True)
        entered, left, checks = _difference(population.workspace_id, some, flags, None, population.now)
        session.execute(select(func.count()).select_from(entered).add_cte(left, checks))


def _evaluate(
    session: Session, population: Population, asked: Sequence[Asked], customer_ids: Sequence[int] | None
) -> list[Move]:
    moves: list[Move] = []
    for group in compiler.together([each.rule for each in asked], population):
        some = [asked[position] for position in group.positions]
        flags = group.flags(None if customer_ids is None else _ids(customer_ids), foresees=True)
        statement = _moves(population.workspace_id, some, flags, customer_ids, population.now)
        moves += [Move(row.segment_id, row.customer_id, row.has_entered) for row in session.execute(statement)]
    return moves


def _moves(
    workspace_id: int,
    asked: Sequence[Asked],
    flags: Select[Any],
    customer_ids: Sequence[int] | None,
    now: datetime,
) -> Any:
    """Return the one statement that compares who is in with who was, and writes down the difference."""
    entered, left, checks = _difference(workspace_id, asked, flags, customer_ids, now)
    mine, at = literal(workspace_id, BigInteger), bindparam("now", now, type_=SegmentMove.at.type)
    both = union_all(
        select(mine, entered.c.segment_id, entered.c.customer_id, at, true()),
        select(mine, left.c.segment_id, left.c.customer_id, at, false()),
    )
    move = SegmentMove
    return (
        insert(move)
        .from_select(["workspace_id", "segment_id", "customer_id", "at", "has_entered"], both)
        .returning(move.segment_id, move.customer_id, move.has_entered)
        .add_cte(checks)
    )


def _difference(
    workspace_id: int,
    asked: Sequence[Asked],
    flags: Select[Any],
    customer_ids: Sequence[int] | None,
    now: datetime,
) -> tuple[CTE, CTE, CTE]:
    """Return who enters and who leaves, written down as members, and who is to be checked when."""
    segment_ids = [each.segment_id for each in asked]
    flagged = flags.cte("flags")
    found = _found(segment_ids, flagged)
    member, at = SegmentMember, bindparam("now", now, type_=SegmentMove.at.type)
    mine = literal(workspace_id, BigInteger)
    known = select(member.segment_id, member.customer_id).where(
        member.workspace_id == workspace_id, member.segment_id.in_(segment_ids)
    )
    if customer_ids is not None:
        known = known.where(member.customer_id == any_(_ids(customer_ids)))
    # Nearly all were in it before: reading those once costs far less than trying to add each again.
    before = known.cte("before")
    was_in = exists().where(before.c.segment_id == found.c.segment_id, before.c.customer_id == found.c.customer_id)
    came = select(mine, found.c.segment_id, found.c.customer_id, at).where(~was_in)
    entered = (
        insert(member)
        .from_select(["workspace_id", "segment_id", "customer_id", "since"], came)
        .on_conflict_do_nothing()
        .returning(member.segment_id, member.customer_id)
        .cte("entered")
    )
    is_in = exists().where(found.c.segment_id == member.segment_id, found.c.customer_id == member.customer_id)
    leaving = delete(member).where(member.workspace_id == workspace_id, member.segment_id.in_(segment_ids), ~is_in)
    if customer_ids is not None:
        leaving = leaving.where(member.customer_id == any_(_ids(customer_ids)))
    left = leaving.returning(member.segment_id, member.customer_id).cte("gone")
    return entered, left, _checks(workspace_id, flagged)


def _checks(workspace_id: int, flags: CTE) -> CTE:
    """Return the checks that are written down: one for each person, the earliest; most have an earlier one already.

    One that is due stays until it is taken: another segment may be what it is about.
    """
    check, mine = MemberCheck, literal(workspace_id, BigInteger)
    earlier = exists().where(
        check.workspace_id == workspace_id,
        check.customer_id == flags.c.customer_id,
        check.due_at <= flags.c.next_at,
    )
    wanted = select(mine, flags.c.customer_id, flags.c.next_at).where(flags.c.next_at.is_not(None), ~earlier)
    row = insert(check).from_select(["workspace_id", "customer_id", "due_at"], wanted)
    return row.on_conflict_do_update(
        index_elements=["workspace_id", "customer_id"],
        set_={"due_at": row.excluded.due_at},
        where=check.due_at > row.excluded.due_at,
    ).returning(check.customer_id).cte("checks")


def _found(segment_ids: Sequence[int], rows: CTE) -> CTE:
    """Return (customer_id, segment_id) of everybody in one of the segments, from a row of flags for each person."""
    listed = func.unnest(_ids(segment_ids), rows.c.is_in)
    one = listed.table_valued("segment_id", "is_in").render_derived("one").lateral()
    both = rows.join(one, true())
    return select(rows.c.customer_id, one.c.segment_id).select_from(both).where(one.c.is_in).cte("found")


def _ids(numbers: Sequence[int]) -> ColumnElement[Any]:
    return bindparam("ids", list(numbers), type_=ARRAY(BigInteger), unique=True)


def _circles(rule: Any) -> set[str]:
    inside = {name for each in rules.children(rule) for name in _circles(each)}
    return inside | {rule.circle} if isinstance(rule, Someone) else inside

