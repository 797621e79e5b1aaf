"""Law: no process starts without its logs set up; the default ones print what mails say and who wrote them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.laws import source

# What the web server is told to call, as `module:function`.
_FACTORY = re.compile(r"(app(?:\.\w+)+):(\w+)")
# Makes what is shipped, and is no part of what runs.
_BUILD_TOOLS = {source.ROOT / "app" / "web" / "assets.py"}


def entry_points() -> list[tuple[Path, str]]:
    """Every file that is run as a program with the function it runs, and what the web server is told to call."""
    paths = (*source.files(), source.ROOT / "demo" / "catcher.py", source.ROOT / "demo" / "__main__.py")
    programs = [(path, name) for path in paths if path not in _BUILD_TOOLS for name in _run_as_main(path)]
    named = [_FACTORY.fullmatch(each.value) for path in source.files() for each in source.strings(path)]
    factories = [(source.ROOT / f"{one[1].replace('.', '/')}.py", one[2]) for one in named if one]
    return [*programs, *factories]


def _run_as_main(path: Path) -> list[str]:
    """The function a program runs. A sandbox's child has no standard error to write to, so it is none."""
    guards = [node for node in source.tree(path).body if isinstance(node, ast.If) and "__main__" in ast.dump(node.test)]
    called = [node for guard in guards for node in ast.walk(guard) if isinstance(node, ast.Call)]
    if any(source.dotted(node.func) == "sandbox.serve" for node in called):
        return []
    return [node.func.id for node in called if isinstance(node.func, ast.Name)][:1]


def _first_call(path: Path, name: str) -> str:
    """The first call in a function's body."""
    functions = [n for n in source.tree(path).body if isinstance(n, ast.FunctionDef) and n.name == name]
    for statement in functions[0].body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            return source.dotted(statement.value.func)
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            break
    return "something else"


@pytest.mark.parametrize(("path", "name"), entry_points(), ids=lambda value: str(getattr(value, "stem", value)))
def test_every_process_sets_up_its_logs_first(path: Path, name: str) -> None:
    assert _first_call(path, name) == "logs.configure"


def test_the_processes_are_found() -> None:
    """A law that looks at nothing is none."""
    found = {path.stem for path, _ in entry_points()}

    assert {"cli", "worker", "application", "catcher", "__main__"} <= found


def test_children_are_started_as_programs_or_forked() -> None:
    """What multiprocessing spawns begins without logs, so it is not used; a fork has its parent's."""
    using = [
        source.place(path, node)
        for path in source.files()
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Import | ast.ImportFrom) and "multiprocessing" in ast.unparse(node)
    ]

    assert not using
