"""Names are the field's: words this project once had of its own do not come back as names of files or in code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.laws import source

# Each with the term that is used instead.
_PRIVATE = {
    "desk": "store, flush",
    "door": "membership, port, server",
    "setback": "failed job",
    "aftermath": "recovery, result",
    "patience": "throttle, timeout",
    "happening": "event condition",
    "deed": "audit log",
    "weigh": "evaluate",
    "company": "workspace, nearby hits",
    "stray": "what it is",
}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_FOLDERS = ("app", "bench", "demo", "tests")


def _names(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield the names a file gives: of functions, classes, parameters and what is assigned."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node, node.name
        elif isinstance(node, ast.arg):
            yield node, node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node, node.id if isinstance(node, ast.Name) else node.attr


def _private_words(name: str) -> set[str]:
    words = {word.lower() for word in _WORD.findall(name)}
    return {word for word in words if word in _PRIVATE or word.removesuffix("s") in _PRIVATE}


def test_no_file_and_no_name_is_a_private_word():
    found = []
    for folder in _FOLDERS:
        for path in sorted((source.ROOT / folder).rglob("*.py")):
            found += [f"{path.relative_to(source.ROOT)}" for _ in _private_words(path.stem)]
            named = _names(source.tree(path))
            found += [f"{source.place(path, node)} {name}" for node, name in named if _private_words(name)]

    assert found == []


@pytest.mark.parametrize(("name", "words"), [("an_open_door", {"door"}), ("WebDoors", {"doors"}), ("weighted", set())])
def test_the_law_finds_words_inside_names(name: str, words: set[str]):
    assert _private_words(name) == words
