"""The style rules of a mail, as far as they decide what people see: simple selectors, descendants, and the cascade.

What cannot be told from the mail alone (the reader's width, hovering, siblings) is left out. Reading and matching are
bounded: a style sheet that takes more than `MOST_STEPS` comparisons is given up, and the reader told so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

MOST_STEPS = 200_000
MOST_RULES = 4_000
RELEVANT = frozenset(
    {
        "display", "visibility", "opacity", "color", "background", "background-color", "background-image", "font",
        "font-size", "width", "height", "max-width", "max-height", "overflow", "overflow-x", "overflow-y", "position",
        "left", "right", "top", "bottom", "text-indent", "clip", "clip-path", "transform", "filter", "mso-hide",
        "content-visibility", "margin-left", "margin-top", "-webkit-text-fill-color", "zoom",
    }
)  # fmt: skip

_NOISE = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_PIECE = re.compile(r"([.#]?)((?:[\w-]|[^\x00-\x7f]|\\.)+)|(\*)|\[([^\]]*)\]|(::?[\w-]+(?:\([^)]*\))?)")
_ALWAYS = re.compile(
    r"\s*(?:only\s+)?(?:all|screen)?\s*(?:and\s*)?(?:\(\s*min-(?:device-)?width\s*:\s*(\d{1,6})\w*\s*\))?\s*"
)
# A telephone is at least this wide.
_NARROWEST = 320

Declarations = dict[str, tuple[str, bool]]


@dataclass(frozen=True)
class Element:
    """What a selector can ask of an element."""

    name: str
    id: str = ""
    classes: frozenset[str] = frozenset()


class HasElement(Protocol):
    """An open element of whoever walks through the mail."""

    @property
    def element(self) -> Element: ...


@dataclass(frozen=True)
class _Compound:
    name: str = ""
    ids: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()

    def fits(self, element: Element) -> bool:
        return (
            (not self.name or self.name == element.name)
            and (not self.ids or self.ids == {element.id})
            and self.classes <= element.classes
        )


@dataclass(frozen=True)
class _Rule:
    compounds: tuple[_Compound, ...]
    declarations: Declarations
    weight: tuple[int, int, int, int]


@dataclass
class Sheet:
    """All rules of a mail so far; `is_given_up` says that there were too many to tell."""

    is_given_up: bool = False
    _rules: dict[str, list[_Rule]] = field(default_factory=dict)
    _count: int = 0
    _steps: int = 0

    @property
    def is_empty(self) -> bool:
        """Say whether there is no rule at all."""
        return not self._count

    def add(self, css: str, media: str = "") -> None:
        """Take over a style element's rules."""
        if _holds_always(media):
            for selectors, body in _blocks(_NOISE.sub(" ", css)):
                self._add(selectors, body)

    def declared(self, element: Element, ancestors: Sequence[HasElement]) -> Declarations:
        """Return what the rules say of an element, the strongest of each property."""
        if not self._rules or self.is_given_up:
            return {}
        keys = ("*", element.name, *(f".{name}" for name in element.classes), f"#{element.id}")
        fitting = [rule for key in keys for rule in self._rules.get(key, ()) if self._fits(rule, element, ancestors)]
        return merged(rule.declarations for rule in sorted(fitting, key=lambda rule: rule.weight))

    def _add(self, selectors: str, body: str) -> None:
        given = {name: value for name, value in declarations(body).items() if name in RELEVANT}
        for selector in selectors.split(",") if given else ():
            compounds = _compounds(selector)
            if compounds is None:
                continue
            self._count += 1
            if self._count > MOST_RULES:
                self.is_given_up = True
                return
            latest = compounds[-1]
            key = next((f"#{name}" for name in latest.ids), "") or next((f".{name}" for name in latest.classes), "")
            weight = (
                sum(len(each.ids) for each in compounds),
                sum(len(each.classes) for each in compounds),
                sum(bool(each.name) for each in compounds),
                self._count,
            )
            self._rules.setdefault(key or latest.name or "*", []).append(_Rule(compounds, given, weight))

    def _fits(self, rule: _Rule, element: Element, ancestors: Sequence[HasElement]) -> bool:
        self._steps += 1
        if not rule.compounds[-1].fits(element):
            return False
        wanted = list(rule.compounds[:-1])
        for ancestor in reversed(ancestors) if wanted else ():
            self._steps += 1
            if wanted[-1].fits(ancestor.element):
                wanted.pop()
                if not wanted:
                    break
        self.is_given_up |= self._steps > MOST_STEPS
        return not wanted


def declarations(body: str) -> Declarations:
    """Read ``name: value; ...`` of a rule or a style attribute."""
    found: Declarations = {}
    for line in _NOISE.sub(" ", body).lower().split(";"):
        name, colon, value = line.partition(":")
        if colon:
            plain, important, _rest = value.partition("!important")
            name, is_important = name.strip(), bool(important)
            if is_important or not found.get(name, ("", False))[1]:
                found[name] = (plain.strip(), is_important)
    return found


def merged(layers: Iterator[Declarations] | Sequence[Declarations]) -> Declarations:
    """Return the strongest of each property; a later layer is stronger unless an earlier one says !important."""
    found: Declarations = {}
    for layer in layers:
        for name, (value, is_important) in layer.items():
            if is_important or not found.get(name, ("", False))[1]:
                # What is shorthand for another property takes its place.
                for other in _REPLACED.get(name, ()):
                    found.pop(other, None)
                found.pop(name, None)
                found[name] = (value, is_important)
    return found


_REPLACED: Mapping[str, tuple[str, ...]] = {
    "background": ("background-color", "background-image"),
    "font": ("font-size",),
}


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield selectors and body of each rule that always holds, in linear time; what is nested deeper is left out."""
    at, opened = 0, [True]
    prelude_from = 0
    for brace in re.finditer(r"[{};]", css):
        at, sign = brace.start(), brace[0]
        prelude = css[prelude_from:at].strip()
        if sign == "{":
            opened.append(opened[-1] and (not prelude.startswith("@") or _is_open_at_rule(prelude)))
            if opened[-1] and not prelude.startswith("@"):
                end = css.find("}", at)
                yield prelude, css[at + 1 : end if end >= 0 else len(css)]
                opened[-1] = False
        elif sign == "}" and len(opened) > 1:
            opened.pop()
        prelude_from = at + 1


def _is_open_at_rule(prelude: str) -> bool:
    return prelude[:6].lower() == "@media" and _holds_always(prelude[6:])


def _holds_always(media: str) -> bool:
    """Say whether a list of media queries holds in any mailbox."""
    for query in media.lower().split(","):
        found = _ALWAYS.fullmatch(query)
        if found and int(found[1] or 0) <= _NARROWEST:
            return True
    return not media.strip()


def _compounds(selector: str) -> tuple[_Compound, ...] | None:
    """Read a selector; None where it says what a mail alone cannot tell."""
    found = []
    for word in selector.replace(">", " ").split():
        name, ids, classes, end = "", set(), set(), 0
        for piece in _PIECE.finditer(word):
            if piece.start() != end:
                return None
            end = piece.end()
            if piece[5] in (":link", ":any-link"):
                continue
            if piece[4] is not None or piece[5]:
                return None
            if piece[1] == "#":
                ids.add(piece[2])
            elif piece[1] == ".":
                classes.add(piece[2])
            elif piece[2]:
                name = piece[2].lower()
        if end != len(word):
            return None
        found.append(_Compound(name, frozenset(ids), frozenset(classes)))
    return tuple(found) or None
