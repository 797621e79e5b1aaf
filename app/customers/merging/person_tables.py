"""Which tables hold something about a customer, and what becomes of their rows in a merge, an erasure and an export.

Every room names its own, wiring lists them, and a law holds the list against the database: a table cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.customers.merging import journal
from app.customers.merging.journal import Merging
from app.customers.models import Customer
from app.kernel import extensions

# The columns of loaded rows that may name a customer.
_NAMING = ("customer_id", "related_id", "survivor_id", "former_id", "one_id", "other_id", "row_id")
# What a room does with the rows of a table when two people become one. Run again later, it moves what came meanwhile.
Merge = Callable[[Session, Merging], None]


@dataclass(frozen=True)
class Erasing:
    """One person is being erased, with every number they have or had, and every email of theirs."""

    workspace_id: int
    ids: tuple[int, ...]
    emails: tuple[str, ...]
    now: datetime

    @property
    def binds(self) -> dict[str, Any]:
        """Return what statements are about."""
        said = {"w": self.workspace_id, "ids": list(self.ids), "emails": list(self.emails), "now": self.now}
        return said | {"mentions": [_mention(each) for each in self.emails]}


def _mention(email: str) -> str:
    """Return the pattern that finds an email as a whole in a text of small letters: Ann's is not within Joann's."""
    before, after = r"(^|[^a-z0-9._%+'-])", r"($|[^a-z0-9.-]|\.($|[^a-z0-9]))"
    return f"{before}{re.escape(email.lower())}{after}"


Erase = Callable[[Session, Erasing], None]


@dataclass(frozen=True)
class Kept:
    """Why rows stay in an erasure: they name nobody any more, or the law asks for them."""

    why: str


@dataclass(frozen=True)
class PersonTable:
    """A table whose rows are about customers.

    `of_person` is the condition over `t` that a row is about them, binding `ids`, `emails` and `mentions`; None where
    no condition finds them. `merge` moves rows in a merge (None: they stay with the old number, which leads to the
    survivor), `sums` are columns that an undo takes a share from. `erase` removes them (None: they are deleted; `Kept`:
    they stay, and why). What stands in `hidden` answers nobody's "what do you know of me": keys, hashes, places in our
    own tables.
    """

    model: type[Any]
    merge: Merge | None
    erase: Erase | Kept | None
    of_person: str | None = "t.customer_id = ANY(CAST(:ids AS bigint[]))"
    sums: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    # What an undo does once all rows are back, such as taking up again what has gone on without them.
    returned: Merge | None = None

    @property
    def table(self) -> Table:
        """Return the table itself."""
        found: Table = self.model.__table__
        return found


@dataclass(frozen=True)
class PersonTables:
    """The tables of all rooms, in the order in which a merge goes through them."""

    known: tuple[PersonTable, ...] = ()

    def find(self, name: str) -> PersonTable | None:
        """Return the table of this name."""
        return next((each for each in self.known if each.table.name == name), None)


def list_all(session: Session) -> tuple[PersonTable, ...]:
    """Return the tables of all rooms."""
    return extensions.of(session, PersonTables).known


def expire(session: Session, customer_ids: Iterable[int]) -> None:
    """Have loaded rows of these customers read anew: statements have changed them. Others stay as they are."""
    ids = set(customer_ids)
    for row in list(session.identity_map.values()):
        known = vars(row)
        named = {known.get(name) for name in _NAMING}
        if isinstance(row, Customer):
            # Themselves, and who points to them.
            pointed_to = (known.get("custom") or {}).values()
            named |= {known.get("id"), *(each for each in pointed_to if isinstance(each, int))}
        if named & ids:
            session.expire(row)


def moving(model: type[Any], *, unless: str = "", column: str = "customer_id", only: str = "") -> Merge:
    """Return a merge that hands rows on to the survivor.

    Where the survivor `s` has one already for which `unless` holds, that one stays and the other goes into the trace.
    """
    also = f" AND {only}" if only else ""

    def merge(session: Session, merging: Merging) -> None:
        of_former = f"t.{column} = :former{also}"
        if unless:
            mine = f"s.workspace_id = :w AND s.{column} = :survivor"
            taken = f"SELECT FROM {model.__tablename__} s WHERE {mine} AND {unless}"
            journal.remove(session, merging, model, f"{of_former} AND EXISTS ({taken})")
        journal.change(session, merging, model, f"{column} = :survivor", of_former)

    return merge
