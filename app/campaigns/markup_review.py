"""What does the HTML of a mail lack? Read once, as a mailbox or a screen reader would meet it."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.campaigns import placeholders
from app.campaigns.html_reading import HtmlReader


@dataclass
class Review:
    """What was found in one mail."""

    has_language: bool = False
    has_direction: bool = False
    has_unsubscribe: bool = False
    has_postal_address: bool = False
    images_without_alt: int = 0
    plain_links: list[str] = field(default_factory=list)
    dead_links: list[str] = field(default_factory=list)


def review(html: str) -> Review:
    """Return what a mail's HTML, merge fields still in it, has and lacks."""
    protected = placeholders.protect(html)
    found = Review(
        has_unsubscribe="unsubscribe_url" in html or "preferences_url" in html,
        has_postal_address="workspace.postal_address" in html,
    )
    reader = _Reader(found, protected)
    reader.read(protected.text)
    return found


class _Reader(HtmlReader):
    """Fills a review while it reads."""

    def __init__(self, found: Review, protected: placeholders.Protected) -> None:
        super().__init__()
        self._found, self._protected = found, protected

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("html", "body"):
            self._found.has_language |= bool(given.get("lang"))
            self._found.has_direction |= bool(given.get("dir"))
        elif tag == "img" and "alt" not in given:
            self._found.images_without_alt += 1
        elif tag == "a" and "href" in given:
            self._link(self._protected.restore(given["href"] or "").strip())

    def _link(self, url: str) -> None:
        if url in ("", "#") or url.startswith(("https://example.com", "javascript:")):
            self._found.dead_links.append(url)
        elif url.startswith("http://"):
            self._found.plain_links.append(url)
