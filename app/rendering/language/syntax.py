"""Checks templates when they are saved: the closed part of Jinja2 that sources may use.

Allowed: output, if, for over the customer's own lists (two deep), fields, constants, comparisons, and/or/not, the
inline if, adding and joining, and the filters of `filters` with bounded constant arguments. All else is refused where
it stands, so what is compiled later always ends, soon and small, and reaches nothing but the values it was given.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import Any, Literal

from jinja2 import Environment, TemplateSyntaxError, nodes

from app.kernel.translatable import N_, UNSAID, MessageId
from app.rendering.language import program, tags
from app.rendering.language.filters import FILTERS

Kind = Literal["html", "text", "line"]

LARGEST = 256 * 1024
MOST_TAGS = 20_000
MOST_OUTPUTS = 2_000
DEEPEST_BLOCKS = 20
DEEPEST_EXPRESSION = 20
DEEPEST_LOOPS = 2
LARGEST_INNER_LOOP = 4_096
LARGEST_LOOP = 65_536
LARGEST_NUMBER = 10**18
# What one merge field counts for inside a loop: about what a person's value may bring.
OUTPUT_IN_LOOP = 200

CUSTOMER_FIELDS = (
    *("first_name", "last_name", "email", "language", "country", "city", "tags"),
    *("gender", "birth_date", "occupation", "position", "kind"),
)
PURCHASE_FIELDS = ("product", "amount", "currency", "purchased_on")
WORKSPACE_FIELDS = ("name", "sender_name", "postal_address")
ADDRESSES = program.ADDRESSES
ROOTS = ("customer", "purchases", "workspace", *ADDRESSES)
_LOOP_FIELDS = ("index", "index0", "first", "last", "length")

_TAGS = re.compile(r"<[A-Za-z/!?]")
_DATE = re.compile(r"(?:%[dmYybBejHM]|[^%\r\n]){1,32}")
# Comments are taken out before: where one begins, `tags` knows better. No source holds the signs named here.
_parser = Environment(
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - it only parses
    comment_start_string="\0{#",
    comment_end_string="#}\0",
)

_EXPRESSIONS = (
    nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.CondExpr, nodes.Add, nodes.Concat, nodes.Filter, nodes.Neg,
)  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One thing to put right, and where. `message` and `hint` are English message ids filled from `values`.

    In a mail made of blocks the place is within one text of the block with the id `block`.
    """

    line: int
    column: int
    msgid: MessageId
    hint_msgid: MessageId = UNSAID
    values: Mapping[str, Any] = field(default_factory=dict)
    block: str = ""

    @property
    def message(self) -> str:
        """Return the English sentence."""
        return self.msgid % self.values if self.values else self.msgid

    @property
    def hint(self) -> str:
        """Return the English way out, or nothing."""
        return self.hint_msgid % self.values if self.values else self.hint_msgid


# Nobody mends more at once, and each is looked up in the source.
MOST_PROBLEMS = 100


def check(source: str, *, kind: Kind = "html", known_fields: Collection[str] | None = None) -> list[Problem]:
    """Return what keeps a source from being sent, in reading order.

    `known_fields` are the workspace's own customer fields; with None, unknown fields are not reported.
    """
    if len(source.encode("utf-8", "replace")) > LARGEST:
        return [Problem(1, 1, N_("This is larger than 256 kB."), N_("Leave out what mailboxes would cut off anyway."))]
    if kind == "html" and sum(1 for _ in islice(_TAGS.finditer(source), MOST_TAGS + 1)) > MOST_TAGS:
        return [
            Problem(1, 1, N_("This holds more than 20,000 tags."), N_("Leave out what mailboxes would cut off anyway."))
        ]
    try:
        template = parse(source)
        problems = list(islice(_Checker(source, known_fields).template(template), MOST_PROBLEMS))
        if not problems:
            problems = _misplaced(source, template, kind)
    except TemplateSyntaxError as error:
        return [_syntax_problem(source, error)]
    except (RecursionError, ValueError, OverflowError):
        return [Problem(1, 1, N_("This is nested too deeply or holds a number that is too long."))]
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def parse(source: str) -> nodes.Template:
    """Parse without judging; raise jinja2.TemplateSyntaxError."""
    start = tags.open_comment(source)
    if start is not None:
        raise TemplateSyntaxError("a comment is never closed", source.count("\n", 0, start) + 1)
    return _parser.parse(tags.without_comments(source).replace("\0", ""))


