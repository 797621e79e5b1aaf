"""A room's tables are named in that room alone; others call the query functions it publishes."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

from migrations import schema
from tests.laws import source

_CREATED = re.compile(r"^CREATE TABLE (\w+)", re.MULTILINE)
# Keywords in capitals, as all SQL here is written; prose says "from customers" in small letters.
_NAMED_IN_SQL = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|USING|COPY|TRUNCATE|TABLE)\s+(?:ONLY\s+)?\(?\"?([a-z_]+)\b")
_SEQUENCE = re.compile(r"\bnextval\('([a-z_]+?)_id_seq'\)")


@functools.cache
def owners() -> dict[str, str]:
    """Return the room that owns each table: the one whose file of the first schema makes it."""
    return {
        table: path.stem
        for path in sorted((source.ROOT / "migrations" / "first_schema").glob("*.sql"))
        for table in _CREATED.findall(path.read_text())
    }


@functools.cache
def models() -> dict[tuple[str, str], str]:
    """Return the table of each model, by the module it is written in and its name."""
    schema.import_models()
    mappers = schema.Base.registry.mappers
    return {(each.class_.__module__, each.class_.__name__): each.class_.__tablename__ for each in mappers}


def named_tables(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """Yield the tables a file names in SQL, as Core tables and by importing models."""
    for constant in source.strings(path):
        for name in (*_NAMED_IN_SQL.findall(constant.value), *_SEQUENCE.findall(constant.value)):
            if name in owners():
                yield constant, name
    for name, call in source.calls(path):
        if name in ("table", "sqlalchemy.table") and call.args and isinstance(call.args[0], ast.Constant):
            yield call, str(call.args[0].value)
    yield from _models_asked(source.tree(path))


def _models_asked(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield where models are used for more than to say of what kind a value is that their room handed out."""
    known = {
        alias.asname or alias.name: table
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (table := models().get((node.module or "", alias.name)))
    }
    said = {id(name) for annotation in _annotations(module) for name in ast.walk(annotation)}
    for node in ast.walk(module):
        if isinstance(node, ast.Name) and node.id in known and id(node) not in said:
            yield node, known[node.id]


def _annotations(module: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(module):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation:
            yield node.annotation
        if isinstance(node, ast.FunctionDef) and node.returns:
            yield node.returns


def trespasses() -> Iterator[tuple[str, str, str]]:
    """Yield (place, room, table of another room)."""
    for path in source.business_files():
        room = source.room_of(path)
        for node, table in named_tables(path):
            owner = owners().get(table, room)
            if owner != room:
                yield source.place(path, node), room, table


def test_a_room_names_its_own_tables_only() -> None:
    """What it wants of others it asks of their functions; a column may then change in one room."""
    found = sorted({f"{place} names {table}, a table of {owners()[table]}" for place, _room, table in trespasses()})

    assert found == []
