"""Nothing is known to a process because a module happened to be imported: functions fill no module's lists."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from app.kernel.extensions import Extensions
from tests.laws import source

_FILLING = {"append", "add", "update", "setdefault", "extend", "insert", "register", "appendleft"}
# What a process keeps for itself: nobody else's behaviour depends on what stands in there.
_STATE_OF_A_PROCESS = {
    "app/customers/imports/formats/workbook_child.py _rows",
    "app/kernel/database.py _warned",
    "app/kernel/processes/sandbox.py _sandboxes",
    "app/kernel/queueing/stopping.py _shared",
    "app/kernel/services.py _installed",
    "app/rendering/sources/mjml_mail.py _deadly",
}


def _names_of_the_module(tree: ast.Module) -> set[str]:
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _filled(tree: ast.Module) -> Iterator[str]:
    names = _names_of_the_module(tree)
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    for node in (inner for function in functions for inner in ast.walk(function)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FILLING:
            places = [node.func.value]
        elif isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            places = [target.value for target in targets if isinstance(target, ast.Subscript)]
        elif isinstance(node, ast.Global):
            yield from node.names
            continue
        else:
            continue
        yield from (place.id for place in places if isinstance(place, ast.Name) and place.id in names)


def test_no_function_fills_what_a_module_holds():
    filled = {
        f"{path.relative_to(source.ROOT)} {name}"
        for path in source.files()
        for name in _filled(source.tree(path))
    }

    assert filled == _STATE_OF_A_PROCESS


def test_the_law_finds_what_registers_itself():
    tree = ast.parse(
        "KNOWN = {}\nASKED: list[int] = []\n"
        "def restores(kind):\n    def register(function):\n        KNOWN[kind] = function\n    return register\n"
        "def hear(one):\n    ASKED.append(one)\n"
    )

    assert set(_filled(tree)) == {"KNOWN", "ASKED"}


def test_an_extension_nobody_made_says_nothing():
    assert Extensions().get(tuple) == ()
    assert Extensions((1,)).replacing((2,)).get(tuple) == (2,)
