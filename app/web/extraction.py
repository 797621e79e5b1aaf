"""Extracts translatable strings: those in `_()`, and those that business rooms keep as data.

Business modules know no translation: a refusal's `message`, a table of reasons or a check's sentence is an English
message id that the page translates when it shows it. babel.cfg names `words` for the Python files, and `schemas` for
those whose classes describe themselves to programs and to readers of the API page.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any, cast

from babel.messages.extract import extract_python

Found = tuple[int, str | None, Any, list[str]]
SPOKEN = {"message", "msgid", "sentence", "hint", "why", "label", "reason"}
# Neither code nor SQL nor markup nor a pattern, and it ends as words do.
PHRASE = re.compile(r"[A-Z“%(a-z][^<>{}=_|\n]*[A-Za-z.…?”)]")
# A sentence may also speak of code: it begins with a word, or with the element it names, and ends with a full stop.
ABOUT_CODE = re.compile(r"(?:[A-Z][a-z]* [A-Za-z<]|“</?%\(name\)s>” [a-z])[^\n\\]*\.")
NOT_WORDS = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|SET LOCAL|CREATE|DROP|ALTER|VALUES|UNION|WITH)\b")


def words(
    fileobj: BytesIO, keywords: Collection[str], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Found]:
    """Yield what `_()` and its relatives hold, then the phrases kept as data, each once."""
    known: set[object] = set()
    # The library's stubs describe its tuples in another order than it yields them.
    marked: Any = extract_python(fileobj, cast(Any, keywords), comment_tags, cast(Any, options))
    for line, function, texts, comments in marked:
        known.update(texts if isinstance(texts, tuple) else [texts])
        yield line, function, texts, comments
    fileobj.seek(0)
    for line, text in _kept(ast.parse(fileobj.read())):
        if text not in known:
            known.add(text)
            yield line, None, text, []


def schemas(
    fileobj: BytesIO, keywords: Collection[str], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Found]:
    """Yield what `N_()` marks, then what the classes of requests say of themselves."""
    yield from cast(Any, extract_python(fileobj, cast(Any, keywords), comment_tags, cast(Any, options)))
    fileobj.seek(0)
    for node in ast.walk(ast.parse(fileobj.read())):
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Sent" for base in node.bases):
            yield node.lineno, None, ast.get_docstring(node), []


def _kept(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Walk what refusals say, tables named in capitals, and sentences handed to a call or returned."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            lines = [line for line in node.body if isinstance(line, ast.Assign) and _name(line) in SPOKEN]
            yield from _texts((line.value for line in lines), _is_phrase)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value and _name(node).isupper():
            yield from _texts(ast.walk(node.value), _is_entry)
        elif isinstance(node, ast.Call):
            given = [word.value for word in node.keywords if word.arg in SPOKEN]
            yield from _texts([*given, *node.args], _is_sentence)
        elif isinstance(node, ast.Return | ast.Yield) and node.value:
            yield from _texts([node.value], _is_sentence)


def _texts(nodes: Iterable[ast.AST], fits: Any) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and fits(node.value):
            yield node.lineno, node.value


def _is_phrase(text: str) -> bool:
    is_one = PHRASE.fullmatch(text) or ABOUT_CODE.fullmatch(text)
    return " " in text and bool(is_one) and not NOT_WORDS.search(text)


def _is_sentence(text: str) -> bool:
    return _is_phrase(text) and (text[0].isupper() or text[0] in "“%")


def _is_entry(text: str) -> bool:
    """A table may also hold single words, if they are written like words."""
    return _is_phrase(text) or (text.isalpha() and text.istitle() and len(text) > 2)


def _name(line: ast.Assign | ast.AnnAssign) -> str:
    target = line.target if isinstance(line, ast.AnnAssign) else line.targets[0]
    return target.id if isinstance(target, ast.Name) else ""
