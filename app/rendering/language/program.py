"""The tree of a template that both ways of running it start from.

A checked Jinja2 tree is lowered once: text is cut at links, merge fields learn how they are escaped where they stand,
addresses become a constant and a token. Expressions stay Jinja2 nodes.
"""

from dataclasses import dataclass, replace
from typing import cast

from jinja2 import nodes
from markupsafe import escape

from app.kernel.translatable import N_, UNSAID, MessageId
from app.rendering.html import html_context
from app.rendering.html.html_context import Context, Href, Mark, Place

ADDRESSES = {"unsubscribe_url": "unsubscribe", "preferences_url": "preferences", "confirm_url": "confirm"}


@dataclass(frozen=True)
class Text:
    """Constant text."""

    text: str


@dataclass(frozen=True)
class Value:
    """A merge field and how it is escaped."""

    expression: nodes.Expr
    context: Context


@dataclass(frozen=True)
class Address:
    """One of the customer's own addresses: unsubscribe, preferences, confirm."""

    name: str


@dataclass(frozen=True)
class Link:
    """A link that may be tracked; `source` is its address as written in the HTML."""

    source: str


@dataclass(frozen=True)
class Token:
    """A token of the message, written without encoding: it holds only letters, digits, - and _."""

    name: str


@dataclass(frozen=True)
class If:
    """The first branch that holds, or `otherwise`."""

    branches: tuple[tuple[nodes.Expr, "Program"], ...]
    otherwise: "Program"


@dataclass(frozen=True)
class WithToken:
    """A body that is there only for messages that carry the token."""

    name: str
    body: "Program"


@dataclass(frozen=True)
class Loop:
    """A body for each item of one of the customer's lists."""

    target: str
    source: nodes.Expr
    body: "Program"
    otherwise: "Program"


Node = Text | Value | Address | Link | Token | If | WithToken | Loop | Mark
Program = tuple[Node, ...]


class Misplaced(Exception):
    """A merge field or block stands where no escaping makes it safe."""

    def __init__(self, line: int, msgid: MessageId, hint: MessageId = UNSAID) -> None:
        super().__init__(msgid)
        self.line, self.msgid, self.hint = line, msgid, hint


def lower(template: nodes.Template, *, html: bool) -> Program:
    """Return the program of a checked template; raise Misplaced."""
    start = Place() if html else None
    return _body(template.body, start)[0]


def _body(body: list[nodes.Node], place: Place | None) -> tuple[Program, Place | None]:
    out: list[Node] = []
    for node in body:
        if isinstance(node, nodes.Output):
            for child in node.nodes:
                steps, place = _output(child, place)
                out.extend(steps)
        elif isinstance(node, nodes.If):
            step, place = _if(node, place)
            out.append(step)
        elif isinstance(node, nodes.For):
            out.append(_loop(node, place))
        else:
            raise Misplaced(node.lineno, N_("This is not allowed in a mail."))
    return tuple(out), place


def _output(node: nodes.Node, place: Place | None) -> tuple[list[Node], Place | None]:
    if isinstance(node, nodes.TemplateData):
        return _data(node.data, place)
    if isinstance(node, nodes.Name) and node.name in ADDRESSES:
        if place is not None and place.context is Context.REFUSED:
            raise _refused(node, place)
        return [Address(ADDRESSES[node.name])], place and place.after_value()
    context = Context.PLAIN if place is None else place.context
    if context is Context.REFUSED and place is not None:
        raise _refused(node, place)
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and context in (Context.PLAIN, Context.TEXT):
        shown = node.value if context is Context.PLAIN else str(escape(node.value))
        return [Text(shown)], place and place.after_value()
    return [Value(cast(nodes.Expr, node), context)], place and place.after_value()


def _data(text: str, place: Place | None) -> tuple[list[Node], Place | None]:
    if place is None:
        return [Text(text)], None
    segments, after = html_context.scan(text, place)
    out: list[Node] = []
    for segment in segments:
        if isinstance(segment, Href):
            out.append(Link(segment.source))
        else:
            out.append(segment if isinstance(segment, Mark) else Text(segment))
    return out, after


def _if(node: nodes.If, place: Place | None) -> tuple[If, Place | None]:
    branches: list[tuple[nodes.Expr, Program]] = []
    ends = []
    for branch in (node, *node.elif_):
        body, end = _body(branch.body, place)
        branches.append((cast(nodes.Expr, branch.test), body))
        ends.append(end)
    otherwise, end = _body(node.else_, place)
    ends.append(end)
    if place is None:
        return If(tuple(branches), otherwise), None
    return If(tuple(branches), otherwise), _joined(node, [end for end in ends if end is not None])


def _joined(node: nodes.Node, ends: list[Place]) -> Place:
    if not all(end.meets(ends[0]) for end in ends):
        raise Misplaced(
            node.lineno,
            N_("A tag or quote is opened in one branch of this if and not in the other."),
            N_("Open and close each tag within the same branch."),
        )
    return replace(ends[0], begun=any(end.begun for end in ends))


def _loop(node: nodes.For, place: Place | None) -> Loop:
    body, end = _body(node.body, place)
    otherwise, other_end = _body(node.else_, place)
    for reached in (end, other_end):
        if place is not None and reached is not None and not reached.meets(place):
            raise Misplaced(
                node.lineno,
                N_("A tag or quote is opened inside this loop and not closed in it."),
                N_("Close it inside."),
            )
    return Loop(cast(nodes.Name, node.target).name, cast(nodes.Expr, node.iter), body, otherwise)


def _refused(node: nodes.Node, place: Place) -> Misplaced:
    if place.mode is html_context.Mode.RAW or place.attribute == "style":
        return Misplaced(node.lineno, N_("A merge field may not stand inside a style or script."))
    if place.mode in (html_context.Mode.TAG, html_context.Mode.UNQUOTED):
        return Misplaced(
            node.lineno, N_("A merge field inside a tag needs quotes around the value."), N_('Write href="{{ … }}".')
        )
    return Misplaced(node.lineno, N_("A merge field may not stand in this attribute."))
