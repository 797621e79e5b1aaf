"""Generates one flat Python function from a template program; the fast path of rendering.

The function appends constant octets, encoded when it was compiled, and values encoded per person, to one list. Nothing
of the template's own text reaches the generated source except as a literal written by `repr`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from jinja2 import nodes

from app.rendering.content import LARGEST_MESSAGE, MessageTooLarge
from app.rendering.html.html_context import Context
from app.rendering.language import filters, quoted_printable
from app.rendering.language.program import ADDRESSES, If, Loop, Program, Text, Token, Value, WithToken

TOKENS = ("unsubscribe", "preferences", "confirm", "click", "open")
ROOTS = {"customer": "c", "purchases": "p", "workspace": "w"}

# Takes customer, purchases, workspace and the five tokens; returns the pieces of one part.
Filler = Callable[..., list[Any]]

_TOKEN_END = 66


def _grown(out: list[Any], counted: int, size: int) -> tuple[int, int]:
    """Add what a loop's latest round wrote; raise MessageTooLarge rather than filling the memory."""
    size += sum(map(len, out[counted:]))
    if size > LARGEST_MESSAGE:
        raise MessageTooLarge
    return len(out), size


_WIRE = {
    Context.TEXT: "html_value({})",
    Context.PLAIN: "plain_value({})",
    Context.QUERY: "plain_value(in_query({}))",
    Context.URL: "plain_value(as_url({}))",
}
_NAMES: dict[str, Any] = {
    "html_value": quoted_printable.html_value,
    "plain_value": quoted_printable.plain_value,
    "in_query": filters.in_query,
    "as_url": filters.as_url,
    "get": filters.get,
    "few": filters.few,
    "counted": filters.counted,
    "compare": filters.compare,
    "add": filters.add,
    "concat": filters.concat,
    "text": filters.text,
    "grown": _grown,
    "__builtins__": {"float": float},
    **{f"f_{name}": function for name, function in filters.FILTERS.items()},
}


class Unsupported(Exception):
    """The program holds something this way of running it does not know; the sandbox takes over."""


def compile_program(program: Program, *, public_url: str, wire: bool) -> Filler:
    """Return the function of a program whose links and addresses are text and tokens by now.

    With `wire` it returns quoted-printable octets, otherwise text. Raises Unsupported.
    """
    writer = _Writer(public_url, wire)
    writer.program(program)
    writer.flush()
    arguments = ", ".join((*ROOTS.values(), *(f"t_{name}" for name in TOKENS)))
    source = f"def fill({arguments}):\n out = []\n at = size = 0\n" + "\n".join(writer.lines) + "\n return out\n"
    names = dict(_NAMES)
    try:
        exec(compile(source, "<mail>", "exec"), names)  # noqa: S102 - built from a checked tree, literals by repr
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise Unsupported(str(error)) from error
    filler: Filler = names["fill"]
    return filler


