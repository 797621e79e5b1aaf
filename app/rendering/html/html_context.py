"""A small HTML scanner that tells in which context each merge field stands.

It decides how the field is escaped (text, attribute, whole URL, part of a URL) or that it may not stand there, and it
finds the links that can be tracked: an ``<a href="...">`` whose address is written out in full.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum

from app.rendering.html.html_tokens import ESCAPABLE_RAW_TEXT, RAW_TEXT

_NAME = re.compile(r"/?[A-Za-z][^\s/>]*")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s=>/]+)(\s*=\s*)?(['\"]?)")
_NO_TAG = re.compile(r"/(?![A-Za-z]|\Z)")
_EARLY_END = re.compile(r"-?>")
_NOTHING_INSIDE = re.compile(r"\s*</title", re.IGNORECASE)
_URLS = frozenset({"href", "src", "action", "background", "poster", "cite", "xlink:href", "formaction"})
_NO_VALUES = frozenset({"style", "srcset", "srcdoc", "http-equiv"})


class Mode(Enum):
    """Which part of the document the scanner is in."""

    TEXT = "text"
    COMMENT = "comment"
    DECLARATION = "declaration"
    TAG = "tag"
    QUOTED = "quoted"
    UNQUOTED = "unquoted"
    RAW = "raw"
    ESCAPABLE = "escapable"


class Context(Enum):
    """How a merge field is written at its place."""

    TEXT = "text"
    QUERY = "query"
    URL = "url"
    PLAIN = "plain"
    REFUSED = "refused"


@dataclass(frozen=True)
class Place:
    """Where the scanner stands between two pieces."""

    mode: Mode = Mode.TEXT
    tag: str = ""
    attribute: str = ""
    quote: str = ""
    begun: bool = False

    @property
    def context(self) -> Context:
        """Say how a merge field at this place is written."""
        if self.mode in (Mode.TEXT, Mode.COMMENT, Mode.ESCAPABLE):
            return Context.TEXT
        if self.mode is not Mode.QUOTED or self.attribute in _NO_VALUES or self.attribute.startswith("on"):
            return Context.REFUSED
        if self.attribute in _URLS:
            return Context.QUERY if self.begun else Context.URL
        return Context.TEXT

    def after_value(self) -> "Place":
        """Return the place behind a merge field."""
        return replace(self, begun=True) if self.mode is Mode.QUOTED else self

    def meets(self, other: "Place") -> bool:
        """Say whether two branches end at places that what follows cannot tell apart."""
        return replace(self, begun=True) == replace(other, begun=True)


@dataclass(frozen=True)
class Href:
    """A link's address as written, found between two stretches of text."""

    source: str


class Mark(Enum):
    """Points of the document the compiler adds something at."""

    HEAD_START = "head start"
    TITLE = "title"
    BODY_START = "body start"
    BODY_END = "body end"


Segment = str | Href | Mark


def scan(piece: str, place: Place) -> tuple[list[Segment], Place]:
    """Cut one constant piece at its links and marks; return the segments and the place behind it."""
    scanner = _Scanner(piece, place)
    while scanner.at < len(piece):
        scanner.step()
    scanner.cut(len(piece))
    return [segment for segment in scanner.segments if segment != ""], scanner.place


