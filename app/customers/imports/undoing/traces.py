"""Whom other rooms keep something about: such customers are not deleted by the undo of an import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.kernel import extensions


@dataclass(frozen=True)
class Trace:
    """A table whose rows are about customers, named by its column that says who they are."""

    customer_id: InstrumentedAttribute[int]

    @property
    def table(self) -> str:
        """Return the table's name."""
        return str(self.customer_id.class_.__tablename__)

    def find(self, session: Session, workspace_id: int, customer_ids: Sequence[int]) -> set[int]:
        """Return who of these customers it holds rows about."""
        is_here = self.customer_id.class_.workspace_id == workspace_id
        query = select(self.customer_id).where(is_here, self.customer_id.in_(customer_ids)).distinct()
        return set(session.scalars(query))


@dataclass(frozen=True)
class CustomerTraces:
    """The tables of all rooms that keep something about customers and do not go with them."""

    kept: tuple[Trace, ...] = ()


def find(session: Session, workspace_id: int, customer_ids: Sequence[int]) -> set[int]:
    """Return who of these customers any room keeps something about."""
    found: set[int] = set()
    for each in extensions.of(session, CustomerTraces).kept if customer_ids else ():
        found |= each.find(session, workspace_id, customer_ids)
    return found
