"""A text that a page translates is marked where it stands: what is not marked is in no catalogue, and stays English."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path

import pytest

from app.kernel.refusals import Refusal
from tests.laws import source

# Attributes and parameters of our classes whose text is shown.
_SHOWN = {"message", "msgid", "hint", "hint_msgid", "label", "title", "sentence", "why"}
# What programs or operators read stays English, and says so with `english` or here.
_ENGLISH = {"app/web/components/showcase.py"}


def _raised_in(path: Path) -> Callable[[str], bool]:
    """Return what says whether a name in this module is that of a refusal."""
    module = importlib.import_module(".".join(path.relative_to(source.ROOT).with_suffix("").parts))

    def is_refusal(name: str) -> bool:
        named = reduce(lambda owner, part: getattr(owner, part, None), name.split("."), module)
        return isinstance(named, type) and issubclass(named, Refusal)

    return is_refusal


def _is_sentence(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def _unmarked(tree: ast.Module, is_refusal: Callable[[str], bool]) -> Iterator[ast.AST]:
    """Yield texts of classes, and texts handed to a refusal or by a telling name, that bear no mark."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.Assign | ast.AnnAssign) and _is_sentence(line.value):
                    target = line.target if isinstance(line, ast.AnnAssign) else line.targets[0]
                    if isinstance(target, ast.Name) and target.id in _SHOWN:
                        yield line
        elif isinstance(node, ast.Call):
            yield from (word for word in node.keywords if word.arg in _SHOWN and _is_sentence(word.value))
            if node.args and _is_sentence(node.args[0]) and is_refusal(source.dotted(node.func)):
                yield node


def test_no_text_of_a_refusal_or_finding_is_without_its_mark():
    found = [
        source.place(path, node)
        for path in source.files()
        if str(path.relative_to(source.ROOT)) not in _ENGLISH
        for node in _unmarked(source.tree(path), _raised_in(path))
    ]

    assert found == []


@pytest.mark.parametrize(
    "written",
    [
        'class Full(Refusal):\n    message = "There is no room."',
        'raise Refusal("There is no room.")',
        'raise rooms.Refusal("There is no room.", field="room")',
        'Check(level, msgid="There is no room.")',
    ],
)
def test_the_law_finds_what_bears_no_mark(written: str):
    assert len(list(_unmarked(ast.parse(written), lambda name: name.endswith("Refusal")))) == 1


def test_marked_texts_and_codes_pass():
    written = 'class Full(Refusal):\n    message = N_("There is no room.")\n    label = "full"'

    assert list(_unmarked(ast.parse(written), lambda name: name.endswith("Refusal"))) == []
