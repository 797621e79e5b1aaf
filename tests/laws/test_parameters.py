"""A group of values that belongs together is an object with a name: functions have few parameters."""

from __future__ import annotations

import ast

from tests.laws import source

MOST = 6
# What nearly every action is handed, and says nothing of what it does.
_GIVEN = {"self", "cls", "session", "workspace_id", "now"}
_MORE = {
    "app/consent/ledger/binary_rows.py record_row": "a row of the ledger's hot path: an object for each costs as much",
    "app/consent/actions.py grant": "what one yes consists of; most callers say the first four",
}


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return [name for name in names if name not in _GIVEN]


def test_no_function_has_more_parameters_than_a_reader_holds():
    found = {
        f"{path.relative_to(source.ROOT)} {node.name}"
        for path in source.files()
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(_parameters(node)) > MOST
    }

    assert sorted(found ^ _MORE.keys()) == []
    assert len(_MORE) <= 5
