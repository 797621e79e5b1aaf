"""Whom other rooms keep something about: such customers are not deleted by the undo of an import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.kernel import extensions

Find = Callable[[Session, int, Sequence[int]], set[int]]


@dataclass(frozen=True)
class CustomerTraces:
    """What each room answers when asked who of some customers it keeps something about."""

    finders: tuple[Find, ...] = ()


def of(customer_id: InstrumentedAttribute[int]) -> Find:
    """Return what finds those whom rows of this column's table are about."""
    table = customer_id.class_

    def find(session: Session, workspace_id: int, customer_ids: Sequence[int]) -> set[int]:
        query = select(customer_id).where(table.workspace_id == workspace_id, customer_id.in_(customer_ids)).distinct()
        return set(session.scalars(query))

    return find


def find(session: Session, workspace_id: int, customer_ids: Sequence[int]) -> set[int]:
    """Return who of these customers any room keeps something about."""
    found: set[int] = set()
    for each in extensions.of(session, CustomerTraces).finders if customer_ids else ():
        found |= each(session, workspace_id, customer_ids)
    return found