def _misplaced(source: str, template: nodes.Template, kind: Kind) -> list[Problem]:
    try:
        program.lower(template, html=kind == "html")
    except program.Misplaced as error:
        return [Problem(error.line, _column(source, error.line, "{{"), error.msgid, error.hint)]
    return []


def _syntax_problem(source: str, error: TemplateSyntaxError) -> Problem:
    named = re.search(r"'([^']+)'", error.message or "")
    column = _column(source, error.lineno, named[1] if named else "{%")
    unknown = re.match(r"Encountered unknown tag '(\w+)'", error.message or "")
    if unknown:
        return Problem(
            error.lineno, column, N_("“%(tag)s” is not something a mail can do."), _ALLOWED, {"tag": unknown[1]}
        )
    values = {"reason": (error.message or "").rstrip(".")}
    return Problem(
        error.lineno, column, N_("This cannot be read: %(reason)s."), N_("Look for a missing }} or %%}."), values
    )


_ALLOWED = N_("Merge fields, if, and for over the customer's own lists are allowed.")


class _Checker:
    """One walk over one template."""

    def __init__(self, source: str, known_fields: Collection[str] | None) -> None:
        self.source = source
        self.known = None if known_fields is None else {*CUSTOMER_FIELDS, *known_fields}
        self.outputs = 0

    def template(self, template: nodes.Template) -> Iterator[Problem]:
        yield from self.body(template.body, {}, blocks=0, loops=0)
        if self.outputs > MOST_OUTPUTS:
            yield Problem(1, 1, N_("This holds more than 2,000 merge fields and conditions."))

    def body(
        self, body: list[nodes.Node], scope: dict[str, Collection[str] | None], *, blocks: int, loops: int
    ) -> Iterator[Problem]:
        for node in body:
            if isinstance(node, nodes.Output):
                for child in node.nodes:
                    if not isinstance(child, nodes.TemplateData):
                        self.outputs += 1
                        yield from self.expression(child, scope)
                continue
            self.outputs += 1
            if blocks >= DEEPEST_BLOCKS:
                yield self.problem(node, N_("if and for are nested more than 20 deep."))
            elif isinstance(node, nodes.If):
                yield from self.condition(node, scope, blocks=blocks, loops=loops)
            elif isinstance(node, nodes.For):
                yield from self.loop(node, scope, blocks=blocks, loops=loops)
            else:
                yield self.refused(node)

    def condition(
        self, node: nodes.If, scope: dict[str, Collection[str] | None], *, blocks: int, loops: int
    ) -> Iterator[Problem]:
        if len(node.elif_) > 50:
            yield self.problem(node, N_("This has more than 50 elif."))
            return
        for branch in (node, *node.elif_):
            yield from self.expression(branch.test, scope)
            yield from self.body(branch.body, scope, blocks=blocks + 1, loops=loops)
        yield from self.body(node.else_, scope, blocks=blocks + 1, loops=loops)

    def loop(
        self, node: nodes.For, scope: dict[str, Collection[str] | None], *, blocks: int, loops: int
    ) -> Iterator[Problem]:
        if loops >= DEEPEST_LOOPS:
            yield self.problem(node, N_("Loops may be nested two deep."))
            return
        if node.test is not None or node.recursive or not isinstance(node.target, nodes.Name):
            yield self.problem(node, N_("A loop is written “for item in list”, with nothing behind it."))
            return
        if not _is_own_list(node.iter):
            yield self.problem(
                node,
                N_("A loop may only go over purchases, customer.tags or a list field of the customer."),
                needle="for",
            )
            return
        if node.target.name in (*ROOTS, "loop") or node.target.name.startswith("_"):
            yield self.problem(node, N_("Choose another name for the loop's item."), needle=node.target.name)
            return
        limit = LARGEST_INNER_LOOP if loops else LARGEST_LOOP
        if _repeated_size(node) > limit:
            yield self.problem(node, N_("The text inside this loop is too long to be repeated."), needle="for")
        yield from self.expression(node.iter, scope)
        fields = PURCHASE_FIELDS if isinstance(node.iter, nodes.Name) else None
        inner = {**scope, node.target.name: fields, "loop": _LOOP_FIELDS}
        yield from self.body(node.body, inner, blocks=blocks + 1, loops=loops + 1)
        yield from self.body(node.else_, scope, blocks=blocks + 1, loops=loops)

    def expression(
        self, node: nodes.Node, scope: dict[str, Collection[str] | None], depth: int = 0
    ) -> Iterator[Problem]:
        if not isinstance(node, _EXPRESSIONS):
            yield self.refused(node)
            return
        if depth > DEEPEST_EXPRESSION:
            yield self.problem(node, N_("This expression is nested too deeply."))
            return
        own = list(self.own_problems(node, scope))
        yield from own
        for child in () if own else node.iter_child_nodes():
            yield from self.expression(child, scope, depth + 1)

    def own_problems(self, node: nodes.Node, scope: dict[str, Collection[str] | None]) -> Iterator[Problem]:
        if isinstance(node, nodes.Name):
            yield from self.name(node, scope)
        elif isinstance(node, nodes.Getattr):
            yield from self.field(node, node.attr, scope)
        elif isinstance(node, nodes.Getitem):
            yield from self.item(node, scope)
        elif isinstance(node, nodes.Filter):
            yield from self.filter(node)
        elif isinstance(node, nodes.Compare) and len(node.ops) != 1:
            yield self.problem(node, N_("Compare two values at a time."))
        elif isinstance(node, nodes.Neg) and not _is_number(node.node):
            yield self.problem(node, N_("A minus sign may only stand before a number."))
        elif isinstance(node, nodes.Const) and isinstance(node.value, str) and len(node.value) > 1_000:
            yield self.problem(node, N_("A text in quotes may be 1,000 characters long."))
        elif isinstance(node, nodes.Const) and _is_too_large(node.value):
            yield self.problem(node, N_("This number is too large."))
        elif isinstance(node, nodes.Concat) and len(node.nodes) > DEEPEST_EXPRESSION:
            yield self.problem(node, N_("Join at most 20 values at a time."))

    def name(self, node: nodes.Name, scope: dict[str, Collection[str] | None]) -> Iterator[Problem]:
        if node.name.startswith("_"):
            yield self.problem(node, N_("A name may not start with an underscore."), needle=node.name)
        elif node.name not in scope and node.name not in ROOTS:
            yield self.unknown(node, node.name, [*scope, *ROOTS, *(f"customer.{name}" for name in CUSTOMER_FIELDS)])

    def item(self, node: nodes.Getitem, scope: dict[str, Collection[str] | None]) -> Iterator[Problem]:
        key = node.arg.node if isinstance(node.arg, nodes.Neg) else node.arg
        if not isinstance(key, nodes.Const) or not isinstance(key.value, str | int):
            yield self.problem(node, N_("Only a fixed name or number may stand in [ ]."), needle="[")
        elif isinstance(key.value, str):
            yield from self.field(node, key.value, scope)

    def field(
        self, node: nodes.Getattr | nodes.Getitem, key: str, scope: dict[str, Collection[str] | None]
    ) -> Iterator[Problem]:
        if key.startswith("_"):
            yield self.problem(node, N_("A name may not start with an underscore."), needle=key)
            return
        fields, owner = self.fields_of(node.node, scope)
        if fields is not None and key not in fields:
            yield self.unknown(node, f"{owner}.{key}", [f"{owner}.{name}" for name in fields])

    def fields_of(
        self, owner: nodes.Node, scope: dict[str, Collection[str] | None]
    ) -> tuple[Collection[str] | None, str]:
        """Return which fields an owner has, if that is known, and what it is called."""
        if isinstance(owner, nodes.Getitem) and isinstance(owner.node, nodes.Name) and owner.node.name == "purchases":
            return PURCHASE_FIELDS, "purchases[…]"
        if not isinstance(owner, nodes.Name):
            return None, ""
        if owner.name in scope:
            return scope[owner.name], owner.name
        known: dict[str, Collection[str] | None] = {"customer": self.known, "workspace": WORKSPACE_FIELDS}
        return known.get(owner.name), owner.name

    def filter(self, node: nodes.Filter) -> Iterator[Problem]:
        if node.name not in FILTERS or node.node is None:
            hint = _did_you_mean(node.name, FILTERS)
            yield self.problem(
                node, N_("There is no filter “%(name)s”."), hint[0], needle=node.name, name=node.name, **hint[1]
            )
        elif node.kwargs or node.dyn_args or node.dyn_kwargs or not _are_arguments(node.name, node.args):
            yield self.problem(
                node, N_("“%(name)s” cannot be used with what is in its brackets."), needle=node.name, name=node.name
            )

    def refused(self, node: nodes.Node) -> Problem:
        what = type(node).__name__.lower()
        return self.problem(node, N_("“%(what)s” is not allowed in a mail."), _ALLOWED, what=what)

    def unknown(self, node: nodes.Node, name: str, known: Collection[str]) -> Problem:
        hint, values = _did_you_mean(name, known)
        needle = name.rpartition(".")[2]
        return self.problem(node, N_("“%(name)s” is not a field we know."), hint, needle=needle, name=name, **values)

    def problem(
        self, node: nodes.Node, msgid: MessageId, hint: MessageId = UNSAID, *, needle: str = "{%", **values: Any
    ) -> Problem:
        # Jinja2 leaves some block nodes without a line; the first thing inside them has one.
        line = node.lineno or next((child.lineno for child in node.find_all(nodes.Node) if child.lineno), 1)
        return Problem(line, _column(self.source, line, needle), msgid, hint, values)