class _Scanner:
    """One run over one piece: `at` is the next character, `start` where the uncut text begins."""

    def __init__(self, piece: str, place: Place) -> None:
        self.piece, self.place = piece, place
        self.at = self.start = 0
        self.segments: list[Segment] = []

    def step(self) -> None:
        """Move on to the next change of place."""
        _STEPS[self.place.mode](self)

    def cut(self, end: int) -> None:
        """Close the uncut text at `end`."""
        self.segments.append(self.piece[self.start : end])
        self.start = end

    def text(self) -> None:
        found = self.piece.find("<", self.at)
        if found < 0:
            self.at = len(self.piece)
            return
        if self.piece.startswith("<!--", found):
            # A comment may be over before it has begun.
            early = _EARLY_END.match(self.piece, found + 4)
            self._go(early.end() if early else found + 4, Place() if early else Place(Mode.COMMENT))
        elif self.piece[found + 1 : found + 2] in ("!", "?") or _NO_TAG.match(self.piece, found + 1):
            self._go(found + 2, Place(Mode.DECLARATION))
        elif name := _NAME.match(self.piece, found + 1):
            if name[0].lower() == "/body":
                self.cut(found)
                self.segments.append(Mark.BODY_END)
            self._go(name.end(), Place(Mode.TAG, tag=name[0].lower()))
        else:
            self.at = found + 1

    def comment(self) -> None:
        self._until("-->")

    def declaration(self) -> None:
        self._until(">")

    def raw(self) -> None:
        end = re.compile(rf"</{self.place.tag}(?=[\s/>])", re.IGNORECASE).search(self.piece, self.at)
        if end is None:
            self.at = len(self.piece)
        else:
            self._go(end.end(), Place(Mode.TAG, tag="/" + self.place.tag))

    def tag(self) -> None:
        rest = re.compile(r"[\s/]*").match(self.piece, self.at)
        at = rest.end() if rest else self.at
        if self.piece[at : at + 1] == ">":
            self._close_tag(at + 1)
        elif at == len(self.piece) or self.piece[at] == "=":
            # Nothing but space is left, or a stray sign the browsers skip too.
            self.at = min(at + 1, len(self.piece))
        elif found := _ATTRIBUTE.match(self.piece, at):
            self._open_attribute(found)

    def quoted(self) -> None:
        end = self.piece.find(self.place.quote, self.at)
        if end < 0:
            self.place = replace(self.place, begun=self.place.begun or self.at < len(self.piece))
            self.at = len(self.piece)
            return
        if self._is_link() and end > self.at:
            self.cut(self.at)
            self.segments.append(Href(self.piece[self.at : end]))
            self.start = end
        self._go(end + 1, Place(Mode.TAG, tag=self.place.tag))

    def unquoted(self) -> None:
        end = re.compile(r"[\s>]").search(self.piece, self.at)
        if end is None:
            self.place = replace(self.place, begun=self.place.begun or self.at < len(self.piece))
            self.at = len(self.piece)
        else:
            if self._is_link() and end.start() > self.at:
                self.cut(self.at)
                self.segments.append(Href(self.piece[self.at : end.start()]))
                self.start = end.start()
            self._go(end.start(), Place(Mode.TAG, tag=self.place.tag))

    def _is_link(self) -> bool:
        return self.place.tag in ("a", "area") and self.place.attribute == "href" and not self.place.begun

    def _open_attribute(self, found: re.Match[str]) -> None:
        name, equals, quote = found[1].lower(), found[2], found[3]
        if not equals:
            self._go(found.end(1), replace(self.place, attribute=""))
        elif quote:
            self._go(found.end(), Place(Mode.QUOTED, self.place.tag, name, quote))
        else:
            self._go(found.end(), Place(Mode.UNQUOTED, self.place.tag, name))

    def _close_tag(self, at: int) -> None:
        tag = self.place.tag
        self._go(at, Place(_INSIDE.get(tag, Mode.TEXT), tag=tag if tag in _INSIDE else ""))
        mark = _MARKS.get(tag)
        if mark is Mark.TITLE and not _NOTHING_INSIDE.match(self.piece, at):
            mark = None
        if mark:
            self.cut(at)
            self.segments.append(mark)

    def _until(self, end: str) -> None:
        found = self.piece.find(end, self.at)
        if found < 0:
            self.at = len(self.piece)
        else:
            self._go(found + len(end), Place())

    def _go(self, at: int, place: Place) -> None:
        self.at, self.place = at, place


_MARKS = {"head": Mark.HEAD_START, "title": Mark.TITLE, "body": Mark.BODY_START}
_INSIDE = dict.fromkeys(RAW_TEXT, Mode.RAW) | dict.fromkeys(ESCAPABLE_RAW_TEXT, Mode.ESCAPABLE)
_STEPS = {
    Mode.TEXT: _Scanner.text,
    Mode.COMMENT: _Scanner.comment,
    Mode.DECLARATION: _Scanner.declaration,
    Mode.RAW: _Scanner.raw,
    Mode.ESCAPABLE: _Scanner.raw,
    Mode.TAG: _Scanner.tag,
    Mode.QUOTED: _Scanner.quoted,
    Mode.UNQUOTED: _Scanner.unquoted,
}
