"""How is any HTML an author writes read to its end, soon, as browsers do? The library's parser, without its two traps.

It starts over at every tag, comment or quote that is never closed, which costs the square of their number, and it gives
up at ``<![`` with a word it does not know.
"""

from __future__ import annotations

from html.parser import HTMLParser

# Whatever is still open at the end is closed by this; where nothing is, it is a comment.
_LAST_WORD = "<!--\"'-->"


class HtmlReader(HTMLParser):
    """The parser for a mail's HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def read(self, html: str) -> None:
        """Read the whole of it."""
        self.feed(html + _LAST_WORD)
        self.close()

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Pass over ``<![...>``, whatever it says."""
        return self.parse_bogus_comment(i, report)
