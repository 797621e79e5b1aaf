"""Compiles content once into a message that is filled in per person.

``compile_content(content, stream=stream)`` checks, lowers and compiles the sources and prepares every header that is
the same for all; ``CompiledMessage.render(person, slots, date=...)`` returns one complete message: CRLF line ends, no
line that begins with a full stop (so nothing is left to stuff), without SMTP's final dot line, signed if the stream has
signers. A message costs tens of microseconds and no message object.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz
from enum import Enum
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_
from app.rendering import headers, layout, mime
from app.rendering.content import LARGEST_MESSAGE, Content, MessageTooLarge, Stream
from app.rendering.html import obligations
from app.rendering.language import code_generator, fallback, program, syntax
from app.rendering.language.code_generator import Filler
from app.rendering.language.program import Program
from app.rendering.slots import Slots

_HIDDEN = N_("The styles of this mail hide what is added at its end, so nobody could see the link to unsubscribe.")


class Path(Enum):
    """The three ways of running a template; all decode to the same parts."""

    FLAT = "flat"
    PREENCODED = "preencoded"
    WHOLE = "whole"


class TemplateRefused(Refusal):
    """A source holds something a mail may not do; `problems` say what and where."""

    status = 422
    message = N_("The content cannot be sent: line %(line)s, column %(column)s: %(reason)s")

    def __init__(self, part: str, problems: list[syntax.Problem]) -> None:
        first = problems[0]
        super().__init__(line=first.line, column=first.column, reason=first.message)
        self.part, self.problems = part, problems


@dataclass(frozen=True)
class Shown:
    """A message as people read it, for previews and size checks."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class _Part:
    """One part's functions: with plain links and with tracked ones, and the paths they take."""

    plain: Filler
    tracked: Filler
    paths: frozenset[Path]


def compile_content(content: Content, *, stream: Stream, path: Path = Path.FLAT) -> "CompiledMessage":
    """Return the compiled message; raise TemplateRefused if a source is not allowed."""
    trees = {
        "subject": _tree("subject", content.subject, "line"),
        "preheader": _tree("preheader", content.preheader, "line"),
        "text": _tree("text", content.text, "text"),
        "html": _tree("html", content.html, "html"),
    }
    programs = {name: program.lower(tree, html=name == "html") for name, tree in trees.items()}
    try:
        document = layout.document(
            programs["html"], programs["subject"], programs["preheader"], stream, content.language
        )
    except obligations.StaysHidden as hidden:
        raise TemplateRefused("html", [syntax.Problem(1, 1, _HIDDEN)]) from hidden
    text_part = layout.text_part(programs["text"], stream, content.language)
    targets = layout.targets(document)
    return CompiledMessage(
        stream=stream,
        subject=_line(programs["subject"], stream),
        html=_part(document, stream, path, targets),
        text=_part(text_part, stream, path, ()),
        shown=(
            fallback.whole(layout.wire(document, stream, None), public_url=stream.public_url),
            fallback.whole(layout.wire(text_part, stream, None), public_url=stream.public_url),
        ),
        links=targets,
        fields_used=frozenset(name for tree in trees.values() for name in _customer_fields(tree)),
        needs_all_fields=any(_reads_otherwise(tree) for tree in trees.values()),
        needs_purchases=any(_reads(tree, "purchases") for tree in trees.values()),
    )


