"""How segments overlap: how many people are in each part of the picture, counted in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import Session

FEWEST, MOST = 2, 3


@dataclass(frozen=True)
class Overlap:
    """Numbers of people by which of the segments they are in: bit 0 of a key is the first segment, and so on."""

    parts: dict[int, int]
    count: int

    def size(self, position: int) -> int:
        """Return how many are in the segment at this position, whatever else they are in."""
        return sum(people for key, people in self.parts.items() if key >> position & 1)

    def shared(self, *positions: int) -> int:
        """Return how many are in all of these, whatever else they are in."""
        wanted = sum(1 << position for position in positions)
        return sum(people for key, people in self.parts.items() if key & wanted == wanted)

    @property
    def everyone(self) -> int:
        """Return how many are in any of them."""
        return sum(self.parts.values())


def overlap(session: Session, members: Sequence[Select[int]]) -> Overlap:
    """Count the parts of two or three segments' people; run it under the reader role."""
    marked = [
        select(found.c.customer_id, literal(1 << position).label("bit"))
        for position, found in enumerate(each.subquery() for each in members)
    ]
    people = union_all(*marked).subquery()
    each = select(func.bit_or(people.c.bit).label("key")).group_by(people.c.customer_id).subquery()
    rows = session.execute(select(each.c.key, func.count()).group_by(each.c.key))
    return Overlap({row[0]: row[1] for row in rows}, len(members))
