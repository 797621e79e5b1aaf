"""Lays out the mail around the author's content: preheader, footer, pixel, and links as token slots."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from jinja2 import nodes
from markupsafe import escape

from app.rendering.content import Stream
from app.rendering.html import character_references, obligations
from app.rendering.html.html_context import Context, Mark
from app.rendering.language.code_generator import PATHS
from app.rendering.language.program import Address, If, Link, Loop, Program, Text, Token, Value, WithToken
from app.tracking.links import web_targets

_HIDDEN = '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">'
_TITLE = re.compile(r"<title\b", re.IGNORECASE)


def document(html: Program, subject: Program, preheader: Program, stream: Stream, language: str) -> Program:
    """Return the HTML with title, preheader, the footer the law asks for where it is missing, and the open image.

    The body begins once and ends once, however often it says so. Raises obligations.StaysHidden.
    """
    start: Program = ()
    html = _titled(html, subject)
    footer, closing = obligations.html_footer(html, stream, language)
    if any(not isinstance(node, Text) or node.text.strip() for node in preheader):
        start = (Text(_HIDDEN), *_for_html(preheader), Text("</div>"))
    end = (Text(closing), *footer, WithToken("open", _image(stream)))
    first = next((at for at, node in enumerate(html) if node is Mark.BODY_START), 0)
    latest = next((at for at in range(len(html) - 1, -1, -1) if html[at] is Mark.BODY_END), len(html))
    return (*html[:first], *start, *html[first:latest], *end, *html[latest:])


def _titled(html: Program, subject: Program) -> Program:
    """Return the HTML with the subject as its title, which screen readers and browsers announce, if it has none."""
    title = _for_html(subject)
    if Mark.TITLE in html:
        at = html.index(Mark.TITLE)
        return (*html[:at], *title, *html[at + 1 :])
    if Mark.HEAD_START not in html or any(isinstance(node, Text) and _TITLE.search(node.text) for node in html):
        return html
    at = html.index(Mark.HEAD_START)
    return (*html[:at], Text("<title>"), *title, Text("</title>"), *html[at + 1 :])


def text_part(text: Program, stream: Stream, language: str) -> Program:
    """Return the text part with address and unsubscribe link where the author left them out."""
    return (*text, *obligations.text_footer(text, stream, language))


def targets(program: Program) -> tuple[str, ...]:
    """Return the addresses of the links that can be tracked, by position."""
    return tuple(url for link in _links(program) if (url := _target(link.source)))


def wire(program: Program, stream: Stream, tracked: Sequence[str] | None) -> Program:
    """Return the program of constants, values and tokens; with `tracked`, links go through the click address."""
    counter = iter(range(len(tracked))) if tracked is not None else None
    return _merged(_wire(program, stream, counter))


def _wire(program: Program, stream: Stream, counter: Iterator[int] | None) -> Program:
    out: list[Any] = []
    for node in program:
        if isinstance(node, Address):
            out += [Text(stream.public_url + PATHS[node.name]), Token(node.name)]
        elif isinstance(node, Link):
            out += _link(node, stream, counter)
        elif isinstance(node, Value):
            out.append(_settled(node, stream))
        elif isinstance(node, If):
            branches = tuple((test, wire_body(body, stream, counter)) for test, body in node.branches)
            out.append(If(branches, wire_body(node.otherwise, stream, counter)))
        elif isinstance(node, Loop):
            body = wire_body(node.body, stream, counter)
            out.append(Loop(node.target, node.source, body, wire_body(node.otherwise, stream, counter)))
        elif isinstance(node, WithToken):
            out.append(WithToken(node.name, wire_body(node.body, stream, counter)))
        elif not isinstance(node, Mark):
            out.append(node)
    return tuple(out)


def wire_body(program: Program, stream: Stream, counter: Iterator[int] | None) -> Program:
    """Return a nested body wired, its neighbouring texts joined."""
    return _merged(_wire(program, stream, counter))


def _link(node: Link, stream: Stream, counter: Iterator[int] | None) -> list[Any]:
    if counter is None or not _target(node.source):
        return [Text(node.source)]
    return [Text(stream.public_url + PATHS["click"]), Token("click"), Text(f"/{next(counter)}")]


def _settled(node: Value, stream: Stream) -> Value | Text:
    """Return the text of a field that is the same for everyone, or the field."""
    field = node.expression
    if not (isinstance(field, nodes.Getattr) and isinstance(field.node, nodes.Name) and field.node.name == "workspace"):
        return node
    shown = {"postal_address": stream.postal_address, **stream.workspace}.get(field.attr, "")
    if node.context is Context.PLAIN:
        return Text(shown)
    return Text(str(escape(shown))) if node.context is Context.TEXT else node


def _merged(program: Program) -> Program:
    out: list[Any] = []
    for node in program:
        if isinstance(node, Text) and out and isinstance(out[-1], Text):
            out[-1] = Text(out[-1].text + node.text)
        elif not isinstance(node, Text) or node.text:
            out.append(node)
    return tuple(out)


def _links(program: Program) -> Iterator[Link]:
    for node in program:
        if isinstance(node, Link):
            yield node
        for body in _bodies(node):
            yield from _links(body)


def _bodies(node: Any) -> list[Program]:
    if isinstance(node, If):
        return [*(body for _, body in node.branches), node.otherwise]
    if isinstance(node, Loop):
        return [node.body, node.otherwise]
    return [node.body] if isinstance(node, WithToken) else []


def _target(source: str) -> str:
    """Return the link's address if it leads to a web page, or nothing."""
    return web_targets.read(character_references.in_attribute(source))


def _for_html(line: Program) -> Program:
    """Return a plain line's program, escaped for HTML."""
    out: list[Any] = []
    for node in line:
        if isinstance(node, Text):
            out.append(Text(str(escape(node.text))))
        elif isinstance(node, Value):
            out.append(Value(node.expression, Context.TEXT))
        elif isinstance(node, If):
            branches = tuple((test, _for_html(body)) for test, body in node.branches)
            out.append(If(branches, _for_html(node.otherwise)))
        elif isinstance(node, Loop):
            out.append(Loop(node.target, node.source, _for_html(node.body), _for_html(node.otherwise)))
        else:
            out.append(node)
    return tuple(out)


def _image(stream: Stream) -> Program:
    start = f'<img src="{stream.public_url}{PATHS["open"]}'
    return (Text(start), Token("open"), Text('.gif" width="1" height="1" alt="" style="display:block;border:0">'))
