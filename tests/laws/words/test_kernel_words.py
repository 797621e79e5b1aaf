"""The kernel runs any application: its identifiers name nothing of the product."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.laws import source

_PRODUCT = frozenset(
    (
        "audience", "bounce", "campaign", "cadence", "click", "complaint", "consent", "customer", "enrolment",
        "holdout", "journey", "lane", "letter", "marketing", "newsletter", "permission", "preference", "profile",
        "promise", "purchase", "recipient", "reply", "segment", "signup", "stamp", "subscriber", "suppression",
        "timeline", "topic", "tracking", "unsubscribe", "variant",
    )
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


def _identifiers(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node, node.id
        elif isinstance(node, ast.Attribute):
            yield node, node.attr
        elif isinstance(node, ast.arg | ast.keyword):
            yield node, node.arg or ""
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node, node.name


def _product_words(name: str) -> set[str]:
    words = {word.lower() for word in _WORD.findall(name)}
    return {word for word in words if word in _PRODUCT or word.removesuffix("s") in _PRODUCT}


def test_no_identifier_of_the_kernel_names_the_product():
    found = [
        f"{source.place(path, node)} {name}"
        for path in source.files()
        if source.room_of(path) == "kernel"
        for node, name in _identifiers(source.tree(path))
        if _product_words(name)
    ]

    assert found == []


def test_the_law_finds_words_inside_names():
    tree = ast.parse("def send_to(recipients, *, list_id): return ClickToken(recipients)")

    assert {name for _, name in _identifiers(tree) if _product_words(name)} == {"recipients", "ClickToken"}
