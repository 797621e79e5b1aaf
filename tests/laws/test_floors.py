"""Calls go down the floors; the contracts that say so are in pyproject.toml and hold here too."""

from __future__ import annotations

import subprocess
import sys

import grimp

from tests.laws.source import BUSINESS, ROOT


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


def test_a_rooms_models_are_its_own():
    """Higher rooms reach lower tables through functions, so that a table can change without them."""
    graph = grimp.build_graph("app", exclude_type_checking_imports=True)
    found = sorted(
        f"{importer} imports app.{room}.models"
        for room in BUSINESS
        if f"app.{room}.models" in graph.modules
        for importer in graph.find_modules_that_directly_import(f"app.{room}.models")
        if not importer.startswith(f"app.{room}.")
    )

    assert found == []
