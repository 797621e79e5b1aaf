"""Runs a template program in sandboxed Jinja2 where the code generator does not know a construct.

`preencoded` keeps constants quoted-printable as in the flat function and encodes values as they come; `whole` renders
plain text, which is encoded afterwards as one. Both also are what the flat function is tested against.
"""

from collections.abc import Callable
from typing import Any, cast

from jinja2 import nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.rendering.content import LARGEST_MESSAGE, MessageTooLarge
from app.rendering.html.html_context import Context
from app.rendering.language import filters, quoted_printable
from app.rendering.language.code_generator import PATHS, TOKENS, Filler
from app.rendering.language.program import If, Loop, Program, Text, Token, Value, WithToken

_ESCAPES = {Context.TEXT: "_escaped", Context.PLAIN: "_text", Context.QUERY: "_in_query", Context.URL: "_as_url"}
_ENCODES = {Context.TEXT: "_html_value", Context.PLAIN: "_plain_value"}
_LOOP_FIELDS = frozenset({"index", "index0", "first", "last", "length"})


class MailEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox in which fields are read from mappings only, and a missing one is empty."""

    def __init__(self) -> None:
        super().__init__(autoescape=False, finalize=lambda value: "" if value is None else value)
        self.globals.clear()
        self.filters = {
            **filters.FILTERS,
            "_compare": filters.compare,
            "_add": filters.add,
            "_concat": filters.concat,
            "_few": filters.few,
            "_text": filters.text,
            "_escaped": filters.escaped,
            "_in_query": filters.in_query,
            "_as_url": filters.as_url,
            "_html_value": lambda value: quoted_printable.html_value(value).decode("ascii"),
            "_plain_value": lambda value: quoted_printable.plain_value(value).decode("ascii"),
        }

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Read a field; nothing but mappings and a loop's counters has any."""
        if isinstance(obj, LoopContext) and attribute in _LOOP_FIELDS:
            return getattr(obj, attribute)
        return filters.get(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Read a field or an item."""
        return filters.get(obj, argument)


_environment = MailEnvironment()


def preencoded(program: Program, *, public_url: str) -> Filler:
    """Return a function like the flat one's, run by Jinja2."""
    return _filler(program, public_url, encode=True)


def whole(program: Program, *, public_url: str) -> Filler:
    """Return a function that renders plain text with Jinja2."""
    return _filler(program, public_url, encode=False)


def whole_encoded(program: Program, *, public_url: str) -> Filler:
    """Return a function that renders with Jinja2 and encodes the finished text."""
    render = whole(program, public_url=public_url)
    return lambda *values: [quoted_printable.encode_whole("".join(render(*values)))]


def _filler(program: Program, public_url: str, *, encode: bool) -> Filler:
    tree = nodes.Template(_body(program, encode), lineno=1)
    tree.set_environment(_environment)
    template = _environment.from_string(tree)
    finish: Callable[[str], Any] = (lambda out: out.encode("ascii")) if encode else (lambda out: out)

    def fill(customer: Any, purchases: Any, workspace: Any, *tokens: bytes) -> list[Any]:
        own = dict(zip(TOKENS, (token.decode() for token in tokens), strict=True))
        addresses = {f"{name}_url": own[name] and public_url + PATHS[name] + own[name] for name in TOKENS[:3]}
        slots = {f"t_{name}": token for name, token in own.items()}
        values = {"customer": customer, "purchases": purchases, "workspace": workspace, **addresses, **slots}
        pieces, size = [], 0
        for piece in template.generate(values):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST_MESSAGE:
                raise MessageTooLarge
        return [finish("".join(pieces))]

    return fill


def _body(program: Program, encode: bool) -> list[nodes.Node]:
    return [step for node in program for step in _node(node, encode)]


def _node(node: Any, encode: bool) -> list[nodes.Node]:
    if isinstance(node, Text):
        return [_output(_data(node.text, encode))]
    if isinstance(node, Token):
        soft = [nodes.TemplateData("=\r\n")] if encode else []
        return [_output(*soft, _name(f"t_{node.name}"), *soft)]
    if isinstance(node, Value):
        return [_output(_value(node, encode))]
    if isinstance(node, WithToken):
        return [_if(_name(f"t_{node.name}"), _body(node.body, encode), [])]
    if isinstance(node, If):
        return [_condition(node, encode)]
    if isinstance(node, Loop):
        return [_loop(node, encode)]
    raise TypeError(type(node).__name__)


def _data(constant: str, encode: bool) -> nodes.TemplateData:
    """Return constant text, encoded for any column it may start at."""
    return nodes.TemplateData(
        quoted_printable.encode(constant, quoted_printable.MARGIN)[0] if encode else constant, lineno=1
    )


def _value(node: Value, encode: bool) -> nodes.Expr:
    expression = _expression(node.expression)
    if not encode:
        return _filter(expression, _ESCAPES[node.context])
    if node.context in _ENCODES:
        return _filter(expression, _ENCODES[node.context])
    return _filter(_filter(expression, _ESCAPES[node.context]), "_plain_value")


def _condition(node: If, encode: bool) -> nodes.If:
    otherwise = _body(node.otherwise, encode)
    for test, body in reversed(node.branches[1:]):
        otherwise = [_if(_expression(test), _body(body, encode), otherwise)]
    test, body = node.branches[0]
    return _if(_expression(test), _body(body, encode), otherwise)


def _loop(node: Loop, encode: bool) -> nodes.For:
    target = nodes.Name(node.target, "store", lineno=1)
    source = _filter(_expression(node.source), "_few")
    otherwise = _body(node.otherwise, encode)
    return nodes.For(target, source, _body(node.body, encode), otherwise, None, False, lineno=1)


def _expression(node: nodes.Expr) -> nodes.Expr:
    """Return the expression with comparing, adding and joining done by our own functions."""
    if isinstance(node, nodes.Compare):
        operand = node.ops[0]
        return _filter(_expression(node.expr), "_compare", nodes.Const(operand.op), _expression(operand.expr))
    if isinstance(node, nodes.Add):
        return _filter(_expression(node.left), "_add", _expression(node.right))
    if isinstance(node, nodes.Concat):
        first, *others = (_expression(child) for child in node.nodes)
        return _filter(first, "_concat", *others)
    if isinstance(node, nodes.CondExpr):
        other = _expression(node.expr2) if node.expr2 else nodes.Const("")
        return nodes.CondExpr(_expression(node.test), _expression(node.expr1), other, lineno=1)
    if isinstance(node, nodes.And | nodes.Or):
        return type(node)(_expression(node.left), _expression(node.right), lineno=1)
    if isinstance(node, nodes.Not):
        return nodes.Not(_expression(node.node), lineno=1)
    if isinstance(node, nodes.Getattr):
        return nodes.Getattr(_expression(node.node), node.attr, "load", lineno=1)
    if isinstance(node, nodes.Getitem):
        return nodes.Getitem(_expression(node.node), node.arg, "load", lineno=1)
    if isinstance(node, nodes.Filter):
        return _filter(_expression(cast(nodes.Expr, node.node)), node.name, *map(_expression, node.args))
    if isinstance(node, nodes.Const) and node.value is None:
        return nodes.Const("")
    return node


def _if(test: nodes.Expr, body: list[nodes.Node], otherwise: list[nodes.Node]) -> nodes.If:
    return nodes.If(test, body, [], otherwise, lineno=1)


def _filter(node: nodes.Expr, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=1)


def _name(name: str) -> nodes.Name:
    return nodes.Name(name, "load", lineno=1)


def _output(*children: nodes.Expr) -> nodes.Output:
    return nodes.Output(list(children), lineno=1)
