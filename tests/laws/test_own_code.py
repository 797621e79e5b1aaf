"""No test replaces our own code while it runs: what has to behave otherwise is a class of its own, and handed in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.laws import source

_PATCHING = {"setattr", "delattr", "setitem", "delitem"}
_OWN = ("app", "worker", "bench", "demo")


def test_no_test_patches_our_own_code():
    """A patched function tells nothing of the one that runs: it holds the name of a detail, not what it promises."""
    found = [place for path in _files() for place in _patches(path)]

    assert found == []


def test_patches_are_found(tmp_path):
    """Every way there is of replacing a function is seen."""
    written = tmp_path / "test_x.py"
    written.write_text(
        "from unittest import mock\n"
        "from unittest.mock import patch\n"
        "from app.delivery import gate\n"
        "import app.wiring\n"
        "def test_a(monkeypatch, mocker):\n"
        "    monkeypatch.setattr(gate, 'ask', None)\n"
        "    monkeypatch.setenv('A', 'b')\n"
        "    gate.ask = None\n"
        "    app.wiring.pages = None\n"
        "    setattr(gate, 'ask', None)\n"
        "    gate = object()\n"
    )

    assert [place.partition(":")[2] for place in _patches(written)] == ["1", "2", "5", "6", "8", "9", "10"]


def _files() -> Iterator[Path]:
    for folder in ("tests", "bench", "demo"):
        yield from sorted((source.ROOT / folder).rglob("*.py"))


def _patches(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    own = {name for node in ast.walk(tree) for name in _own_names(node)}
    lines = {getattr(node, "lineno", 0) for node in ast.walk(tree) if _patches_in(node, own)}
    return [f"{path.name}:{line}" for line in sorted(lines)]


def _own_names(node: ast.AST) -> Iterator[str]:
    """Yield the names under which a file imports something of ours."""
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in _OWN:
        yield from (name.asname or name.name for name in node.names)
    elif isinstance(node, ast.Import):
        yield from (
            name.asname or name.name.split(".")[0] for name in node.names if name.name.split(".")[0] in _OWN
        )


def _patches_in(node: ast.AST, own: set[str]) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").split(".")[0] in ("mock", "pytest_mock") or _is_mock(node)
    if isinstance(node, ast.Import):
        return any(name.name in ("unittest.mock", "mock", "pytest_mock") for name in node.names)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return any(given.arg == "mocker" for given in node.args.args)
    if isinstance(node, ast.Call):
        return _replaces(node, own)
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Attribute) and _root(target) in own for target in targets)


def _is_mock(node: ast.ImportFrom) -> bool:
    return node.module == "unittest.mock" or (node.module == "unittest" and any(n.name == "mock" for n in node.names))


def _replaces(call: ast.Call, own: set[str]) -> bool:
    """Say whether this is `monkeypatch.setattr(...)` or its like, or `setattr(ours, ...)`."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr in _PATCHING
    is_setting = isinstance(call.func, ast.Name) and call.func.id in _PATCHING
    return is_setting and bool(call.args) and isinstance(call.args[0], ast.expr) and _root(call.args[0]) in own


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
