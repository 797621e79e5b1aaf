"""What does the sender add to what the author wrote? Preheader, footer, image; links and addresses become tokens."""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import idna
from jinja2 import nodes
from markupsafe import escape

from app.delivery.content import Stream
from app.delivery.flat import PATHS
from app.delivery.markup import Context, Mark
from app.delivery.program import Address, If, Link, Loop, Program, Text, Token, Value, WithToken

_HIDDEN = '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">'
_FOOTER = '<div style="padding:16px;font-size:12px;line-height:18px;text-align:center;color:#555555">'
_WORDS = {"en": "Unsubscribe", "zh": "退订", "de": "Abmelden", "fr": "Se désinscrire", "es": "Darse de baja"}
_LONGEST_URL = 4_000
# Where the author's addresses stand in the text that is searched for them; no source holds this sign.
_GAP, _LEAVE, _POSTAL = "\0", "\0leave\0", "\0postal\0"
_COMMENT = r"<!--.*?(?:-->|\Z)"
_UNSEEN = re.compile(rf"{_COMMENT}|<(style|script|title)\b.*?(?:</\1|\Z)|<[!?][^>]*", re.DOTALL | re.IGNORECASE)
_TURNS = re.compile(r"<!--|-->|</?(?:style|script|title)\b", re.IGNORECASE)


def document(html: Program, preheader: Program, stream: Stream, language: str) -> Program:
    """Return the HTML with preheader, the footer the law asks for where it is missing, and the open image."""
    start: Program = ()
    written = _written(html)
    if any(not isinstance(node, Text) or node.text.strip() for node in preheader):
        start = (Text(_HIDDEN), *_for_html(preheader), Text("</div>"))
    end = (*_html_footer(written, stream, language), WithToken("open", _image(stream)))
    has_start, has_end = Mark.BODY_START in html, Mark.BODY_END in html
    framed = () if has_start else start
    for node in html:
        if node is Mark.BODY_START:
            framed += start
        elif node is Mark.BODY_END:
            framed += end
        else:
            framed += (node,)
    if has_end:
        return framed
    # A comment left open would swallow what is added behind it.
    is_open = any(not found[0].endswith("-->") for found in re.finditer(f"(?s){_COMMENT}", written))
    return (*framed, Text("-->"), *end) if is_open else framed + end


def letter(text: Program, stream: Stream, language: str) -> Program:
    """Return the text part with address and unsubscribe link where the author left them out."""
    missing = _missing(_written(text), stream)
    if not missing:
        return (*text, Text("\n"))
    footer: list[Any] = [Text("\n\n-- \n")]
    if "postal" in missing:
        footer.append(Text(f"{stream.postal_address}\n"))
    if "unsubscribe" in missing:
        footer += [Text(f"{_word(language)}: "), Address("unsubscribe"), Text("\n")]
    return (*text, *footer)


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
    """Return the link's address in ASCII if it leads to a web page, or nothing."""
    try:
        parts = urlsplit(unescape(source).strip())
        host = idna.encode(parts.hostname or "", uts46=True).decode() if parts.hostname else ""
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host or parts.username:
        return ""
    path, query, rest = (quote(part, safe="/%:=&?~+!$,;'@()*[]-._#|") for part in parts[2:])
    url = urlunsplit((parts.scheme.lower(), host + port, path, query, rest))
    return url if len(url) <= _LONGEST_URL else ""


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


def _html_footer(written: str, stream: Stream, language: str) -> Program:
    missing = _missing(_UNSEEN.sub(_GAP, written), stream)
    if not missing:
        return ()
    out: list[Any] = [Text(_FOOTER)]
    if "postal" in missing:
        out.append(Text(str(escape(stream.postal_address)).replace("\n", "<br>") + "<br>"))
    if "unsubscribe" in missing:
        out += [Text('<a href="'), Address("unsubscribe"), Text(f'" style="color:#555555">{_word(language)}</a>')]
    return (*out, Text("</div>"))


def _missing(written: str, stream: Stream) -> set[str]:
    """Say which of unsubscribe address and postal address every list message needs and this one lacks."""
    if not stream.lists:
        return set()
    missing = set() if _LEAVE in written else {"unsubscribe"}
    if stream.postal_address and _POSTAL not in written and stream.postal_address not in unescape(written):
        missing.add("postal")
    return missing


def _written(program: Program) -> str:
    """Return the text that every message holds, with marks where the addresses stand.

    Of an if only the comments and styles that it opens or closes are kept: the rest may be left out for some.
    """
    out: list[str] = []
    for node in program:
        if isinstance(node, Text):
            out.append(node.text.replace("\0", ""))
        elif isinstance(node, Link):
            out.append(node.source.replace("\0", ""))
        elif isinstance(node, Address) and node.name in ("unsubscribe", "preferences"):
            out.append(_LEAVE)
        elif isinstance(node, Value) and _is_postal_address(node.expression):
            out.append(_POSTAL)
        elif isinstance(node, If):
            out += [_GAP, *_TURNS.findall(_written(node.otherwise)), _GAP]
        elif not isinstance(node, Mark):
            out.append(_GAP)
    return "".join(out)


def _is_postal_address(expression: nodes.Expr) -> bool:
    return isinstance(expression, nodes.Getattr) and expression.attr == "postal_address"


def _image(stream: Stream) -> Program:
    start = f'<img src="{stream.public_url}{PATHS["open"]}'
    return (Text(start), Token("open"), Text('.gif" width="1" height="1" alt="" style="display:block;border:0">'))


def _word(language: str) -> str:
    return _WORDS.get(language.partition("-")[0].lower(), _WORDS["en"])