@dataclass
class _Writer:
    """Writes the function: `parts` are expressions not yet appended, `column` where the line stands at most."""

    public_url: str
    wire: bool
    lines: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    column: int = 0
    indent: int = 1
    scope: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def program(self, program: Program) -> None:
        for node in program:
            if isinstance(node, Text):
                self.text(node.text)
            elif isinstance(node, Token):
                self.token(node)
            elif isinstance(node, Value):
                self.value(node)
            elif isinstance(node, If):
                self.condition(node)
            elif isinstance(node, WithToken):
                self.with_token(node)
            elif isinstance(node, Loop):
                self.loop(node)
            else:
                raise Unsupported(type(node).__name__)

    def text(self, constant: str) -> None:
        if not self.wire:
            self.parts.append(repr(constant))
            return
        encoded, self.column = quoted_printable.encode(constant, self.column)
        self.parts.append(repr(encoded.encode("ascii")))

    def token(self, node: Token) -> None:
        if self.wire and self.column:
            self.parts.append(repr(b"=\r\n"))
        self.parts.append(f"t_{node.name}" if self.wire else f"t_{node.name}.decode()")
        self.column = _TOKEN_END

    def value(self, node: Value) -> None:
        if not self.wire:
            self.parts.append(f"text({self.expression(node.expression)})")
            return
        if self.column > quoted_printable.MARGIN:
            self.parts.append(repr(b"=\r\n"))
        self.parts.append(_WIRE[node.context].format(self.shown(node.expression)))
        self.column = 0

    def condition(self, node: If) -> None:
        start, ends = self.column, []
        for number, (test, body) in enumerate(node.branches):
            self.line(f"{'elif' if number else 'if'} {self.expression(test)}:", flush=number == 0)
            ends.append(self.block(body, start))
        self.line("else:", flush=False)
        ends.append(self.block(node.otherwise, start))
        self.column = max(ends)

    def with_token(self, node: WithToken) -> None:
        start = self.column
        self.line(f"if t_{node.name}:")
        self.column = max(start, self.block(node.body, start))

    def loop(self, node: Loop) -> None:
        self.made += 1
        item, counter = f"i{self.made}", f"n{self.made}"
        source, outer = self.expression(node.source), self.scope
        uses_counter = _mentions(node.body, "loop")
        items = f"counted({source})" if uses_counter else f"few({source})"
        self.line(f"for {counter + ', ' if uses_counter else ''}{item} in {items}:")
        self.scope = {**outer, node.target: item} | ({"loop": counter} if uses_counter else {})
        self.block(node.body, _TOKEN_END)
        self.lines.append(" " * (self.indent + 1) + "at, size = grown(out, at, size)")
        self.scope = outer
        if node.otherwise:
            self.line(f"if not few({source}):")
            self.block(node.otherwise, _TOKEN_END)
        self.column = _TOKEN_END

    def block(self, body: Program, column: int) -> int:
        self.indent, self.column = self.indent + 1, column
        before = len(self.lines)
        self.program(body)
        self.flush()
        if len(self.lines) == before:
            self.line("pass")
        self.indent -= 1
        return self.column

    def line(self, code: str, *, flush: bool = True) -> None:
        if flush:
            self.flush()
        self.lines.append(" " * self.indent + code)

    def flush(self) -> None:
        if self.parts:
            self.lines.append(" " * self.indent + f"out += ({', '.join(self.parts)},)")
            self.parts = []

    def shown(self, node: nodes.Expr) -> str:
        """Return an expression that is printed: there a missing field may stay None."""
        if isinstance(node, nodes.Getattr) and self.is_customer(node.node):
            return f"c.get({node.attr!r})"
        return self.expression(node)

    def is_customer(self, node: nodes.Node) -> bool:
        return isinstance(node, nodes.Name) and node.name == "customer" and "customer" not in self.scope

    def expression(self, node: nodes.Node) -> str:
        write = _EXPRESSIONS.get(type(node))
        if write is None:
            raise Unsupported(type(node).__name__)
        return write(self, node)

    def name(self, node: nodes.Name) -> str:
        if node.name in self.scope:
            return self.scope[node.name]
        if node.name in ADDRESSES:
            token = ADDRESSES[node.name]
            return f"(t_{token} and {self.public_url + PATHS[token]!r} + t_{token}.decode() or '')"
        return ROOTS.get(node.name, "''")

    def field(self, node: nodes.Getattr) -> str:
        return f"get({self.expression(node.node)}, {node.attr!r})"

    def item(self, node: nodes.Getitem) -> str:
        return f"get({self.expression(node.node)}, {self.expression(node.arg)})"

    def constant(self, node: nodes.Const) -> str:
        value = node.value
        if value is None:
            return "''"
        if type(value) not in (str, int, float, bool) or (isinstance(value, float) and not isfinite(value)):
            raise Unsupported("constant")
        return repr(value)

    def negative(self, node: nodes.Neg) -> str:
        return f"(-{self.expression(node.node)})"

    def compare(self, node: nodes.Compare) -> str:
        operand = node.ops[0]
        return f"compare({self.expression(node.expr)}, {operand.op!r}, {self.expression(operand.expr)})"

    def both(self, node: nodes.And) -> str:
        return f"({self.expression(node.left)} and {self.expression(node.right)})"

    def either(self, node: nodes.Or) -> str:
        return f"({self.expression(node.left)} or {self.expression(node.right)})"

    def negation(self, node: nodes.Not) -> str:
        return f"(not {self.expression(node.node)})"

    def choice(self, node: nodes.CondExpr) -> str:
        other = self.expression(node.expr2) if node.expr2 else "''"
        return f"({self.expression(node.expr1)} if {self.expression(node.test)} else {other})"

    def sum(self, node: nodes.Add) -> str:
        return f"add({self.expression(node.left)}, {self.expression(node.right)})"

    def concat(self, node: nodes.Concat) -> str:
        return f"concat({', '.join(self.expression(child) for child in node.nodes)})"

    def filter(self, node: nodes.Filter) -> str:
        if node.node is None or node.name not in filters.FILTERS:
            raise Unsupported(node.name)
        return f"f_{node.name}({', '.join(self.expression(child) for child in (node.node, *node.args))})"


PATHS = {"unsubscribe": "/u/", "preferences": "/p/", "confirm": "/c/", "click": "/t/c/", "open": "/t/o/"}

_EXPRESSIONS: dict[type[nodes.Node], Callable[[_Writer, Any], str]] = {
    nodes.Name: _Writer.name,
    nodes.Getattr: _Writer.field,
    nodes.Getitem: _Writer.item,
    nodes.Const: _Writer.constant,
    nodes.Neg: _Writer.negative,
    nodes.Compare: _Writer.compare,
    nodes.And: _Writer.both,
    nodes.Or: _Writer.either,
    nodes.Not: _Writer.negation,
    nodes.CondExpr: _Writer.choice,
    nodes.Add: _Writer.sum,
    nodes.Concat: _Writer.concat,
    nodes.Filter: _Writer.filter,
}


def _mentions(program: Program, name: str) -> bool:
    """Say whether any expression inside reads a name."""
    for node in program:
        if isinstance(node, Value):
            expressions, bodies = [node.expression], []
        elif isinstance(node, If):
            expressions = [test for test, _ in node.branches]
            bodies = [*(body for _, body in node.branches), node.otherwise]
        elif isinstance(node, Loop):
            expressions, bodies = [node.source], [node.body, node.otherwise]
        else:
            continue
        if any(_reads(expression, name) for expression in expressions) or any(_mentions(b, name) for b in bodies):
            return True
    return False


def _reads(expression: nodes.Node, name: str) -> bool:
    found = [expression] if isinstance(expression, nodes.Name) else expression.find_all(nodes.Name)
    return any(each.name == name for each in found)
