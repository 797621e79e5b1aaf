"""Where the template language stands in a source: fields, blocks and comments, told apart from CSS and plain text.

``{#`` begins a comment in the template language, and an id's rule in CSS without spaces (``@media(..){#x{..}}``). It is
a comment where ``#}`` follows, unless a name stands right behind it and a brace before its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_OPENING = re.compile(r"\{[{%#]")
_CLOSINGS = {"{{": "}}", "{%": "%}"}
_STRING = r"\"(?:[^\"\\]|\\.){0,1000}\"|'(?:[^'\\]|\\.){0,1000}'"
_ENDS = {opening: re.compile(rf"{_STRING}|({re.escape(closing)})", re.DOTALL) for opening, closing in _CLOSINGS.items()}
_NAME = re.compile(r"-?[A-Za-z_\\\u0080-\U0010ffff]")


def find(source: str) -> Iterator[tuple[int, int]]:
    """Yield where each tag begins and ends, in linear time; an opening without a closing is plain text."""
    latest = {opening: source.rfind(closing) for opening, closing in _CLOSINGS.items()}
    at = comment_end = 0
    while opening := _OPENING.search(source, at):
        start = opening.start()
        if opening[0] == "{#":
            if 0 <= comment_end < start + 2:
                comment_end = source.find("#}", start + 2)
            is_rule = _NAME.match(source, start + 2) and source.find("{", start + 2, comment_end) >= 0
            if comment_end < 0 or is_rule:
                at = start + 2
                continue
            at = comment_end + 2
        elif latest[opening[0]] < start + 2:
            at = start + 1
            continue
        else:
            at = _end(source, opening[0], start + 2)
        yield start, at


def without_comments(source: str) -> str:
    """Return the source with comments taken out and its lines where they were."""
    out, end = [], 0
    for start, stop in find(source):
        if source.startswith("{#", start):
            out += [source[end:start], "\n" * source.count("\n", start, stop)]
            end = stop
    return "".join([*out, source[end:]])


def open_comment(source: str) -> int | None:
    """Return where a comment begins that never ends."""
    latest = source.rfind("#}")
    tail = source[max(latest, 0) :]
    found = re.search(r"\{#(?=[\s-]|\Z)", tail)
    inside = any(start <= max(latest, 0) + found.start() < stop for start, stop in find(source)) if found else True
    return None if found is None or inside else max(latest, 0) + found.start()


def _end(source: str, opening: str, at: int) -> int:
    """Return where a tag ends: at its closing outside quotes, or at the first there is where a quote stays open."""
    for found in _ENDS[opening].finditer(source, at):
        if found[1]:
            return found.end()
    return source.index(_CLOSINGS[opening], at) + 2
