"""Stages the rows of a declared kind in a temporary table and merges them in a few statements; a rehearsal compares."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.imports.declared.declaration import CHANGING, Declaration, Repeated
from app.customers.imports.declared.rows import DeclaredRow
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.models import Import
from app.customers.imports.parsing.batches import Batch
from app.customers.imports.people_staging import Outcome
from app.customers.imports.previewing.samples import Sample, Seen
from app.kernel import database
from app.kernel.sql import arrays, json_objects

# A row that an earlier one of the file says in other words.
AGAIN = "repeated"


class DeclaredStage:
    """The statements for one file's mapping."""

    def __init__(self, declared: Declaration, found: Import, options: Options) -> None:
        self._declared = declared
        told = set(found.mapping.values())
        self._columns = [column for column in declared.columns if column.name in told]
        self._news = dict(declared.known.news(told, options)) if declared.known else {}
        file = f"import {found.id}, {found.file_name}"
        self._binds: dict[str, Any] = {"w": found.workspace_id, "import_id": found.id, "file": file}
        self._binds |= declared.binds(options)

    def lay_out(self, batch: Batch, digest_key: bytes) -> tuple[bytes, ...]:
        """Return the rows as COPY reads them; this needs no database."""
        names = [column.name for column in self._columns]
        derived = list(self._declared.derived.values())
        lines = []
        for row in batch.rows:
            told = row.told
            cells = [str(row.row), *[_cell(told.get(name)) for name in names]]
            cells += [derive(row, digest_key) for derive in derived]
            line = "\t".join(cells)
            lines.append(line.replace("\\", "\\\\") if "\\" in line else line)
        return ("\n".join([*lines, ""]).encode(),)

    def load(self, session: Session, laid_out: tuple[bytes, ...]) -> None:
        """Bring the rows to the database; nobody waits for this."""
        self._run(session, self._table())
        names = ["row", *(column.name for column in self._columns), *self._declared.derived]
        database.copy_text(session, self._declared.stage, names, laid_out[0])

    def take_over(
        self, session: Session, batch: Batch, digest_key: bytes, *, rehearse: bool, now: datetime  # noqa: ARG002
    ) -> Outcome:
        """Write what is new or different; return what came of every row."""
        declared, binds = self._declared, {"rehearse": rehearse, "now": now}
        for statement in (*(() if rehearse else declared.hold), *declared.settle):
            while self._run(session, statement, **binds).rowcount > 0 and isinstance(statement, Repeated):
                pass
        if declared.known:
            self._run(session, self._compare(), **binds)
        outcomes = self._outcomes(session)
        found = Outcome()
        for row in batch.rows:
            outcome, detail = outcomes[row.row]
            if outcome not in (*CHANGING, AGAIN):
                found.refused.append((row.row, outcome, detail or row.who))
            elif not row.is_again:
                found.counts[outcome] += 1
        if not rehearse:
            if declared.known and any(outcome == "updated" for outcome, _ in outcomes.values()):
                self._change(session, binds)
            for statement in declared.write:
                self._run(session, statement, **binds)
        return found

    def show(self, session: Session, batch: Batch, *, most: int) -> Seen:
        """Return what a rehearsal showed of the rows."""
        outcomes = self._outcomes(session)
        seen, shown = Seen(), Counter[str]()
        wanted: dict[int, DeclaredRow] = {}
        for row in batch.rows:
            outcome = outcomes[row.row][0]
            if row.is_again or outcome not in CHANGING or shown[outcome] >= most:
                continue
            shown[outcome] += 1
            wanted[row.row] = row
        changes: dict[int, Any] = {}
        if self._news and any(outcome == "updated" for outcome, _ in outcomes.values()):
            changes = dict(self._run(session, self._changes(), rows=list(wanted)).all())
            told = ", ".join(f"count(*) FILTER (WHERE {_differs(name, new)})" for name, new in self._news.items())
            counts = self._run(session, f"SELECT {told} {self._updated()}").one()
            names = [self._shown(name, new)[0] for name, new in self._news.items()]
            seen.changed = +Counter(dict(zip(names, counts, strict=True)))
        for number, row in wanted.items():
            outcome = outcomes[number][0]
            is_said = outcome == "created" or (outcome == "updated" and not self._declared.known)
            values = _said(row) if is_said else changes.get(number, {})
            seen.rows.append(Sample(number, row.who, outcome, values))
        return seen

    def _table(self) -> str:
        columns = {column.name: column.sql for column in self._declared.columns} | dict(self._declared.further)
        told = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        return f"""CREATE TEMPORARY TABLE IF NOT EXISTS {self._declared.stage} (
            row bigint, {told}, outcome text NOT NULL DEFAULT 'created', detail text) ON COMMIT DELETE ROWS"""

    def _compare(self) -> str:
        known = self._declared.known
        assert known
        differs = "false"
        if self._news:
            olds, news = ", ".join(f"t.{name}" for name in self._news), ", ".join(self._news.values())
            differs = f"ROW({olds}) IS DISTINCT FROM ROW({news})"
        return f"""
            UPDATE {self._declared.stage} s SET outcome = CASE WHEN {differs} THEN 'updated' ELSE 'unchanged' END
            FROM {known.table} t WHERE s.outcome = 'created' AND t.workspace_id = :w AND {known.found_by}"""

    def _updated(self) -> str:
        known = self._declared.known
        assert known
        return f"""FROM {self._declared.stage} s JOIN {known.table} t ON t.workspace_id = :w AND {known.found_by}
            WHERE s.outcome = 'updated'"""

    def _changes(self) -> str:
        pairs = []
        for name, new in self._news.items():
            label, before, after = self._shown(name, new)
            pairs.append(f"'{label}', CASE WHEN {_differs(name, new)} THEN jsonb_build_array({before}, {after}) END")
        told = json_objects.build(pairs)
        return f"SELECT s.row, jsonb_strip_nulls({told}) {self._updated()} AND s.row = ANY(CAST(:rows AS bigint[]))"

    def _shown(self, name: str, new: str) -> tuple[str, str, str]:
        known = self._declared.known
        return (known.shown if known else {}).get(name) or (name, f"t.{name}", new)

    def _change(self, session: Session, binds: dict[str, Any]) -> None:
        declared, known = self._declared, self._declared.known
        assert known
        self._run(session, declared.keep, **binds)
        sets = [f"{name} = {new}" for name, new in self._news.items() if name not in known.apart]
        self._run(
            session,
            f"""UPDATE {known.table} t SET {", ".join([*sets, declared.stamp])} FROM {declared.stage} s
                WHERE s.outcome = 'updated' AND t.workspace_id = :w AND {known.found_by}""",
            **binds,
        )

    def _outcomes(self, session: Session) -> dict[int, tuple[str, str | None]]:
        found = self._run(session, f"SELECT row, outcome, detail FROM {self._declared.stage}")
        return {row: (outcome, detail) for row, outcome, detail in found}

    def _run(self, session: Session, statement: str, **more: Any) -> Any:
        prepared = text(statement)
        known = {**self._binds, **more}
        return session.execute(prepared, {name: known[name] for name in prepared._bindparams})


def _differs(name: str, new: str) -> str:
    return f"t.{name} IS DISTINCT FROM {new}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return arrays.texts(value) if isinstance(value, list) else str(value)


def _said(row: DeclaredRow) -> dict[str, Any]:
    return {name: [None, _plain(value)] for name, value in row.told.items()}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal | date) else value


def filling(names: Sequence[str], options: Options) -> dict[str, str]:
    """Return what columns will be that rows fill: what a row leaves open stays, and so does what is known if chosen."""
    order = "coalesce(t.{0}, s.{0})" if options.conflict == "fill" else "coalesce(s.{0}, t.{0})"
    return {name: order.format(name) for name in names}
