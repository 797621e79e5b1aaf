"""What may be exported: each room names its tables, wiring lists them, one page offers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.customers.listing import exports
from app.kernel import extensions
from app.kernel.database import Database
from app.kernel.translatable import N_, MessageId

Rows = Iterator[list[str]]


@dataclass(frozen=True)
class ExportTable:
    """A table people can have as a file.

    `rows(database, workspace_id, part, now)` returns the heading and then the rows, in short transactions; what speaks
    against it is raised at once. `parts` are those it can be had of (id, name), such as segments; without it there is
    one, 0. The label of a table in parts has a place for the `name` of one.
    """

    name: str
    label: MessageId
    rows: Callable[[Database, int, int, datetime], Rows]
    parts: Callable[[Session, int], list[tuple[int, str]]] | None = None


@dataclass(frozen=True)
class ExportTables:
    """The tables of all rooms, in the order they are offered."""

    tables: tuple[ExportTable, ...] = ()


@dataclass(frozen=True)
class Offer:
    """One thing to export: `key` names it in a form."""

    key: str
    table: ExportTable
    part: int = 0
    name: str = ""


def list_offers(session: Session, workspace_id: int) -> list[Offer]:
    """Return everything that may be exported from this workspace."""
    found = []
    for table in extensions.of(session, ExportTables).tables:
        if table.parts is None:
            found.append(Offer(table.name, table))
        else:
            parts = table.parts(session, workspace_id)
            found += [Offer(f"{table.name}-{part}", table, part, name) for part, name in parts]
    return found


def _people(database: Database, workspace_id: int, _part: int, _now: datetime) -> Rows:
    return exports.rows(database, workspace_id)


PEOPLE = ExportTable("people", N_("All people"), _people)
