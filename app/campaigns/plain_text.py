"""How does the mail read as text? What is visible, in order, with the links written out."""

from __future__ import annotations

import re

from app.campaigns import placeholders
from app.campaigns.html_reading import HtmlReader

_HIDDEN = frozenset({"head", "style", "script", "title", "noscript"})
_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "hr"})
_LINES = frozenset({"div", "tr", "br", "section", "article", "header", "footer"})
_BLOCK_WORD = re.compile(r"^[ \t]*((?:qx\d+zbxq[ \t]*)+)\n+", re.MULTILINE)


def to_text(html: str) -> str:
    """Return the text of a mail's HTML; merge fields, conditions and loops stay in it."""
    protected = placeholders.protect(html)
    reader = _Reader()
    reader.read(protected.text)
    text = "".join(reader.out).replace("\xa0", " ")
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    # A condition on a line of its own would leave an empty line behind.
    return protected.restore(_BLOCK_WORD.sub(r"\1", text)) + "\n"


class _Reader(HtmlReader):
    """Collects what people see; `_skipping` counts the hidden elements it stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.out: list[str] = []
        self._skipping: list[str] = []
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._skipping:
            if tag not in _VOID:
                self._skipping.append(tag)
            return
        style = (given.get("style") or "").replace(" ", "").lower()
        if tag in _HIDDEN or (tag not in _VOID and ("display:none" in style or "mso-hide:all" in style)):
            self._skipping.append(tag)
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self.out)))
        elif tag == "img":
            self.out.append(given.get("alt") or "")
        elif tag == "li":
            self.out.append("\n- ")
        elif tag == "hr":
            self.out.append("\n\n---\n\n")
        else:
            self.out.append(_gap(tag))

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            if tag in self._skipping:
                while self._skipping.pop() != tag:
                    pass
        elif tag == "a" and self._links:
            href, start = self._links.pop()
            shown = "".join(self.out[start:]).strip()
            if href and not href.startswith("#") and href != shown:
                self.out.append(f" ({href})" if shown else href)
        elif tag not in _VOID:
            self.out.append(_gap(tag))

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.out.append(re.sub(r"\s+", " ", data))


def _gap(tag: str) -> str:
    if tag in _PARAGRAPHS:
        return "\n\n"
    if tag in ("td", "th"):
        return " "
    return "\n" if tag in _LINES else ""
