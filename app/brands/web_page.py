"""Finds on a web page what a brand kit could take over: a logo, colours and social links. It keeps nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from app.brands.fetching import Fetcher, NotFetched
from app.kernel.translatable import N_

MOST_PAGE_BYTES = 2 * 1024 * 1024
MOST_STYLE_BYTES = 512 * 1024
_MOST_STYLES = 3
_MOST_LOGOS = 4
_MOST_COLORS = 6
_HEX = re.compile(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?![0-9a-fA-F])")
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)")
# How many shades a colour must differ from grey to be somebody's own.
_COLOURED = 40
_HOSTS = {
    "facebook.com": "facebook", "instagram.com": "instagram", "linkedin.com": "linkedin", "mastodon.social": "mastodon",
    "bsky.app": "bluesky", "pinterest.com": "pinterest", "tiktok.com": "tiktok", "threads.net": "threads",
    "threads.com": "threads", "weixin.qq.com": "wechat", "weibo.com": "weibo", "twitter.com": "x", "x.com": "x",
    "xiaohongshu.com": "xiaohongshu", "youtube.com": "youtube",
}  # fmt: skip
_SHARING = re.compile(r"share|intent|sharer|/login|/plugins/")


@dataclass(frozen=True)
class Suggestions:
    """What was found: addresses of pictures, colours "#rrggbb" the likeliest first, and (network, url)."""

    url: str
    name: str
    logos: tuple[str, ...]
    colors: tuple[str, ...]
    social: tuple[tuple[str, str], ...]

    @property
    def is_empty(self) -> bool:
        """Say whether nothing was found."""
        return not (self.logos or self.colors or self.social)


def read(url: str, fetcher: Fetcher) -> Suggestions:
    """Return what a page suggests; raise NotFetched. Style sheets that cannot be read are passed over."""
    typed = url.strip()
    found = fetcher.fetch(typed if "://" in typed else f"https://{typed}", most_bytes=MOST_PAGE_BYTES)
    if found.media_type not in ("text/html", "application/xhtml+xml"):
        raise NotFetched(N_("There is no web page at this address."), field="url")
    page = _Page()
    page.feed(found.data.decode("utf-8", "replace"))
    styles = list(page.styles)
    for address in page.sheets[:_MOST_STYLES]:
        try:
            styles.append(
                fetcher.fetch(urljoin(found.url, address), most_bytes=MOST_STYLE_BYTES).data.decode("utf-8", "replace")
            )
        except NotFetched:
            continue
    return Suggestions(
        url=found.url,
        name=" ".join(page.name.split())[:120],
        logos=tuple(_addresses(found.url, page.logos))[:_MOST_LOGOS],
        colors=tuple(_colors(page.theme, styles)),
        social=tuple(_social(_addresses(found.url, page.links))),
    )


def network_of(url: str) -> str:
    """Return the network an address belongs to; "website" for any other."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return next((name for known, name in _HOSTS.items() if host == known or host.endswith(f".{known}")), "website")


class _Page(HTMLParser):
    """Collects what may be a logo, a colour or a social link."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.logos: list[str] = []
        self.icons: list[str] = []
        self.links: list[str] = []
        self.sheets: list[str] = []
        self.styles: list[str] = []
        self.theme = ""
        self.name = ""
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._within = tag if tag in ("style", "title") else ""
        if given.get("style"):
            self.styles.append(given["style"])
        if tag == "meta":
            self._meta(given)
        elif tag == "link":
            self._link(given)
        elif tag == "img" and "logo" in " ".join(given.get(name, "") for name in ("src", "alt", "class", "id")).lower():
            self.logos.insert(0, given.get("src", ""))
        elif tag == "a":
            self.links.append(given.get("href", ""))

    def handle_endtag(self, _tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "style":
            self.styles.append(data)
        elif self._within == "title" and not self.name:
            self.name = data

    def _meta(self, given: dict[str, str]) -> None:
        name, content = (given.get("property") or given.get("name") or "").lower(), given.get("content", "")
        if name == "theme-color":
            self.theme = self.theme or content
        elif name == "og:site_name":
            self.name = content
        elif name == "og:image":
            self.logos.append(content)

    def _link(self, given: dict[str, str]) -> None:
        kinds = given.get("rel", "").lower().split()
        if "stylesheet" in kinds:
            self.sheets.append(given.get("href", ""))
        elif "apple-touch-icon" in kinds:
            self.logos.append(given.get("href", ""))


def _addresses(base: str, found: Iterable[str]) -> list[str]:
    """Return whole addresses of the web, each once; mailboxes show no SVG, so none of these."""
    whole = (urljoin(base, address.strip()) for address in found if address.strip())
    usable = (each for each in whole if each.startswith(("https://", "http://")) and len(each) <= 1000)
    return list(dict.fromkeys(each for each in usable if not urlsplit(each).path.lower().endswith(".svg")))


def _colors(theme: str, styles: list[str]) -> list[str]:
    """Return the colours that are used most, greys left out; what the page calls its own stands first."""
    counted: Counter[str] = Counter()
    for style in styles:
        counted.update(_normal(found[1]) for found in _HEX.finditer(style))
        counted.update(_of_parts(found.groups()) for found in _RGB.finditer(style))
    own = [_normal(found[1]) for found in _HEX.finditer(theme)]
    ordered = dict.fromkeys([*own, *(color for color, _ in counted.most_common(60))])
    return [color for color in ordered if color in own or _is_coloured(color)][:_MOST_COLORS]


def _normal(digits: str) -> str:
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits)).lower()


def _of_parts(parts: Iterable[str]) -> str:
    return "#" + "".join(f"{min(255, int(part)):02x}" for part in parts)


def _is_coloured(color: str) -> bool:
    parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return max(parts) - min(parts) >= _COLOURED


def _social(links: list[str]) -> list[tuple[str, str]]:
    """Return the first link to each network, without those that share a page."""
    found: dict[str, str] = {}
    for link in links:
        network = network_of(link)
        has_path = len(urlsplit(link).path.strip("/")) > 0
        if network != "website" and has_path and not _SHARING.search(link):
            found.setdefault(network, "https://" + link.partition("://")[2])
    return list(found.items())
