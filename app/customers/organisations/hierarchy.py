"""Which organisation stands below which: upwards, downwards, and never above itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import BigInteger, Select, func, literal, select
from sqlalchemy.orm import Session

from app.customers.relations.models import Organisation
from app.kernel.database import refusing_duplicates
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

MOST_LEVELS = 10
MOST_CHILDREN = 200


class HierarchyCycle(Refusal):
    """The organisation would stand above itself, or too deep."""

    status = 422
    message = N_("This organisation cannot stand there: it would be above itself, or more than 10 levels deep.")


@contextmanager
def refusing_cycles(session: Session) -> Iterator[None]:
    """Raise HierarchyCycle where a move inside the block meets another one that makes a cycle of both."""
    with refusing_duplicates(session, "ck_organisations_not_above_itself", HierarchyCycle(field="parent")):
        yield


def require_parent(session: Session, organisation: Organisation) -> None:
    """Raise HierarchyCycle if the organisation stands below itself or too deep, or its parent is not there."""
    if organisation.parent_id is None:
        return
    above = path(session, organisation.workspace_id, organisation.parent_id)
    if not above or organisation.id in {each.id for each in above}:
        raise HierarchyCycle(field="parent")
    if len(above) + _height(session, organisation.workspace_id, organisation.id) > MOST_LEVELS:
        raise HierarchyCycle(field="parent")


def path(session: Session, workspace_id: int, organisation_id: int) -> list[Organisation]:
    """Return the organisations from the top down to this one."""
    start = select(Organisation.id, Organisation.parent_id, literal(0).label("level")).where(
        Organisation.workspace_id == workspace_id, Organisation.id == organisation_id
    )
    walk = start.cte("above", recursive=True)
    step = select(Organisation.id, Organisation.parent_id, walk.c.level + 1).where(
        Organisation.workspace_id == workspace_id, Organisation.id == walk.c.parent_id, walk.c.level < MOST_LEVELS
    )
    walk = walk.union_all(step)
    query = (
        select(Organisation)
        .join(walk, Organisation.id == walk.c.id)
        .where(Organisation.workspace_id == workspace_id)
        .order_by(walk.c.level.desc())
    )
    return list(session.scalars(query))


def _height(session: Session, workspace_id: int, organisation_id: int | None) -> int:
    """Return how many levels an organisation has with what stands below it: it moves with all of them."""
    if organisation_id is None:
        return 1
    start = select(literal(organisation_id, BigInteger).label("id"), literal(1).label("level"))
    walk = start.cte("below", recursive=True)
    step = select(Organisation.id, walk.c.level + 1).where(
        Organisation.workspace_id == workspace_id, Organisation.parent_id == walk.c.id, walk.c.level <= MOST_LEVELS
    )
    return session.scalar(select(func.max(walk.union_all(step).c.level))) or 1


def children(session: Session, workspace_id: int, organisation_id: int) -> list[Organisation]:
    """Return the organisations directly below, by name."""
    query = select(Organisation).where(
        Organisation.workspace_id == workspace_id, Organisation.parent_id == organisation_id
    )
    return list(session.scalars(query.order_by(Organisation.name, Organisation.id).limit(MOST_CHILDREN)))


def below_query(workspace_id: int, start: Select[int]) -> Select[int]:
    """Select the ids of these organisations and of all below them."""
    walk = start.add_columns(literal(0).label("level")).cte("below", recursive=True)
    step = select(Organisation.id, walk.c.level + 1).where(
        Organisation.workspace_id == workspace_id, Organisation.parent_id == walk.c.id, walk.c.level < MOST_LEVELS
    )
    return select(walk.union(step).c.id)
