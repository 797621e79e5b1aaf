"""Stages checked products in a temporary table and merges them into the catalogue; a rehearsal only compares."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.commerce.imports.catalogue import undoing
from app.commerce.imports.catalogue.rows import ProductRow
from app.commerce.products import MOST_ATTRIBUTES
from app.customers.imports.mapping.mapping import Options
from app.customers.imports.parsing.batches import Batch
from app.customers.imports.people_staging import Outcome
from app.customers.imports.previewing.samples import Sample, Seen
from app.kernel import database

_STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS product_stage (
        row bigint, ref text, name text, category text, price numeric(14, 2), currency text, url text, image_url text,
        stock bigint, life_days bigint, is_sold boolean, is_durable boolean, attributes jsonb, product_id bigint,
        outcome text NOT NULL DEFAULT 'created'
    ) ON COMMIT DELETE ROWS
"""
_COLUMNS = (
    *("name", "category", "price", "currency", "url", "image_url", "stock", "life_days", "is_sold", "is_durable"),
    "attributes",
)
# What each will be, over the product `p` and the row `s`. What the row leaves open stays.
_NEWS = {name: f"coalesce(s.{name}, p.{name})" for name in _COLUMNS} | {
    "attributes": "p.attributes || coalesce(s.attributes, jsonb_build_object())",
    "currency": "CASE WHEN s.price IS NULL THEN coalesce(s.currency, p.currency)"
    " ELSE coalesce(s.currency, p.currency, :currency) END",
}
_OVERFULL = "attributes"


class ProductStage:
    """The statements for one file's mapping."""

    def __init__(self, workspace_id: int, import_id: int, targets: set[str], options: Options) -> None:
        self.options = options
        names = [name for name in _COLUMNS if name in targets]
        self.loaded = ["row", "ref", *names]
        told = {*names, "currency"} if "price" in names else set(names)
        self.news = {name: _news(name, options) for name in _COLUMNS if name in told}
        self.binds: dict[str, Any] = {"w": workspace_id, "import_id": import_id, "currency": options.currency}

    def lay_out(self, batch: Batch, digest_key: bytes) -> tuple[bytes, ...]:  # noqa: ARG002
        """Return the rows as COPY reads them; this needs no database."""
        lines = []
        for row in batch.rows:
            cells = [str(row.row), row.ref, *(_cell(name, row.told.get(name)) for name in self.loaded[2:])]
            line = "\t".join(cells)
            lines.append(line.replace("\\", "\\\\") if "\\" in line else line)
        return ("\n".join([*lines, ""]).encode(),)

    def load(self, session: Session, laid_out: tuple[bytes, ...]) -> None:
        """Bring the rows to the database; nobody waits for this."""
        session.execute(text(_STAGE))
        database.copy_text(session, "product_stage", self.loaded, laid_out[0])

    def take_over(
        self, session: Session, batch: Batch, digest_key: bytes, *, rehearse: bool, now: datetime  # noqa: ARG002
    ) -> Outcome:
        """Write what is new or different; return what came of every row."""
        if not rehearse:
            # Whoever else changes one of these waits, in the order of their numbers.
            self._run(session, _HOLD)
        self._run(session, self._compare())
        outcomes = dict(self._run(session, "SELECT row, outcome FROM product_stage").all())
        rows: list[ProductRow] = batch.rows
        found = Outcome()
        found.refused = [(row.row, _OVERFULL, row.ref) for row in rows if outcomes[row.row] == _OVERFULL]
        found.counts = +Counter(
            outcomes[row.row] for row in rows if not row.is_again and outcomes[row.row] != _OVERFULL
        )
        if not rehearse:
            self._write(session, set(outcomes.values()), now)
        return found

    def show(self, session: Session, batch: Batch, *, most: int) -> Seen:
        """Return what a rehearsal showed of the rows."""
        outcomes = dict(self._run(session, "SELECT row, outcome FROM product_stage").all())
        seen, shown = Seen(), Counter[str]()
        wanted: dict[int, ProductRow] = {}
        for row in batch.rows:
            outcome = outcomes[row.row]
            if row.is_again or outcome == _OVERFULL or shown[outcome] >= most:
                continue
            shown[outcome] += 1
            wanted[row.row] = row
        changes: dict[int, Any] = {}
        if "updated" in outcomes.values() and self.news:
            changes = dict(self._run(session, self._changes(), rows=list(wanted)).all())
            told = ", ".join(f"count(*) FILTER (WHERE {_differs(name, new)})" for name, new in self.news.items())
            counts = self._run(session, f"SELECT {told} {_UPDATED}").one()
            seen.changed = +Counter(dict(zip(self.news, counts, strict=True)))
        for number, row in wanted.items():
            outcome = outcomes[number]
            values = changes.get(number, {}) if outcome != "created" else _said(row)
            seen.rows.append(Sample(number, row.ref, outcome, values))
        return seen

    def _compare(self) -> str:
        olds, news = ", ".join(f"p.{name}" for name in self.news), ", ".join(self.news.values())
        differs = f"ROW({olds}) IS DISTINCT FROM ROW({news})" if self.news else "false"
        overfull = "false"
        if "attributes" in self.news:
            overfull = f"(SELECT count(*) FROM jsonb_object_keys({self.news['attributes']})) > :most"
        return f"""
            UPDATE product_stage s SET product_id = p.id,
                outcome = CASE WHEN {overfull} THEN '{_OVERFULL}' WHEN {differs} THEN 'updated' ELSE 'unchanged' END
            FROM products p WHERE p.workspace_id = :w AND p.ref = s.ref"""

    def _changes(self) -> str:
        pairs = ", ".join(
            f"'{name}', CASE WHEN {_differs(name, new)} THEN jsonb_build_array(p.{name}, {new}) END"
            for name, new in self.news.items()
        )
        return f"SELECT s.row, jsonb_strip_nulls(jsonb_build_object({pairs})) {_UPDATED} AND s.row = ANY(:rows)"

    def _write(self, session: Session, outcomes: set[str], now: datetime) -> None:
        if "updated" in outcomes:
            self._run(session, undoing.KEEP, now=now)
            sets = ", ".join(f"{name} = {new}" for name, new in self.news.items())
            # What this file has added is still as it was added.
            self._run(
                session,
                f"""UPDATE products p SET {sets},
                        updated_at = CASE WHEN p.import_id = :import_id AND p.updated_at = p.created_at
                            THEN p.created_at ELSE CAST(:now AS timestamptz) END
                    FROM product_stage s WHERE p.workspace_id = :w AND p.id = s.product_id AND s.outcome = 'updated'""",
                now=now,
            )
        if "created" in outcomes:
            self._run(session, _INSERT, now=now)

    def _run(self, session: Session, statement: str, **more: Any) -> Any:
        prepared = text(statement)
        known = {**self.binds, "most": _MOST, **more}
        return session.execute(prepared, {name: known[name] for name in prepared._bindparams})


