"""The kind of field that points to something else of the workspace: an organisation, a product, another person.

The number of the thing is kept. What there is to point to, other rooms tell (`ReferenceTargets`): people name a thing
by its number in the company's books or by its name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, Text, any_, bindparam, case, cast, func, or_
from sqlalchemy.orm import Session

from app.customers.field_kinds.kind import USUAL, FieldKind, Reading, Typed, ValueRefused, line
from app.kernel import extensions
from app.kernel.translatable import N_, MessageId

# Reference fields by key, with what they point to.
NamedFields = Mapping[str, "ReferenceTarget"]
_A_ROW = "^[1-9][0-9]{0,17}$"
MOST_OFFERED = 50


class ReferenceKind(FieldKind):
    """A thing of the workspace, kept by its number."""

    name = "reference"
    label = N_("Reference")
    asked_as = "reference"

    def parse(self, text: str, field: Typed, reading: Reading) -> Any:  # noqa: ARG002
        """Return the words that name it: which it is, `resolve` finds for many at once."""
        return line(text)

    def accept(self, value: Any, field: Typed, reading: Reading = USUAL) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return super().accept(value, field, reading)

    def sql(self, kept: Any) -> ColumnElement[Any]:
        return case((kept.astext.regexp_match(_A_ROW), cast(kept.astext, BigInteger)))


@dataclass(frozen=True)
class ReferenceTarget:
    """A kind of thing that can be pointed to. `rows` selects a workspace's: their id, the name people read (`named`),
    the mark (`ref`) files and programs know them by, and every other column of `found_by`, by which one is named, the
    surest first. All but `ref` are in small letters.
    """

    name: str
    label: MessageId
    rows: Callable[[Any], Select[*tuple[Any, ...]]]
    found_by: tuple[str, ...] = ("ref", "folded")
    # What is read by this name is masked where it names somebody.
    named: str = "name"


@dataclass(frozen=True)
class ReferenceTargets:
    """Everything fields of this installation can point to."""

    targets: tuple[ReferenceTarget, ...] = ()

    def get(self, name: str | None) -> ReferenceTarget | None:
        """Return the target of this name, None where there is none."""
        return next((each for each in self.targets if each.name == name), None)


def targets(session: Session) -> ReferenceTargets:
    """Return what fields can point to."""
    return extensions.of(session, ReferenceTargets)


def resolve(session: Session, workspace_id: int, refers_to: str | None, words: Iterable[str | int]) -> dict[Any, int]:
    """Return which thing each of these words names, where it is one and only one: its mark before its name.

    A number that is no text is the thing's own.
    """
    target, wanted = targets(session).get(refers_to), list(dict.fromkeys(words))
    if target is None or not wanted:
        return {}
    rows = target.rows(workspace_id)
    ids = [each for each in wanted if isinstance(each, int)]
    found: dict[Any, int] = {}
    if ids:
        found = {each: each for each in session.scalars(_ids(rows).where(rows.selected_columns.id.in_(ids)))}
    texts = [each for each in wanted if isinstance(each, str)]
    # The surest comes last, and stays.
    for name in reversed(target.found_by) if texts else ():
        column, asked = rows.selected_columns[name], defaultdict(list)
        for each in texts:
            asked[_folded(name, each)].append(each)
        counted = rows.with_only_columns(column, func.min(rows.selected_columns.id), func.count())
        query = counted.where(column.in_(asked)).group_by(column)
        for said, row_id, count in session.execute(query):
            if count == 1:
                found |= dict.fromkeys(asked.get(said, ()), row_id)
    return found


def resolve_one(session: Session, workspace_id: int, field: Typed, said: str | int) -> int:
    """Return the number of the thing that is named; raise ValueRefused."""
    found = resolve(session, workspace_id, field.refers_to, [said])
    if said not in found:
        raise ValueRefused(N_("Nothing, or more than one thing, is called “%(value)s”."), value=str(said)[:100])
    return found[said]


def names(session: Session, workspace_id: int, wanted: Mapping[str, Iterable[int]]) -> dict[tuple[str, int], str]:
    """Return what people call these things, by (kind of thing, number); what is gone has no name."""
    known: dict[tuple[str, int], str] = {}
    for refers_to, ids in wanted.items():
        target, asked = targets(session).get(refers_to), [each for each in ids if isinstance(each, int)]
        if target is None or not asked:
            continue
        rows = target.rows(workspace_id)
        query = rows.with_only_columns(rows.selected_columns.id, _name(target, rows))
        query = query.where(rows.selected_columns.id.in_(asked))
        known |= {(refers_to, row_id): name or f"#{row_id}" for row_id, name in session.execute(query)}
    return known


def marks(session: Session, workspace_id: int, refers_to: str | None, ids: Iterable[int]) -> dict[int, str]:
    """Return the mark of each of these things, or its name where it has none: what files hold."""
    target, asked = targets(session).get(refers_to), list(ids)
    if target is None or not asked:
        return {}
    rows = target.rows(workspace_id)
    found = rows.selected_columns
    mark = func.coalesce(found.ref, found[target.named]).label(target.named)
    query = rows.with_only_columns(found.id, mark).where(found.id.in_(asked))
    return {row_id: mark for row_id, mark in session.execute(query) if mark}


def offered(session: Session, workspace_id: int, refers_to: str | None) -> list[str]:
    """Return names of what can be pointed to, to be offered while one is typed; the newest."""
    target = targets(session).get(refers_to)
    if target is None:
        return []
    rows = target.rows(workspace_id)
    query = rows.with_only_columns(_name(target, rows)).order_by(rows.selected_columns.id.desc()).limit(MOST_OFFERED)
    return [name for name in session.scalars(query) if name]


def named_query(target: ReferenceTarget, workspace_id: int, said: Iterable[str]) -> Select[int]:
    """Return the numbers of everything that is called one of these, by mark or name, in capitals or not."""
    rows, words = target.rows(workspace_id), list(said)
    columns = [(name, rows.selected_columns[name]) for name in target.found_by]
    asked = {name: [_folded(name, each) for each in words] for name, _ in columns}
    return _ids(rows).where(
        or_(*(column == any_(bindparam(None, asked[name], type_=ARRAY(Text))) for name, column in columns))
    )


def name_query(target: ReferenceTarget, workspace_id: Any, row_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the name of one thing as an expression, over the number of it."""
    rows = target.rows(workspace_id)
    named = rows.with_only_columns(_name(target, rows)).where(rows.selected_columns.id == row_id)
    return named.limit(1).scalar_subquery()


def _ids(rows: Select[*tuple[Any, ...]]) -> Select[int]:
    return rows.with_only_columns(rows.selected_columns.id)


def _name(target: ReferenceTarget, rows: Select[*tuple[Any, ...]]) -> ColumnElement[Any]:
    found = rows.selected_columns
    return func.coalesce(found[target.named], found.ref).label(target.named)


def _folded(name: str, said: str) -> str:
    return said if name == "ref" else said.lower()
