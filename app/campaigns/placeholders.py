"""How do merge fields survive a converter that knows nothing of them? They travel as plain words and are put back.

``{{ customer.points < 5 }}`` would be read as a tag by an MJML parser and as emphasis by Markdown, so each tag of the
template language becomes a word of letters and digits before, and itself again after.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_OPENING = re.compile(r"\{[{%#]")
_CLOSINGS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_WORD = re.compile(r"qx(\d+)z(b|f)xq")


@dataclass(frozen=True)
class Protected:
    """A source without template tags, and the tags that were in it."""

    text: str
    tags: tuple[str, ...]

    def restore(self, converted: str) -> str:
        """Put the tags back into what the converter made."""
        return _WORD.sub(lambda word: self._tag(int(word[1]), word[0]), converted)

    def missing_from(self, converted: str) -> list[int]:
        """Return the numbers of the tags a converter dropped."""
        kept = {int(word[1]) for word in _WORD.finditer(converted)}
        return [number for number in range(len(self.tags)) if number not in kept]

    def line_of(self, number: int) -> int:
        """Return the line of a tag in the source."""
        found = next((word for word in _WORD.finditer(self.text) if int(word[1]) == number), None)
        if found is None:
            return 1
        before = self.restore(self.text[: found.start()])
        return before.count("\n") + 1

    def _tag(self, number: int, word: str) -> str:
        return self.tags[number] if number < len(self.tags) else word


def protect(source: str) -> Protected:
    """Replace every template tag by a word; a block tag's word differs from a field's."""
    tags: list[str] = []

    out: list[str] = []
    # A space, so that what stood around a word that is none of ours does not become one.
    source, end = _WORD.sub(" ", source), 0
    for start, stop in _places(source):
        tags.append(source[start:stop])
        out += [source[end:start], f"qx{len(tags) - 1}z{'f' if source.startswith('{{', start) else 'b'}xq"]
        end = stop
    return Protected("".join([*out, source[end:]]), tuple(tags))


def _places(source: str) -> Iterator[tuple[int, int]]:
    """Yield where each tag begins and ends, in linear time: an opening with no closing behind it is not followed up."""
    latest = {closing: source.rfind(closing) for closing in _CLOSINGS.values()}
    at = 0
    while opening := _OPENING.search(source, at):
        start, closing = opening.start(), _CLOSINGS[opening[0]]
        if latest[closing] < start + 2:
            at = start + 1
            continue
        at = source.index(closing, start + 2) + 2
        yield start, at


def is_block(word: str) -> bool:
    """Say whether a text is nothing but words that stand for block tags."""
    return bool(re.fullmatch(r"\s*(?:qx\d+zbxq\s*)+", word))
