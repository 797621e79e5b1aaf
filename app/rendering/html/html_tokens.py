"""HTML cut into tags and text as the HTML Standard says, in linear time whatever is left open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.rendering.html import character_references

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
# Nothing in these is a tag but their own end; in the second kind character references are read.
RAW_TEXT = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes"})
ESCAPABLE_RAW_TEXT = frozenset({"title", "textarea"})

_MARKUP = re.compile(r"<[A-Za-z/!?]")
_NAME = re.compile(r"[A-Za-z][^\s/>]*", re.ASCII)
_ATTRIBUTE = re.compile(
    r"[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)(\"|\Z)|'([^']*)('|\Z)|([^\s>\"'][^\s>]*)?))?",
    re.ASCII,
)
_TAG_END = re.compile(r"[\s/]*>", re.ASCII)
_COMMENT_END = re.compile(r"--!?>")
_RAW_ENDS = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE | re.ASCII) for name in (*RAW_TEXT, *ESCAPABLE_RAW_TEXT)
}


@dataclass(frozen=True)
class Start:
    """A start tag; of two attributes with one name the first counts."""

    name: str
    attributes: dict[str, str]
    at: int


@dataclass(frozen=True)
class End:
    """An end tag."""

    name: str
    at: int


@dataclass(frozen=True)
class Text:
    """Text between tags, its character references read. `inside` names a raw element it stands in."""

    text: str
    at: int
    end: int
    inside: str = ""


@dataclass
class Tokens:
    """One reading. When it is over, `closing` closes whatever was still open: a comment, a tag, a raw element."""

    html: str
    closing: str = ""
    _at: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[Start | End | Text]:
        html = self.html
        while self._at < len(html):
            found = _MARKUP.search(html, self._at)
            end = found.start() if found else len(html)
            if end > self._at:
                yield Text(character_references.in_text(html[self._at : end]), self._at, end)
            self._at = end
            if found:
                yield from self._markup(end)

    def _markup(self, at: int) -> Iterator[Start | End | Text]:
        html = self.html
        if html.startswith("<!--", at):
            self._comment(at + 4)
        elif name := _NAME.match(html, at + 1):
            yield from self._start(at, name)
        elif name := _NAME.match(html, at + 2) if html.startswith("</", at) else None:
            if self._attributes(name.end()) is not None:
                yield End(name[0].lower(), at)
        else:
            end = html.find(">", at)
            self._at = self._open(">") if end < 0 else end + 1

    def _comment(self, at: int) -> None:
        early = re.compile(r"-?>").match(self.html, at)
        end = early or _COMMENT_END.search(self.html, at)
        self._at = end.end() if end else self._open("-->")

    def _start(self, at: int, name: re.Match[str]) -> Iterator[Start | End | Text]:
        attributes = self._attributes(name.end())
        if attributes is None:
            return
        tag = name[0].lower()
        yield Start(tag, attributes, at)
        if tag in _RAW_ENDS:
            begin, end = self._at, _RAW_ENDS[tag].search(self.html, self._at)
            self._at = end.start() if end else self._open(f"</{tag}>")
            inside = self.html[begin : self._at]
            if inside:
                read = character_references.in_text(inside) if tag in ESCAPABLE_RAW_TEXT else inside
                yield Text(read, begin, self._at, tag)

    def _attributes(self, at: int) -> dict[str, str] | None:
        """Read up to the end of a tag; None where it never ends."""
        found: dict[str, str] = {}
        while not (end := _TAG_END.match(self.html, at)):
            attribute = _ATTRIBUTE.match(self.html, at)
            if attribute is None:
                self._at = self._open(">")
                return None
            name, double, is_closed, single, is_ended, bare = attribute.groups()
            if is_closed == "" or is_ended == "":
                self._at = self._open('">' if double is not None else "'>")
                return None
            value = next((each for each in (double, single, bare) if each is not None), "")
            found.setdefault(name.lower(), character_references.in_attribute(value))
            at = attribute.end()
        self._at = end.end()
        return found

    def _open(self, closing: str) -> int:
        self.closing = closing
        return len(self.html)