def _news(name: str, options: Options) -> str:
    new = _NEWS[name]
    if options.conflict != "fill":
        return new
    return _FILL.get(name, "coalesce(p.{name}, {new})").format(name=name, new=new)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "t" if value else "f"
    return json.dumps(value, ensure_ascii=False) if name == "attributes" else str(value)


def _differs(name: str, new: str) -> str:
    return f"p.{name} IS DISTINCT FROM {new}"


def _said(row: ProductRow) -> dict[str, Any]:
    told = {name: value if isinstance(value, bool | int | dict) else str(value) for name, value in row.told.items()}
    return {name: [None, value] for name, value in told.items()}


_MOST = MOST_ATTRIBUTES
# What is known stays.
_FILL = {
    "category": "coalesce(nullif(p.category, ''), {new})",
    "attributes": "({new}) || p.attributes",
    "name": "CASE WHEN p.name = p.ref THEN {new} ELSE p.name END",
}
_UPDATED = """FROM product_stage s JOIN products p ON p.workspace_id = :w AND p.id = s.product_id
    WHERE s.outcome = 'updated'"""
_HOLD = """
    SELECT p.id FROM products p WHERE p.workspace_id = :w AND p.ref IN (SELECT ref FROM product_stage)
    ORDER BY p.id FOR NO KEY UPDATE
"""
_INSERT = """
    INSERT INTO products (workspace_id, ref, name, category, price, currency, url, image_url, stock, life_days, is_sold,
                          is_durable, attributes, created_at, updated_at, import_id)
    SELECT :w, s.ref, coalesce(s.name, s.ref), coalesce(s.category, ''), s.price,
           CASE WHEN s.price IS NULL THEN s.currency ELSE coalesce(s.currency, :currency) END, s.url, s.image_url,
           s.stock, s.life_days, coalesce(s.is_sold, true), coalesce(s.is_durable, false), coalesce(s.attributes, '{}'),
           CAST(:now AS timestamptz), CAST(:now AS timestamptz), :import_id
    FROM product_stage s WHERE s.outcome = 'created' ORDER BY s.row
"""
