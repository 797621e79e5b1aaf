"""Extracts what the classes of the API's requests say of themselves; babel.cfg names it for their module."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from typing import Any, cast

from babel.messages.extract import extract_python

Found = tuple[int, str | None, Any, list[str]]


def schemas(
    fileobj: BytesIO, keywords: Collection[str], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Found]:
    """Yield what is marked, then the docstrings of the requests, which the page of the API shows."""
    yield from cast(Any, extract_python(fileobj, cast(Any, keywords), comment_tags, cast(Any, options)))
    fileobj.seek(0)
    for node in ast.walk(ast.parse(fileobj.read())):
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Sent" for base in node.bases):
            yield node.lineno, None, ast.get_docstring(node), []