def _did_you_mean(name: str, known: Collection[str]) -> tuple[MessageId, dict[str, str]]:
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return (N_("Did you mean “%(close)s”?"), {"close": close[0]}) if close else (UNSAID, {})


def _repeated_size(loop: nodes.For) -> int:
    """Return about how many characters one round of this loop writes: its text, quoted texts and merge fields."""
    text = sum(len(data.data) for data in loop.find_all(nodes.TemplateData))
    quoted = sum(len(const.value) for const in loop.find_all(nodes.Const) if isinstance(const.value, str))
    printed = sum(
        not isinstance(child, nodes.TemplateData) for output in loop.find_all(nodes.Output) for child in output.nodes
    )
    return text + quoted + printed * OUTPUT_IN_LOOP


def _is_own_list(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Getattr):
        return isinstance(node.node, nodes.Name) and node.node.name == "customer"
    return isinstance(node, nodes.Name) and node.name == "purchases"


def _is_too_large(value: object) -> bool:
    """Say whether a number is none a mail shows, or one that takes long to write out."""
    return isinstance(value, int | float) and not abs(value) < LARGEST_NUMBER


def _is_number(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, int | float)


def _are_arguments(name: str, args: list[nodes.Expr]) -> bool:
    """Say whether a filter's arguments are constants within its bounds; money may name the currency's field."""
    if not args:
        return True
    if len(args) > 1 or name not in ("default", "d", "join", "truncate", "round", "number", "date", "money"):
        return False
    if name == "money" and isinstance(args[0], nodes.Getattr):
        return True
    value = args[0].value if isinstance(args[0], nodes.Const) else None
    if name == "truncate":
        return type(value) is int and 1 <= value <= 1_000
    if name in ("round", "number"):
        return type(value) is int and 0 <= value <= 6
    if name == "date":
        return isinstance(value, str) and bool(_DATE.fullmatch(value))
    return isinstance(value, str | int | float) and len(str(value)) <= 200


def _column(source: str, line: int, needle: str) -> int:
    """Return where the needle stands in its line, or where the line's first template sign does, from 1."""
    lines = source.splitlines()
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    for sought in (needle, "{{", "{%"):
        if sought in text:
            return text.index(sought) + 1
    return 1
