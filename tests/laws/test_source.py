"""What the source may say: one committer, time passed down, nothing left unfinished."""

from __future__ import annotations

import ast
import re

from tests.laws import source

_COMMITTER = source.ROOT / "app" / "kernel" / "database.py"
_CLOCK = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now", "time.time"}
_SQL_CLOCK = re.compile(r"\b(now\(\)|current_timestamp|localtimestamp|(clock|statement)_timestamp\(\))", re.IGNORECASE)
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_COMMITTED_SQL = re.compile(r"^\s*(COMMIT|ROLLBACK|BEGIN)\b", re.IGNORECASE)


def test_only_the_database_file_commits():
    """Somebody who reads `transaction()` knows all there is to know about what is atomic."""
    found = [
        source.place(path, call)
        for path in source.files()
        for name, call in source.calls(path)
        if name.endswith((".commit", ".rollback")) and path != _COMMITTER
    ]
    spoken = [
        source.place(path, text)
        for path in source.files()
        for text in source.strings(path)
        if _COMMITTED_SQL.match(text.value) and path != _COMMITTER and "$$" not in text.value and text.value.isupper()
    ]

    assert found + spoken == []


def test_business_is_told_what_time_it_is():
    """`now` comes from the edge, so that a test or a demonstration can move the whole house to another day."""
    asked = [
        f"{source.place(path, call)} {name}"
        for path in source.business_files()
        for name, call in source.calls(path)
        if name in _CLOCK
    ]
    spoken = [
        f"{source.place(path, text)} {text.value.strip()[:60]}"
        for path in source.business_files()
        for text in source.strings(path)
        # Leases alone go by the database's clock: they tell the living from the dead, whatever day it is.
        if _SQL_CLOCK.search(text.value) and "lease" not in text.value
    ]
    composed = [
        source.place(path, call)
        for path in source.business_files()
        for name, call in source.calls(path)
        if name in ("func.now", "func.current_timestamp", "func.clock_timestamp")
    ]

    assert asked + spoken + composed == []


def test_numbers_of_forms_are_bounded():
    """The library's own field takes endless digits, and its ranges fail on them."""
    field = source.ROOT / "app" / "web" / "forms.py"
    found = [
        source.place(path, node)
        for path in source.files()
        if path != field
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("wtforms")
        if any(name.name == "IntegerField" for name in node.names)
    ]

    assert found == []


def test_nothing_is_left_unfinished():
    found = [
        f"{path.relative_to(source.ROOT)}:{number} {line.strip()}"
        for path in (*source.files(), *(source.ROOT / "app").rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if _UNFINISHED.search(line)
    ]
    raising = [
        source.place(path, node)
        for path in source.files()
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Raise)
        and node.exc is not None
        and source.dotted(node.exc.func if isinstance(node.exc, ast.Call) else node.exc) == "NotImplementedError"
    ]

    assert found + raising == []


def test_imports_stand_at_the_top():
    """An import inside a function hides a dependency between rooms."""
    found = [
        source.place(path, inner)
        for path in source.files()
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert found == []


def test_array_literals_are_written_in_one_place():
    """Quoting is got right once: `kernel.sql.arrays` writes what PostgreSQL reads as an array."""
    written = re.compile(r"""["']\{["'] \+|f["']\{\{\{[^}]*join""")
    found = [
        f"{path.relative_to(source.ROOT)}:{number} {line.strip()}"
        for path in source.files()
        if path.name != "arrays.py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if written.search(line)
    ]

    assert found == []


def test_the_garbage_collector_is_held_back_in_one_place():
    """`worker.py` freezes what forked workers share; whoever else tunes it asks `kernel.processes.garbage`."""
    found = [
        str(path.relative_to(source.ROOT))
        for path in source.files()
        if any(name.startswith("gc.") for name, _ in source.calls(path))
    ]

    assert found == ["app/kernel/processes/garbage.py", "worker.py"]
