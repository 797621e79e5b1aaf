"""Calls go down the floors; the contracts that say so are in pyproject.toml and hold here too."""

from __future__ import annotations

import ast
import copy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from app.kernel.database import Base
from migrations import schema
from tests.laws import source
from tests.laws.source import ROOT

# Results are counted where they lie: a report over a send reads what delivery and the timeline hold about it.
REPORTS = {"app/campaigns/reports/overview.py", "app/campaigns/reports/results.py"}


def test_the_floors_hold():
    words = [sys.executable, "-m", "importlinter.cli", "--no-cache"]
    done = subprocess.run(
        [str(ROOT / ".venv" / "bin" / "lint-imports"), "--no-cache"] if (ROOT / ".venv").exists() else words,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_a_rooms_tables_are_its_own():
    """Higher rooms reach lower tables through functions, so that a table can change without them.

    A row that such a function returned may be named in an annotation.
    """
    found = sorted(
        f"{source.place(path, node)} uses {node.id} of app.{room}.models"
        for path in source.business_files()
        if path.relative_to(source.ROOT).as_posix() not in REPORTS
        for room, names in _foreign_tables(path).items()
        for node in _used(copy.deepcopy(source.tree(path)))
        if node.id in names
    )

    assert found == []


def _foreign_tables(path: Path) -> dict[str, set[str]]:
    """Return, by room, the tables of other rooms that a file imports."""
    tables = {mapper.class_.__name__ for mapper in schema.import_models() and Base.registry.mappers}
    found: dict[str, set[str]] = {}
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.endswith(".models"):
            room = node.module.split(".")[1]
            if room != source.room_of(path) and room in source.BUSINESS:
                found.setdefault(room, set()).update({name.asname or name.name for name in node.names} & tables)
    return found


def _used(tree: ast.Module) -> Iterator[ast.Name]:
    """Yield every name that is evaluated, which annotations are not."""
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None:
                setattr(node, name, None)
    return (node for node in ast.walk(tree) if isinstance(node, ast.Name))
