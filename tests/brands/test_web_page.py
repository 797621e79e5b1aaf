"""A web page suggests its logo, its colours and where else the company is found."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from app.brands import web_page
from app.brands.fetching import Fetched, NotFetched

HTML = b"""<!doctype html><html><head><title> Nordlicht
 Roses </title><meta name="theme-color" content="#0A5"><link rel="stylesheet" href="/site.css">
<link rel="stylesheet" href="/gone.css"><link rel="apple-touch-icon" href="/touch.png">
<style>a { color: #c2185b } p { color: #333333 } h1 { color: #c2185b }</style></head>
<body style="color: rgb(12, 34, 200)"><img src="img/Logo.png" alt=""><img class="logo" src="/logo.svg">
<a href="https://www.instagram.com/nordlicht">Instagram</a><a href="http://x.com/nordlicht">X</a>
<a href="https://facebook.com/sharer/sharer.php?u=1">Share</a><a href="https://instagram.com/other">Other</a>
<a href="javascript:alert(1)">Nothing</a><a href="https://example.com/instagram.com/x">Not it</a></body></html>"""


@dataclass
class Pages:
    """Answers from what it was given."""

    of: dict[str, tuple[str, bytes]]
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str, *, most_bytes: int) -> Fetched:
        self.asked.append(url)
        if url not in self.of:
            raise NotFetched
        return Fetched(url, *self.of[url])


def test_what_a_page_shows_is_suggested():
    site = {
        "https://nordlicht.example": ("text/html", HTML),
        "https://nordlicht.example/site.css": ("text/css", b".b{background:#FF8800} .c{color:#F80}"),
    }
    found = web_page.read("nordlicht.example", Pages(site))

    assert found.name == "Nordlicht Roses"
    assert found.logos == ("https://nordlicht.example/img/Logo.png", "https://nordlicht.example/touch.png")
    assert found.colors[0] == "#00aa55"
    assert set(found.colors[1:]) == {"#c2185b", "#ff8800", "#0c22c8"}
    assert found.social == (
        ("instagram", "https://www.instagram.com/nordlicht"),
        ("x", "https://x.com/nordlicht"),
    )


def test_a_page_that_shows_nothing_of_its_own_says_so():
    found = web_page.read("https://plain.example", Pages({"https://plain.example": ("text/html", b"<p>Hello")}))

    assert found.is_empty


def test_what_is_no_page_is_refused():
    with pytest.raises(NotFetched):
        web_page.read("https://plain.example", Pages({"https://plain.example": ("application/pdf", b"%PDF")}))


@pytest.mark.parametrize(
    ("url", "network"),
    [
        ("https://www.linkedin.com/company/x", "linkedin"),
        ("https://m.youtube.com/@x", "youtube"),
        ("https://weibo.com/x", "weibo"),
        ("https://notx.com/x", "website"),
        ("https://nordlicht.example", "website"),
    ],
)
def test_a_network_is_known_by_its_host(url, network):
    assert web_page.network_of(url) == network