@dataclass(eq=False)
class CompiledMessage:
    """The messages of one send, but for the person. `paths` tells how its parts are run."""

    stream: Stream
    subject: "_Subject"
    html: _Part
    text: _Part
    shown: tuple[Filler, Filler]
    links: tuple[str, ...]
    fields_used: frozenset[str]
    needs_all_fields: bool
    needs_purchases: bool

    def __post_init__(self) -> None:
        self.paths = self.html.paths | self.text.paths
        self._workspace = {"postal_address": self.stream.postal_address, **self.stream.workspace}
        self._headers = headers.Headers(self.stream)
        self._frames = headers.frames(self.stream)
        self._signed_at = b"", 0
        self.is_slow_to_sign = any(signer.is_slow for signer in self.stream.signers)

    def render(self, person: Mapping[str, Any], slots: Slots, *, date: bytes) -> bytes:
        """Return one complete message; `date` comes from `mime.date_header`.

        Raises mime.UndeliverableAddress and MessageTooLarge, which concern this person only.
        """
        values = self._values(person, slots)
        is_tracked = slots.click is not None
        text = (self.text.tracked if is_tracked else self.text.plain)(*values)
        html = (self.html.tracked if is_tracked else self.html.plain)(*values)
        before_text, before_html, end = self._frames
        parts: tuple[bytes, ...] = (before_text, *text, before_html, *html, end)
        filled = self._headers.of(slots, self.subject.header(values), date)
        if self.stream.signers:
            body = b"".join(parts)
            signatures = self._headers.signatures(filled, body, at=self._signed(date))
            parts = (signatures, self._headers.lines(filled), body)
        else:
            parts = (self._headers.lines(filled), *parts)
        message = b"".join(parts)
        if len(message) > LARGEST_MESSAGE:
            raise MessageTooLarge
        return message

    def show(self, person: Mapping[str, Any], slots: Slots) -> Shown:
        """Return the message's subject and parts as text, without encoding and without tracking."""
        values = self._values(person, slots._replace(click=None, open=None))
        html, text_part = ("".join(fill(*values)) for fill in self.shown)
        return Shown(self.subject.shown(values), html, text_part)

    def envelope_from(self, slots: Slots) -> str:
        """Return the address bounces of this message go to."""
        return headers.bounce_address(self.stream, slots)

    def _values(self, person: Mapping[str, Any], slots: Slots) -> tuple[Any, ...]:
        return (
            person.get("customer") or {},
            person.get("purchases") or (),
            self._workspace,
            slots.unsubscribe.encode("ascii"),
            slots.preferences.encode("ascii"),
            slots.confirm.encode("ascii"),
            slots.click.encode("ascii") if slots.click else b"",
            slots.open.encode("ascii") if slots.open else b"",
        )

    def _signed(self, date: bytes) -> int:
        """Return the Unix time of signing: the one in the Date header."""
        known, signed_at = self._signed_at
        if date != known:
            parsed = parsedate_tz(date.decode("ascii"))
            signed_at = mktime_tz(parsed) if parsed else 0
            self._signed_at = date, signed_at
        return signed_at


class _Subject:
    """The Subject line: encoded once if it is the same for all."""

    def __init__(self, filler: Filler, *, is_constant: bool) -> None:
        self._filler = filler
        empty: tuple[Any, ...] = ({}, (), {}, b"", b"", b"", b"", b"")
        self._constant = mime.unstructured(b"Subject", self.shown(empty)) if is_constant else None

    def header(self, values: tuple[Any, ...]) -> bytes:
        return self._constant or mime.unstructured(b"Subject", "".join(self._filler(*values)))

    def shown(self, values: tuple[Any, ...]) -> str:
        return mime.plain("".join(self._filler(*values)))


def _tree(part: str, source: str, kind: syntax.Kind) -> nodes.Template:
    problems = syntax.check(source, kind=kind)
    if problems:
        raise TemplateRefused(part, problems)
    return syntax.parse(source)


def _line(line: Program, stream: Stream) -> _Subject:
    constant = all(isinstance(node, program.Text) for node in line)
    wired = layout.wire(line, stream, None)
    try:
        filler = code_generator.compile_program(wired, public_url=stream.public_url, wire=False)
    except code_generator.Unsupported:
        filler = fallback.whole(wired, public_url=stream.public_url)
    return _Subject(filler, is_constant=constant)


def _part(part: Program, stream: Stream, path: Path, targets: tuple[str, ...]) -> _Part:
    plain, first = _filler(layout.wire(part, stream, None), stream, path)
    if not targets:
        return _Part(plain, plain, frozenset((first,)))
    tracked, second = _filler(layout.wire(part, stream, targets), stream, path)
    return _Part(plain, tracked, frozenset((first, second)))


def _filler(wired: Program, stream: Stream, path: Path) -> tuple[Filler, Path]:
    """Return what runs the program, by this path or, where it cannot be taken, by the next slower one."""
    if path is Path.FLAT:
        try:
            return code_generator.compile_program(wired, public_url=stream.public_url, wire=True), Path.FLAT
        except code_generator.Unsupported:
            pass
    if path is not Path.WHOLE:
        try:
            return fallback.preencoded(wired, public_url=stream.public_url), Path.PREENCODED
        except (TemplateSyntaxError, RecursionError):
            pass
    return fallback.whole_encoded(wired, public_url=stream.public_url), Path.WHOLE


def _customer_fields(tree: nodes.Template) -> Iterator[str]:
    for field in tree.find_all(nodes.Getattr):
        if _is_customer(field.node):
            yield field.attr
    for item in tree.find_all(nodes.Getitem):
        if _is_customer(item.node) and isinstance(item.arg, nodes.Const):
            yield str(item.arg.value)


def _reads_otherwise(tree: nodes.Template) -> bool:
    """Say whether the customer stands anywhere but before the name of a field: then any field may be meant."""
    return sum(map(_is_customer, tree.find_all(nodes.Name))) > sum(1 for _ in _customer_fields(tree))


def _is_customer(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "customer"


def _reads(tree: nodes.Template, name: str) -> bool:
    return any(node.name == name for node in tree.find_all(nodes.Name))
