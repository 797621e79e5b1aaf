"""What the HTML of a mail has and lacks. Read once, as a mailbox or a screen reader would meet it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from jinja2 import TemplateSyntaxError

from app.rendering.html import obligations
from app.rendering.html.html_tokens import Start, Text
from app.rendering.html.visibility import Walk
from app.rendering.language import program, syntax
from app.rendering.sources import placeholders

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_POSTAL = re.compile(r"workspace\.postal_address\b")


@dataclass
class Review:
    """What was found in one mail."""

    has_language: bool = False
    has_direction: bool = False
    has_title: bool = False
    has_heading: bool = False
    has_unsubscribe: bool = False
    has_postal_address: bool = False
    images_without_alt: int = 0
    plain_links: list[str] = field(default_factory=list)
    dead_links: list[str] = field(default_factory=list)


def review(html: str) -> Review:
    """Return what a mail's HTML, merge fields still in it, has and lacks."""
    protected = placeholders.protect(html)
    found = Review(has_unsubscribe=_shows_unsubscribe_link(html))
    for token, look in Walk(protected.text):
        if isinstance(token, Start):
            _read_tag(token, found, protected)
        elif isinstance(token, Text) and look.shows_text:
            found.has_postal_address |= bool(_POSTAL.search(protected.restore(token.text)))
    return found


def _shows_unsubscribe_link(html: str) -> bool:
    try:
        return obligations.has_unsubscribe_link(program.lower(syntax.parse(html), html=True))
    except (TemplateSyntaxError, program.Misplaced, RecursionError, ValueError, OverflowError):
        return False


def _read_tag(token: Start, found: Review, protected: placeholders.Protected) -> None:
    given = token.attributes
    if token.name in ("html", "body"):
        found.has_language |= bool(given.get("lang"))
        found.has_direction |= bool(given.get("dir"))
    elif token.name in ("head", "title"):
        # An empty title is filled with the subject.
        found.has_title = True
    elif token.name in _HEADINGS or given.get("role") == "heading":
        found.has_heading = True
    elif token.name == "img" and "alt" not in given:
        found.images_without_alt += 1
    elif token.name == "a" and "href" in given:
        _read_link(protected.restore(given["href"]).strip(), found)


def _read_link(url: str, found: Review) -> None:
    if url in ("", "#") or url.startswith(("https://example.com", "javascript:")):
        found.dead_links.append(url)
    elif url.startswith("http://"):
        found.plain_links.append(url)
