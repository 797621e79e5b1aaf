"""Pages are named by their endpoint: no template and no module writes the path of a page by hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from app.kernel.page_links import PageLink
from tests.laws import source

# What stands for a value in a path: a number is taken by every kind of placeholder.
_VALUE = "1"
_IN_TEMPLATE = re.compile(r"""["'](/(?:[^"'{}<>\s]|\{\{.*?\}\})*)["']""")
_INSERTED = re.compile(r"\{\{.*?\}\}")
_PATH = re.compile(r"/[\w./<>:-]*(\?[\w=&%.-]*)?(#[\w-]*)?")
# Where a path is no link: file -> the paths, and why.
_EXCEPTIONS = {
    "app/accounts/invitations.py": ({"/invitations/1"}, "the mail that holds it is written outside of a request"),
    "app/api/templates/api/docs.html": ({"/"}, "it takes apart the name of a schema"),
    "app/api/v1/operations.py": ({"/api/v1/customers", "/api/v1/customers/1", "/api/v1/orders", "/api/v1/orders/batch",
                                  "/api/v1/refunds", "/api/v1/products", "/api/v1/events", "/api/v1/events/batch",
                                  "/api/v1/organisations", "/api/v1/organisations/people", "/api/v1/relations",
                                  "/api/v1/households", "/api/v1/carts", "/api/v1/owned-items", "/api/v1/costs",
                                  "/api/v1/competitor-purchases", "/api/v1/merges",
                                  "/api/v1/images", "/api/v1/brand"},
                                 "it declares the routes and the published document"),
    "app/consent/views/signup.py": ({"/f/<workspace_slug>/<form_slug>"}, "it declares the route, for two views"),
    "app/rendering/language/code_generator.py": ({"/u/", "/p/", "/c/"}, "workers write them into each mail"),
    "app/web/errors.py": ({"/api/"}, "it tells what programs ask for from what people ask for"),
    "app/web/gateway/gateway.py": ({"/api/"}, "it stands in front of the views, and knows none of them"),
    "app/consent/views/preferences.py": ({"/p/"}, "it is written into the consent log, where it stays"),
}  # fmt: skip


def _is_ours(app: Flask, path: str) -> bool:
    """Say whether a view answers at this path, or at paths that begin so."""
    if not _PATH.fullmatch(path):
        return False
    if path.endswith("/") and path != "/":
        return any(rule.rule.startswith(path) for rule in app.url_map.iter_rules())
    try:
        app.url_map.bind("").match(re.split(r"[?#]", path)[0])
    except MethodNotAllowed:
        return True
    except (NotFound, RequestRedirect):
        return False
    return True


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else _VALUE for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _in_module(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield each string that may be a path; a route's own declaration is where its path belongs."""
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            left_out |= {id(each) for decorator in node.decorator_list for each in ast.walk(decorator)}
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        text = "" if id(node) in left_out else _text(node)
        # "/" alone parts and joins texts; `redirect` and `back` are asked below.
        if text.startswith("/") and text != "/":
            yield node, text
        if isinstance(node, ast.Call) and source.dotted(node.func).split(".")[-1] in ("redirect", "back"):
            yield from ((each, "/") for each in node.args if _text(each) == "/")


def test_no_template_writes_the_path_of_a_page(app: Flask):
    found = []
    for path in sorted((source.ROOT / "app").rglob("templates/**/*.html")):
        name = str(path.relative_to(source.ROOT))
        allowed = _EXCEPTIONS.get(name, (set(), ""))[0]
        text = path.read_text()
        for match in _IN_TEMPLATE.finditer(text):
            written = _INSERTED.sub(_VALUE, match[1])
            if written not in allowed and _is_ours(app, written):
                found.append(f"{name}:{text.count(chr(10), 0, match.start()) + 1} {match[1]}")

    assert found == []


def test_no_module_writes_the_path_of_a_page(app: Flask):
    found = []
    for path in source.files():
        name = str(path.relative_to(source.ROOT))
        allowed = _EXCEPTIONS.get(name, (set(), ""))[0]
        for node, written in _in_module(source.tree(path)):
            if written not in allowed and _is_ours(app, written):
                found.append(f"{source.place(path, node)} {written}")

    assert found == []


def test_what_is_excepted_is_still_there():
    gone = []
    for name, (paths, _reason) in _EXCEPTIONS.items():
        text = (source.ROOT / name).read_text()
        if name.endswith(".py"):
            said = " ".join(written for _node, written in _in_module(ast.parse(text)))
            said += text
        else:
            said = text
        gone += [f"{name} {path}" for path in paths if path.removesuffix(_VALUE) not in said]

    assert gone == []


def test_every_link_of_a_module_names_a_page_there_is(app: Flask):
    """A link that is made outside of a request is tried when it is shown; a wrong one would be found late."""
    missing = []
    for path in source.files():
        for called, call in source.calls(path):
            if called == "page_links.to":
                values = {keyword.arg: 1 for keyword in call.keywords if keyword.arg}
                link = PageLink(_text(call.args[0]), values)
                wanted = [set(rule.arguments) for rule in app.url_map.iter_rules(link.endpoint)] if (
                    link.endpoint in app.view_functions
                ) else []
                if not any(arguments <= values.keys() for arguments in wanted):
                    missing.append(f"{source.place(path, call)} {link.endpoint}")

    assert missing == []


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("/customers/1", True),
        ("/customers?tag=vip", True),
        ("/customers/1/notes", True),
        ("/customers/", True),
        ("/proc/self/status", False),
        ("/td", False),
    ],
)
def test_the_law_knows_our_paths_from_others(app: Flask, path: str, is_ours: bool):
    assert _is_ours(app, path) is is_ours
