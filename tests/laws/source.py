"""The project's own Python files, parsed once, for laws about what the source may say."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BUSINESS = (
    "accounts", "api", "brands", "cadence", "campaigns", "commerce", "conditions", "consent", "customers", "delivery",
    "followup", "insight", "journeys", "segments", "tracking",
)  # fmt: skip


@functools.cache
def files() -> tuple[Path, ...]:
    """Every Python file that runs in production."""
    return (*sorted((ROOT / "app").rglob("*.py")), ROOT / "worker.py")


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "app").parts[0] if path.is_relative_to(ROOT / "app") else ""


def business_files() -> Iterator[Path]:
    return (path for path in files() if room_of(path) in BUSINESS)


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield (dotted name, call) for every call in a file; "?" stands for what is no plain name."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def strings(path: Path) -> Iterator[ast.Constant]:
    """Yield string constants, docstrings left out."""
    module = tree(path)
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
