"""Protects merge fields while a converter that does not know them works on the source.

``{{ customer.points < 5 }}`` would be read as a tag by an MJML parser and as emphasis by Markdown, so each tag of the
template language becomes a word of letters and digits before, and itself again after.
"""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass

from app.rendering.language import tags

_WORD = re.compile(r"qx(\d{1,9})z(b|f)xq")


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
    """Replace every template tag by a word; a block tag's word differs from a field's.

    Words of the author's own that look like ours are kept in the same way.
    """
    places = heapq.merge(tags.find(source), ((word.start(), word.end()) for word in _WORD.finditer(source)))
    kept: list[str] = []
    out: list[str] = []
    end = 0
    for start, stop in places:
        if start >= end:
            kind = "b" if source.startswith(("{%", "{#"), start) else "f"
            out += [source[end:start], f"qx{len(kept)}z{kind}xq"]
            kept.append(source[start:stop])
            end = stop
    return Protected("".join([*out, source[end:]]), tuple(kept))


def is_block(word: str) -> bool:
    """Say whether a text is nothing but words that stand for block tags."""
    return bool(re.fullmatch(r"\s*(?:qx\d+zbxq\s*)+", word))
