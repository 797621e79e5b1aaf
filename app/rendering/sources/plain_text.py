"""The mail as text: what is visible, in order, with the links written out and the lists numbered as they are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.rendering.html.html_tokens import Start, Text
from app.rendering.html.visibility import Open, Walk
from app.rendering.sources import list_numbers, placeholders

_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "hr", "dl", "pre"})
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_LINES = frozenset({"div", "tr", "br", "section", "article", "header", "footer", "dt", "dd", "center", "main", "nav"})
_CELLS = frozenset({"td", "th"})
_BLOCK_WORD = re.compile(r"^[ \t]*((?:qx\d+zbxq[ \t]*)+)\n+", re.MULTILINE)
_WORD = re.compile(r"qx(\d{1,9})zbxq")
# Signs of ours while the text is put together: a step of indentation, the end of a list mark, a field in one, and where
# one more item begins.
_STEP, _AFTER_MARK, _INDEX, _ITEM = "\x1c", "\x1d", "\x1e", "\x1f"
_OURS = str.maketrans("", "", _STEP + _AFTER_MARK + _INDEX + _ITEM)
# What the template language would read, in text that only looks like it.
_LITERAL = re.compile(r"\{(?=[{%#]|qx\d{1,9}z[bf]xq|\x1e)")


def to_text(html: str) -> str:
    """Return the text of a mail's HTML; merge fields, conditions and loops stay in it."""
    protected = placeholders.protect(html.translate(_OURS))
    text = "".join(_Reader(protected).read()).replace("\xa0", " ")
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    text = re.sub(rf"[ \n]*{_ITEM}", "\n", text)
    text = re.sub(rf"{_AFTER_MARK}\s*", " ", text)
    text = re.sub(rf"\n{{3,}}(?={_STEP}*)", "\n\n", text).strip()
    # A condition on a line of its own would leave an empty line behind.
    text = _BLOCK_WORD.sub(r"\1", text)
    text = _LITERAL.sub('{{ "{" }}', text)
    return protected.restore(_marks(text)) + "\n"


def _marks(text: str) -> str:
    """Write out indentation, and numbers that only the person's own list knows."""
    text = re.sub(rf"{_INDEX}(-?\d+){_INDEX}", _counted, text)
    return text.replace(_STEP, "  ")


def _counted(found: re.Match[str]) -> str:
    before = int(found[1])
    return "{{ loop.index }}" if not before else f"{{{{ loop.index + {before} }}}}"


@dataclass
class _List:
    """An open list: where its marks stand in the output, to be filled in when it is over."""

    place: Open
    loops: int
    is_ordered: bool
    given: Mapping[str, str]
    items: list[tuple[int, int | None]] = field(default_factory=list)
    count: int = 0

    @property
    def start(self) -> int | None:
        return list_numbers.read(self.given.get("start", ""))

    @property
    def is_reversed(self) -> bool:
        return "reversed" in self.given

    def labels(self) -> list[str]:
        """Return the marks of the items so far."""
        values = [value for _at, value in self.items]
        return list_numbers.labels(
            values, start=self.start, is_reversed=self.is_reversed, style=self.given.get("type", "")
        )


class _Reader:
    """Collects what people see."""

    def __init__(self, protected: placeholders.Protected) -> None:
        self._protected = protected
        self._walk = Walk(protected.text)
        self._out: list[str] = []
        self._links: list[tuple[Open, str, int]] = []
        self._lists: list[_List] = []
        self._loops = 0

    def read(self) -> list[str]:
        """Return the pieces of the text."""
        for token, look in self._walk:
            self._close()
            is_seen = not look.hidden and look.visible and look.size >= 2
            if isinstance(token, Text):
                self._count_loops(token.text)
                if is_seen:
                    self._out.append(re.sub(r"\s+", " ", token.text))
                else:
                    # Between the rows of a table nothing is read, and yet a condition there holds for what is.
                    self._out += [word[0] for word in _WORD.finditer(token.text)]
            elif isinstance(token, Start):
                if is_seen or token.name in ("td", "th"):
                    self._start(token)
            elif is_seen:
                self._out.append(self._gap(token.name))
        self._close(everything=True)
        return self._out

    def _start(self, token: Start) -> None:
        name, given = token.name, token.attributes
        if name == "a":
            self._links.append((self._walk.open[-1], given.get("href", ""), len(self._out)))
        elif name == "img":
            self._out.append(given.get("alt", ""))
        elif name == "li":
            self._item(given.get("value", ""))
        elif name == "hr":
            self._out.append("\n\n---\n\n")
        else:
            self._out.append(self._gap(name))
            if name in _LISTS:
                self._lists.append(_List(self._walk.open[-1], self._loops, name == "ol", given))

    def _item(self, value: str) -> None:
        within = self._lists[-1] if self._lists else None
        is_first = within is None or (len(self._lists) == 1 and not within.count)
        self._out.append(("\n" if is_first else _ITEM) + _STEP * max(0, len(self._lists) - 1))
        if within is not None:
            within.count += 1
        if within is None or not within.is_ordered:
            self._out.append("-" + _AFTER_MARK)
        elif self._loops > within.loops and not within.is_reversed:
            before = (1 if within.start is None else within.start) - 1 + len(within.items)
            self._out.append(f"{_INDEX}{before}{_INDEX}.{_AFTER_MARK}")
        else:
            within.items.append((len(self._out), list_numbers.read(value)))
            self._out.append("")

    def _close(self, *, everything: bool = False) -> None:
        """Finish links and lists that are no longer open."""
        while self._links and (everything or not self._walk.is_open(self._links[-1][0])):
            _place, href, start = self._links.pop()
            href, shown = href.strip(), "".join(self._out[start:]).strip()
            if href and not href.startswith("#") and href != shown:
                self._out.append(f" ({href})" if shown else href)
        while self._lists and (everything or not self._walk.is_open(self._lists[-1].place)):
            done = self._lists.pop()
            for (at, _value), label in zip(done.items, done.labels(), strict=True):
                self._out[at] = f"{label}.{_AFTER_MARK}"

    def _count_loops(self, text: str) -> None:
        for word in _WORD.finditer(text):
            tag = self._protected.restore(word[0])
            self._loops += bool(re.match(r"\{%[-+]?\s*for\b", tag)) - bool(re.match(r"\{%[-+]?\s*endfor\b", tag))

    def _gap(self, tag: str) -> str:
        if tag in _LISTS:
            return "\n" if self._lists else "\n\n"
        if tag in _PARAGRAPHS:
            return "\n" if tag == "p" and self._lists else "\n\n"
        if tag in _CELLS:
            return " "
        return "\n" if tag in _LINES else ""
