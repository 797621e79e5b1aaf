"""What of a mail's HTML people see: walks the tags with the styles that apply and says of each text whether it shows.

Whoever wants to hide a link has many ways; in doubt something counts as hidden, because what depends on it (the footer
with the unsubscribe link) is then added once more.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from app.rendering.html import character_references, colours, html_tokens, stylesheet
from app.rendering.html.colours import Colour
from app.rendering.html.html_tokens import End, Start, Text
from app.rendering.html.stylesheet import Declarations, Element, Sheet

DEEPEST = 200
NEVER_SHOWN = frozenset(
    {
        "head", "style", "script", "title", "template", "noscript", "object", "applet", "audio", "video", "canvas",
        "iframe", "svg", "math", "textarea", "select", "datalist", "noembed", "noframes", "frameset", "xmp", "map",
    }
)  # fmt: skip
# Elements and attributes that say nothing of how things show.
_PLAIN = frozenset(
    {
        "b", "br", "center", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "html", "i", "img", "li", "ol", "p", "s",
        "small", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
    }
)  # fmt: skip
_TELLING = frozenset({"style", "hidden", "bgcolor", "background", "text"})
_STAY_OPEN = frozenset({"html", "body"})
# A start tag that ends an open element of these names, unless one of the second stands between.
_ENDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "td": (frozenset({"td", "th"}), frozenset({"table"})),
    "th": (frozenset({"td", "th"}), frozenset({"table"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
    "tbody": (frozenset({"thead", "tbody", "tfoot"}), frozenset({"table"})),
    "tfoot": (frozenset({"thead", "tbody", "tfoot"}), frozenset({"table"})),
    "a": (frozenset({"a"}), frozenset({"td", "th", "table"})),
    "body": (frozenset({"head"}), frozenset()),
    **dict.fromkeys(
        ("p", "div", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "hr", "center", "section"),
        (frozenset({"p"}), frozenset({"td", "th", "table"})),
    ),
}
_STYLE = re.compile(r"<style", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([+-]?[\d.]{1,12})\s*(px|pt|em|rem|%|)")
_FONT_SIZE = re.compile(r"(?:^|\s)([\d.]{1,12})(px|pt|em|rem|%|)(?:\s*/|\s|$)")
_BLANK = re.compile(
    r"[\s\x00\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0]*"
)
_ZERO = re.compile(r"(?:scale[xy]?|scale3d)\(\s*0*\.?0*\s*[,)]")
_FAR = re.compile(r"translate[xy]?\([^)]*-\d{4,}")
_PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "%": 0.16}


@dataclass(frozen=True)
class Look:
    """How the text of an element shows. `hidden` holds for everything inside, `visible` may be switched back on."""

    hidden: bool = False
    visible: bool = True
    size: float = 16.0
    colour: Colour | None = colours.BLACK
    opacity: float = 1.0
    background: Colour | None = colours.WHITE

    @property
    def shows_pictures(self) -> bool:
        return not self.hidden and self.visible

    @cached_property
    def shows_text(self) -> bool:
        if not self.shows_pictures or self.size < 2 or self.opacity < 0.1:
            return False
        known = self.colour is not None and self.background is not None
        return not known or colours.contrast(self.colour, self.background) >= colours.LEAST_CONTRAST  # type: ignore[arg-type]


@dataclass(frozen=True)
class Open:
    """An open element, where it begins and how what is in it shows."""

    element: Element
    at: int
    depth: int
    look: Look


class Walk:
    """One walk through a mail: yields each token with the look of the place it stands at.

    Stretches that are `conditional` are there for some people only: what they open may hide what follows, what they
    close may stay open, and their text is left out.
    """

    def __init__(self, html: str, conditional: Sequence[tuple[int, int]] = ()) -> None:
        self._html, self._conditional = html, conditional
        self._tokens = html_tokens.Tokens(html)
        self._sheet = _sheet(html)
        self._too_deep = False
        self.open: list[Open] = []

    @property
    def is_unsure(self) -> bool:
        """Say whether there was too much of something to tell."""
        return self._too_deep or self._sheet.is_given_up

    @property
    def look(self) -> Look:
        """Return how text shows here."""
        return self.open[-1].look if self.open else Look()

    @property
    def closing(self) -> str:
        """Return the end tags after which something that is added here shows, where end tags can do that."""
        hidden = next((at for at, each in enumerate(self.open) if each.look.hidden or not each.look.visible), None)
        inside = self.open[hidden:] if hidden is not None else []
        ends = [f"</{each.element.name}>" for each in reversed(inside) if each.element.name not in _STAY_OPEN]
        return self._tokens.closing + "".join(ends)

    def __iter__(self) -> Iterator[tuple[Start | End | Text, Look]]:
        for token in self._tokens:
            if isinstance(token, Text):
                yield self._unconditional(token), self.look
            elif isinstance(token, Start):
                look = self._begin(token)
                yield token, look
            else:
                self._end(token)
                yield token, self.look

    def is_open(self, given: Open) -> bool:
        """Say whether an element that was open still is."""
        return given.depth < len(self.open) and self.open[given.depth] is given

    def span(self, at: int) -> tuple[int, int] | None:
        """Return the conditional stretch that this place stands in."""
        before = bisect_right(self._conditional, (at, len(self._html) + 1)) - 1
        found = self._conditional[before] if before >= 0 else None
        return found if found and found[0] <= at < found[1] else None

    def _end(self, token: End) -> None:
        """Close the nearest open element of this name and what is open inside it."""
        span = self.span(token.at) if token.name not in _STAY_OPEN else None
        for at in range(len(self.open) - 1, -1, -1) if token.name not in _STAY_OPEN else ():
            if self.open[at].element.name == token.name:
                if span is None or self.open[at].at >= span[0]:
                    del self.open[at:]
                return

    def _unconditional(self, token: Text) -> Text:
        """Return the text that everybody gets."""
        inside = bisect_right(self._conditional, (token.at, len(self._html) + 1)) - 1
        at, kept = token.at, []
        for start, end in self._conditional[max(inside, 0) :]:
            if start >= token.end:
                break
            if end > at:
                kept.append(self._html[at:start])
                at = max(at, end)
        if not kept:
            return token
        kept.append(self._html[at : token.end])
        return replace(token, text=character_references.in_text("\0".join(kept)))

    def _begin(self, token: Start) -> Look:
        names, boundary = _ENDS.get(token.name, (frozenset(), frozenset()))
        for at in range(len(self.open) - 1, -1, -1) if names else ():
            name = self.open[at].element.name
            if name in names:
                del self.open[at:]
                break
            if name in boundary:
                break
        classes = frozenset(token.attributes.get("class", "").split())
        element = Element(token.name, token.attributes.get("id", ""), classes)
        if token.name in _STAY_OPEN and any(each.element.name == token.name for each in self.open):
            return self.look
        look = self._look(token, element)
        if token.name not in html_tokens.VOID:
            if len(self.open) >= DEEPEST:
                self._too_deep = True
            else:
                self.open.append(Open(element, token.at, len(self.open), look))
        return look

    def _look(self, token: Start, element: Element) -> Look:
        if self._sheet.is_empty and token.name in _PLAIN and _TELLING.isdisjoint(token.attributes):
            return self.look
        said = stylesheet.merged(
            (
                self._sheet.declared(element, self.open),
                stylesheet.declarations(token.attributes.get("style", "")),
            )
        )
        inherited = self.look
        colour, opacity = _ink(token, said, inherited)
        return Look(
            hidden=inherited.hidden or _hides(token, said),
            visible=_visible(said, inherited),
            size=_size(said, inherited),
            background=_background(token, said, inherited),
            colour=colour,
            opacity=opacity,
        )


def _sheet(html: str) -> Sheet:
    """Return the rules of all style elements: they hold for the whole mail, also for what stands before them."""
    sheet, media = Sheet(), ""
    for token in html_tokens.Tokens(html) if _STYLE.search(html) else ():
        if isinstance(token, Start) and token.name == "style":
            media = token.attributes.get("media", "")
        elif isinstance(token, Text) and token.inside == "style":
            sheet.add(token.text, media)
    return sheet


def is_blank(text: str) -> bool:
    """Say whether a text shows nothing: white space and what has no width."""
    return _BLANK.fullmatch(text) is not None


def _hides(token: Start, said: Declarations) -> bool:
    def value(name: str) -> str:
        return said.get(name, ("", False))[0]

    if token.name in NEVER_SHOWN or (token.name == "details" and "open" not in token.attributes):
        return True
    if "hidden" in token.attributes and not value("display"):
        return True
    if value("display") == "none" or value("mso-hide") == "all" or value("content-visibility") == "hidden":
        return True
    if _is_number_below(value("opacity"), 0.1) or "opacity(0" in value("filter") or value("zoom") in ("0", "0%"):
        return True
    clips = "hidden" in (value("overflow") + value("overflow-x") + value("overflow-y")) or "clip" in value("overflow")
    if clips and any(_pixels(value(name), 99) <= 1 for name in ("height", "max-height", "width", "max-width")):
        return True
    if value("position") in ("absolute", "fixed", "relative") and any(
        abs(_pixels(value(name), 0)) >= 1_000 or _pixels(value(name), 0) <= -200
        for name in ("left", "right", "top", "bottom")
    ):
        return True
    if any(_pixels(value(name), 0) <= -1_000 for name in ("margin-left", "margin-top", "text-indent")):
        return True
    if value("position") in ("absolute", "fixed") and value("clip").startswith("rect(0"):
        return True
    cut = value("clip-path").replace(" ", "")
    if cut.startswith(("inset(50%", "inset(100%", "circle(0", "polygon(00", "polygon(0px0px,0px0px")):
        return True
    return bool(_ZERO.search(value("transform")) or _FAR.search(value("transform")))


def _visible(said: Declarations, inherited: Look) -> bool:
    value = said.get("visibility", ("", False))[0]
    return inherited.visible if value in ("", "inherit") else value not in ("hidden", "collapse")


def _size(said: Declarations, inherited: Look) -> float:
    value, is_shorthand = said.get("font-size", ("", False))[0], False
    if not value and "font" in said:
        value, is_shorthand = said["font"][0], True
    found = (_FONT_SIZE if is_shorthand else _LENGTH).search(value) if value else None
    if found is None:
        # A keyword: every one of them can be read.
        return inherited.size if value in ("", "inherit", "smaller", "larger") else 16.0
    number, unit = _float(found[1]), found[2]
    return number * (inherited.size if unit == "em" else inherited.size / 100 if unit == "%" else _PIXELS[unit])


def _ink(token: Start, said: Declarations, inherited: Look) -> tuple[Colour | None, float]:
    """Return colour and opacity of text; a link has a colour of its own."""
    written = said.get("-webkit-text-fill-color", said.get("color", ("", False)))[0]
    if not written and token.name == "font":
        written = token.attributes.get("color", "")
    if not written and token.name == "body":
        written = token.attributes.get("text", "")
    if not written or written in ("inherit", "currentcolor", "unset"):
        is_link = token.name == "a" and not written and "href" in token.attributes
        return (colours.LINK if is_link else inherited.colour), inherited.opacity
    return colours.read(written) or (None, 1.0)


def _background(token: Start, said: Declarations, inherited: Look) -> Colour | None:
    shorthand = said.get("background", ("", False))[0]
    plain = said.get("background-color", ("", False))[0]
    image = said.get("background-image", ("none", False))[0]
    if "url(" in shorthand + image or "gradient(" in shorthand + image or token.attributes.get("background"):
        return None
    found = colours.read(plain) if plain else colours.read_in_shorthand(shorthand)
    if found is None and not shorthand and not plain:
        found = colours.read(token.attributes.get("bgcolor", "")) if token.attributes.get("bgcolor") else None
    if found is None or found[1] < 0.5:
        return inherited.background
    return found[0]


def _pixels(value: str, otherwise: float) -> float:
    found = _LENGTH.match(value) if value else None
    return _float(found[1]) * _PIXELS[found[2]] if found else otherwise


def _is_number_below(value: str, bound: float) -> bool:
    found = _LENGTH.match(value) if value else None
    return found is not None and _float(found[1]) / (100 if found[2] == "%" else 1) < bound


def _float(digits: str) -> float:
    try:
        return float(digits)
    except ValueError:
        return 0.0
