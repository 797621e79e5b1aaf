"""What a merge does to rows, written down as it is done, and taken back from what was written down.

Statements bind `w`, `survivor`, `former` and `now`; in their conditions the table is `t`. A column returns only where
it still holds what the merge put there: what was changed since stays. Sums give back what was added to them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import Dialect, Table, insert, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from app.customers.merging.models import MergeChange
from app.customers.models import Customer

_KEEP = """
    INSERT INTO merge_changes (workspace_id, merge_id, step, table_name, kind, key, before, after)
    SELECT :w, :merge, :step, :table, '{kind}', {key}, {before}, {after} FROM done
"""
_CHANGE = """
    WITH held AS MATERIALIZED (SELECT t.* FROM {table} t WHERE t.workspace_id = :w AND ({where}) FOR UPDATE),
    changed AS (UPDATE {table} t SET {sets} FROM held b WHERE {same}
                RETURNING to_jsonb(b) AS before, to_jsonb(t) AS after),
    done AS (SELECT before, after FROM changed WHERE before <> after)
"""
_REMOVE = "WITH done AS (DELETE FROM {table} t WHERE t.workspace_id = :w AND ({where}) RETURNING to_jsonb(t) AS before)"
_ADD = "WITH done AS ({insert} RETURNING to_jsonb({table}.*) AS after)"
_DIFFERENCE = """
    (SELECT jsonb_object_agg(e.key, {side} -> e.key) FROM jsonb_each(before) e
     WHERE after -> e.key IS DISTINCT FROM e.value)
"""
_CHANGES = "merge_changes x WHERE x.workspace_id = :w AND x.merge_id = :merge AND x.step = :step AND x.kind = :kind"
_UNDO_CHANGE = """
    UPDATE {table} t SET ({columns}) = (SELECT {restored} FROM jsonb_populate_record(t, (
        SELECT coalesce(jsonb_object_agg(e.key, CASE WHEN e.key = ANY(CAST(:sums AS text[]))
            THEN to_jsonb(CAST(to_jsonb(t) ->> e.key AS numeric)
                          - CAST(x.after ->> e.key AS numeric) + CAST(x.before ->> e.key AS numeric))
            ELSE e.value END), '{{}}')
        FROM jsonb_each(x.before) e
        WHERE e.key = ANY(CAST(:sums AS text[])) OR to_jsonb(t) -> e.key = x.after -> e.key)) r)
    FROM (SELECT * FROM {changes}) x WHERE t.workspace_id = :w AND {by_key}
"""
_UNDO_REMOVAL = """
    INSERT INTO {table} SELECT r.* FROM (SELECT * FROM {changes} ORDER BY x.id) x
    CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, x.before) r WHERE {belongs}
"""
# What was added and changed since is somebody's doing, and stays.
_UNDO_ADDITION = """
    DELETE FROM {table} t USING (SELECT * FROM {changes}) x
    WHERE t.workspace_id = :w AND {by_key} AND to_jsonb(t) = x.after
