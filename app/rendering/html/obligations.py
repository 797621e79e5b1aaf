"""What every list mail must show, unsubscribe link and postal address: whether it does, and the footer if it does not.

"Shows" means that people see it in every message: not in a comment or a branch that some do not get, not hidden by a
style, not without any text to press. A link to the preference page, which unsubscribes too, counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes
from markupsafe import escape

from app.rendering.content import Stream
from app.rendering.html.html_context import Mark
from app.rendering.html.html_tokens import Start, Text
from app.rendering.html.visibility import Look, Open, Walk, is_blank
from app.rendering.language.program import Address, If, Link, Loop, Program, Value, WithToken
from app.rendering.language.program import Text as Constant

_WORDS = {"en": "Unsubscribe", "zh": "退订", "de": "Abmelden", "fr": "Se désinscrire", "es": "Darse de baja"}
# Where the sender's addresses and other fields stand in the text that is looked through; no source holds these signs.
_GAP, _LEAVE, _POSTAL = "\0", "\0leave\0", "\0postal\0"
# Styles of the mail's own that reach every div or link must not hide what is added.
_SHOWN = "visibility:visible!important;opacity:1!important;max-height:none!important;font-size:12px!important"
_FOOTER = (
    f'<div style="display:block!important;{_SHOWN};padding:16px;line-height:18px;text-align:center;'
    'color:#555555!important;background:#ffffff!important">'
)
_LINK = f"display:inline!important;{_SHOWN};color:#555555!important"


class StaysHidden(Exception):
    """Whatever is added to this mail, its own styles hide it."""


@dataclass
class _Written:
    """The text of a program with signs for its fields, what of it is conditional, and where an addition would stand."""

    text: str = ""
    conditional: list[tuple[int, int]] = field(default_factory=list)
    end: int = 0

    def before_end(self, added: int) -> list[tuple[int, int]]:
        """Return what is conditional when something of this length stands at the end."""
        return [
            (start + added, stop + added) if start >= self.end else (start, stop) for start, stop in self.conditional
        ]


@dataclass
class _Seen:
    """What a walk found: which duties are met, and what makes an addition show at its place."""

    leave: bool = False
    postal: bool = False
    closing: str = ""
    is_unsure: bool = False


def html_footer(html: Program, stream: Stream, language: str) -> tuple[Program, str]:
    """Return the footer this HTML lacks, and what must close before it so that it shows; raise StaysHidden."""
    written = _written(html)
    seen = _look_through(written, stream)
    leave, postal = seen.leave or not stream.lists, seen.postal or not stream.lists
    if leave and postal:
        return (), seen.closing
    footer: list[Any] = [Constant(_FOOTER)]
    if not postal:
        footer.append(Constant(str(escape(stream.postal_address)).replace("\n", "<br>") + "<br>"))
    if not leave:
        footer += [Constant('<a href="'), Address("unsubscribe"), Constant(f'" style="{_LINK}">{_word(language)}</a>')]
    footer.append(Constant("</div>"))
    added = seen.closing + _written(tuple(footer)).text
    checked = _look_through(
        _Written(written.text[: written.end] + added + written.text[written.end :], written.before_end(len(added))),
        stream,
    )
    if not ((checked.leave and checked.postal) or checked.is_unsure):
        raise StaysHidden
    return tuple(footer), seen.closing


def has_unsubscribe_link(html: Program) -> bool:
    """Say whether people see a link or address to unsubscribe in this HTML."""
    return _look_through(_written(html), None).leave


def text_footer(text: Program, stream: Stream, language: str) -> Program:
    """Return what the text part lacks; there everything shows."""
    written = _written(text).text
    lines: list[Any] = []
    if stream.lists and stream.postal_address and not _shows_postal(written, stream):
        lines.append(Constant(f"{stream.postal_address}\n"))
    if stream.lists and _LEAVE not in written:
        lines += [Constant(f"{_word(language)}: "), Address("unsubscribe"), Constant("\n")]
    return (Constant("\n\n-- \n"), *lines) if lines else (Constant("\n"),)


def _look_through(written: _Written, stream: Stream | None) -> _Seen:
    """Walk through the HTML once."""
    walk, seen = Walk(written.text, written.conditional), _Seen()
    shown: list[str] = []
    closing: str | None = None
    # The link to unsubscribe that we are in.
    link: Open | None = None
    for token, look in walk:
        if closing is None and token.at >= written.end:
            closing = walk.closing
        if link is not None and not walk.is_open(link):
            link = None
        if isinstance(token, Start) and walk.span(token.at) is None:
            if token.name == "a" and _LEAVE in token.attributes.get("href", ""):
                link = walk.open[-1]
            seen.leave |= link is not None and _is_picture(token, look)
        elif isinstance(token, Text) and look.shows_text:
            shown.append(token.text)
            seen.leave |= _LEAVE in token.text or (link is not None and not is_blank(_said(token.text)))
    seen.closing = walk.closing if closing is None else closing
    seen.postal = stream is None or not stream.postal_address or _shows_postal("".join(shown), stream)
    seen.is_unsure = walk.is_unsure
    if walk.is_unsure:
        seen.leave = seen.postal = False
    return seen


def _said(text: str) -> str:
    """Return a text without its fields, which may be empty for somebody."""
    return text.replace(_LEAVE, "").replace(_POSTAL, "")


def _is_picture(token: Start, look: Look) -> bool:
    """Say whether this is a picture that can be pressed and is there in words too."""
    given = token.attributes
    is_large = all(given.get(side, "").strip() not in ("0", "1", "0px", "1px") for side in ("width", "height"))
    has_words = bool(given.get("src", "").strip()) and not is_blank(_said(given.get("alt", "")))
    return token.name == "img" and look.shows_pictures and is_large and has_words


def _shows_postal(shown: str, stream: Stream) -> bool:
    return _POSTAL in shown or "".join(stream.postal_address.split()) in "".join(shown.split())


def _written(program: Program) -> _Written:
    """Return the text of a program. The end of the body, where an addition would stand, is the last one."""
    pieces: list[str] = []
    found = _Written()
    at, end = 0, None
    for node in program:
        if node is Mark.BODY_END:
            end = at
        piece = _piece(node)
        if isinstance(node, If | Loop):
            found.conditional.append((at, at + len(piece)))
        pieces.append(piece)
        at += len(piece)
    found.text, found.end = "".join(pieces), at if end is None else end
    return found


def _piece(node: Any) -> str:
    if isinstance(node, Constant):
        return node.text.replace("\0", "")
    if isinstance(node, Link):
        return node.source.replace("\0", "")
    if isinstance(node, Address) and node.name in ("unsubscribe", "preferences"):
        return _LEAVE
    if isinstance(node, Value) and _is_postal_address(node.expression):
        return _POSTAL
    if isinstance(node, If | Loop):
        # Addresses in it are there for some people only.
        return _GAP + "".join(_written(body).text for body in _bodies(node)).replace("\0", "") + _GAP
    return "" if isinstance(node, Mark) else _GAP


def _bodies(node: If | Loop | WithToken) -> Iterator[Program]:
    if isinstance(node, If):
        yield from (body for _, body in node.branches)
        yield node.otherwise
    elif isinstance(node, Loop):
        yield from (node.body, node.otherwise)
    else:
        yield node.body


def _is_postal_address(expression: nodes.Expr) -> bool:
    return isinstance(expression, nodes.Getattr) and expression.attr == "postal_address"


def _word(language: str) -> str:
    return _WORDS.get(language.partition("-")[0].lower(), _WORDS["en"])
