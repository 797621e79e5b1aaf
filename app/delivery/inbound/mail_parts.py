"""Splits the bytes of a mail into headers and parts, in time that grows with their number alone, whatever they are.

The standard library's parser takes time squared in the depth of parts and in the length of a folded header; mails come
from strangers. What goes beyond the limits here is refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

MOST_HEADER_BYTES = 64 * 1024
MOST_HEADERS = 1_000
MOST_PARTS = 200
DEEPEST = 12
_LONGEST_VALUE = 4_000
_LONGEST_PARAMETERS = 1_000
_PART_HEADER_BYTES = 16 * 1024
_END_OF_HEADERS = re.compile(rb"(?:\A|\n)\r?\n")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)

# A header's values by lower-case name; of several the first counts.
Fields = dict[str, str]


class Unreadable(Exception):
    """No person's mail program writes mails like this one; the message tells the peer why."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its headers as they stand, and its bytes. A multipart has parts instead."""

    headers: Fields
    body: bytes
    parts: tuple[Part, ...] = ()

    @property
    def kind(self) -> str:
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind if "/" in kind else "text/plain"

    @property
    def is_attached(self) -> bool:
        return self.headers.get("content-disposition", "").strip().lower().startswith("attachment")

    def parameter(self, name: str) -> str:
        """Return a parameter of Content-Type, or an empty string."""
        return _parameter(self.headers.get("content-type", ""), name)

    def own_parts(self) -> list[Part]:
        """Return what was written in this mail, in order; a mail it quotes stays one part."""
        own, waiting = [], [self]
        while waiting:
            part = waiting.pop()
            waiting.extend(reversed(part.parts))
            if not part.parts:
                own.append(part)
        return own


def split(raw: bytes) -> Part:
    """Split any bytes; raise Unreadable beyond the limits."""
    end = _END_OF_HEADERS.search(raw, 0, MOST_HEADER_BYTES)
    if end is None and len(raw) > MOST_HEADER_BYTES:
        raise Unreadable("its header is too large")
    return _Splitter().part(raw, MOST_HEADER_BYTES, 0)


class _Splitter:
    """Counts the parts of one mail."""

    def __init__(self) -> None:
        self._left = MOST_PARTS

    def part(self, raw: bytes, header_bytes: int, depth: int) -> Part:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise Unreadable("it has too many parts")
        headers, body = _headers_and_body(raw, header_bytes)
        whole = Part(headers, body)
        boundary = whole.parameter("boundary") if whole.kind.startswith("multipart/") else ""
        if not boundary:
            return whole
        pieces = _cut(body, boundary)
        return Part(headers, b"", tuple([self.part(piece, _PART_HEADER_BYTES, depth + 1) for piece in pieces]))


def _headers_and_body(raw: bytes, header_bytes: int) -> tuple[Fields, bytes]:
    end = _END_OF_HEADERS.search(raw, 0, header_bytes)
    if end is None and len(raw) > header_bytes:
        return {}, raw
    head, body = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
    headers = fields(head)
    return (headers, body) if headers or not head else ({}, raw)


def fields(block: bytes) -> Fields:
    """Read header fields, unfolded. A line that is none is passed over, and takes no other with it."""
    found: dict[str, bytes] = {}
    name, lines = "", []
    for line in block.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            lines.append(line)
            continue
        _keep(found, name, lines)
        match = _FIELD.fullmatch(line)
        name, lines = (match[1].decode("ascii").lower(), [match[2]]) if match else ("", [])
        if len(found) >= MOST_HEADERS:
            break
    _keep(found, name, lines)
    return {key: value.decode("utf-8", "replace") for key, value in found.items()}


def _keep(found: dict[str, bytes], name: str, lines: list[bytes]) -> None:
    if name and name not in found:
        found[name] = b" ".join(b"".join(lines)[:_LONGEST_VALUE].replace(b"\0", b"").split())


def groups(body: bytes, *, most: int = 100) -> list[Fields]:
    """Read the field groups of a report, which empty lines part."""
    pieces = re.split(rb"\r?\n[ \t]*\r?\n", body[:MOST_HEADER_BYTES].strip(), maxsplit=most)
    return [group for piece in pieces[:most] if (group := fields(piece))]


def _parameter(value: str, name: str) -> str:
    """Let the standard library read a field's parameters: it raises for some, and is slow for none as short as this."""
    field = Message()
    try:
        field.add_header("Content-Type", value[:_LONGEST_PARAMETERS])
        found = field.get_param(name, "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return str(found[2] if isinstance(found, tuple) else found).strip()


def _cut(body: bytes, boundary: str) -> list[bytes]:
    """Cut a multipart's body at the lines of its boundary; what is before the first or behind the last is nothing."""
    name = re.escape(boundary.encode("utf-8", "replace"))
    # Begins with a literal, which is what lets the search run at the speed of memory.
    line = re.compile(rb"\n--" + name + rb"(--)?[ \t]*+(?:\r?(?=\n)|\Z)")
    text = b"\n" + body
    pieces: list[bytes] = []
    begin: int | None = None
    for match in line.finditer(text):
        if begin is not None:
            pieces.append(text[begin : match.start()].removesuffix(b"\r"))
        if match[1] or len(pieces) > MOST_PARTS:
            return pieces
        begin = match.end() + 1
    if begin is not None:
        pieces.append(text[begin:])
    return pieces