"""

_POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Merging:
    """One merge under way: `former_id` becomes part of `survivor_id`. Steps are numbered as they are taken."""

    workspace_id: int
    merge_id: int
    survivor_id: int
    former_id: int
    now: datetime
    # Whether the former one's primary email becomes the survivor's.
    takes_email: bool = False
    first_step: int = 1
    steps: count[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", count(self.first_step))

    @property
    def binds(self) -> dict[str, Any]:
        """Return what statements are about."""
        return {"w": self.workspace_id, "survivor": self.survivor_id, "former": self.former_id, "now": self.now}


def change(session: Session, merging: Merging, model: type[Any], sets: str, where: str, **binds: Any) -> None:
    """Set columns of the rows of `t` for which `where` holds; `b` is a row as it was."""
    table = _table(model)
    sql = _CHANGE.format(table=table.name, where=where, sets=sets, same=_same(table, "b"))
    _keep(session, merging, table, sql, "changed", _key(table), binds)


def remove(session: Session, merging: Merging, model: type[Any], where: str, **binds: Any) -> None:
    """Delete the rows of `t` for which `where` holds; they stay in the journal."""
    table = _table(model)
    _keep(session, merging, table, _REMOVE.format(table=table.name, where=where), "removed", "'{}'", binds)


def add(session: Session, merging: Merging, model: type[Any], insertion: str, **binds: Any) -> None:
    """Insert rows by this statement."""
    table = _table(model)
    _keep(session, merging, table, _ADD.format(insert=insertion, table=table.name), "added", _key(table), binds)


def note(session: Session, merging: Merging, model: type[Any], before: dict[str, Any], after: dict[str, Any]) -> None:
    """Keep what a room needs for an undo of its own."""
    name = _table(model).name
    row = {"merge_id": merging.merge_id, "step": next(merging.steps), "table_name": name, "kind": "noted"}
    values = {"workspace_id": merging.workspace_id, "key": {}, "before": before, "after": after}
    session.execute(insert(MergeChange).values(**row, **values))


def noted(session: Session, workspace_id: int, merge_id: int, model: type[Any]) -> list[MergeChange]:
    """Return what was noted about this table, the latest first."""
    query = select(MergeChange).where(
        *(MergeChange.workspace_id == workspace_id, MergeChange.merge_id == merge_id),
        *(MergeChange.table_name == _table(model).name, MergeChange.kind == "noted"),
    )
    return list(session.scalars(query.order_by(MergeChange.step.desc(), MergeChange.id.desc())))


def undo_step(session: Session, merging: Merging, step: int, table: Table, kind: str, sums: tuple[str, ...]) -> None:
    """Take one step back: its rows return to what they were."""
    binds = {"w": merging.workspace_id, "merge": merging.merge_id, "step": step, "kind": kind}
    by_key = " AND ".join(
        f"t.{column.name} = CAST(x.key ->> '{column.name}' AS {column.type.compile(_POSTGRESQL)})"
        for column in _keys(table)
    )
    if kind == "changed":
        names = list(session.scalars(text(f"SELECT DISTINCT jsonb_object_keys(x.before) FROM {_CHANGES}"), binds))
        columns = [column.name for column in table.columns if column.name in names]
        values = {"columns": ", ".join(columns), "restored": ", ".join(f"r.{name}" for name in columns)}
        sql = _UNDO_CHANGE.format(table=table.name, changes=_CHANGES, by_key=by_key, **values)
        # A row constructor of one column is none.
        sql = sql.replace(f"SET ({columns[0]}) =", f"SET {columns[0]} =") if len(columns) == 1 else sql
        session.execute(text(sql), {**binds, "sums": list(sums)})
    elif kind == "removed":
        # Without their own row nobody returns at all; of the rest, what is there again by itself stays, and what
        # belonged to a list, segment or the like that is gone has gone with it.
        unless = "" if table is Customer.__table__ else " ON CONFLICT DO NOTHING"
        sql = _UNDO_REMOVAL.format(table=table.name, changes=_CHANGES, belongs=_belongs(table)) + unless
        session.execute(text(sql), binds)
    elif kind == "added":
        session.execute(text(_UNDO_ADDITION.format(table=table.name, changes=_CHANGES, by_key=by_key)), binds)


def _keep(
    session: Session, merging: Merging, table: Table, done: str, kind: str, key: str, binds: dict[str, Any]
) -> None:
    before, after = {
        "changed": (_DIFFERENCE.format(side="before"), _DIFFERENCE.format(side="after")),
        "removed": ("before", "NULL"),
        "added": ("NULL", "after"),
    }[kind]
    sql = done + _KEEP.format(kind=kind, key=key, before=before, after=after)
    about = {"merge": merging.merge_id, "step": next(merging.steps), "table": table.name}
    session.execute(text(sql), {**merging.binds, **about, **binds})


def _table(model: type[Any]) -> Table:
    table: Table = model.__table__
    return table


def _belongs(table: Table) -> str:
    """Return the condition that whatever a row `r` goes with is there."""
    owners = ["true"]
    for key in table.foreign_key_constraints:
        if key.ondelete == "CASCADE" and len(key.elements) > 1:
            same = " AND ".join(f"o.{each.column.name} = r.{each.parent.name}" for each in key.elements)
            none = " OR ".join(f"r.{each.parent.name} IS NULL" for each in key.elements)
            owners.append(f"({none} OR EXISTS (SELECT FROM {key.referred_table.name} o WHERE {same}))")
    return " AND ".join(owners)


def _keys(table: Table) -> list[Any]:
    return [column for column in table.primary_key.columns if column.name != "workspace_id"]


def _same(table: Table, other: str) -> str:
    return " AND ".join(f"t.{column.name} = {other}.{column.name}" for column in table.primary_key.columns)


def _key(table: Table) -> str:
    pairs = ", ".join(f"'{column.name}', after -> '{column.name}'" for column in _keys(table))
    return f"jsonb_build_object({pairs})"
