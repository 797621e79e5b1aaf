"""A URL that an author wrote is the URL that people reach, in the tracked link and in the text part."""

from __future__ import annotations

from html import escape
from html.entities import html5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rendering import compiler
from app.rendering.brands import Brand
from app.rendering.content import Content, Stream
from app.rendering.html import character_references
from app.rendering.sources import plain_text, templates

STREAM = Stream("Tea", "tea@shop.example", "https://m.example", list_id="tea.shop.example", postal_address="1 Lane")
LEGACY = sorted(name for name in html5 if not name.endswith(";"))
PLAIN = "ABCXYZabcxyz0189-._~!$'()*+,;=:@/?"
# What URLs are made of, with every name that a careless reader takes for a character reference.
QUERIES = st.lists(
    st.one_of(
        st.text(PLAIN, max_size=8),
        st.builds("{}={}".format, st.sampled_from(LEGACY), st.text(PLAIN, max_size=4)),
        st.builds("{}{}".format, st.sampled_from(LEGACY), st.sampled_from(["ency=EUR", "ion=eu", "x", "1", "=", ""])),
        st.sampled_from(["%20", "%E4%B8%AD", "a[]=1", "utm_source=x|y", "", "qx0zfxq", "?", "a=b%26c"]),
    ),
    max_size=6,
).map("&".join)
URLS = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["shop.example", "Shop.Example:8443", "a.b-c.example:443", "127.0.0.1"]),
    st.text(PLAIN.replace("?", ""), max_size=12).map(lambda path: "/" + path),
    QUERIES.map(lambda query: f"?{query}"),
    st.sampled_from(["", "#top", "#/a?b=c&copy=1", "#"]),
)


def targets(html: str) -> tuple[str, ...]:
    return compiler.compile_content(Content("", "", html, "", "en"), stream=STREAM).links


def test_names_in_a_query_are_no_character_references():
    url = "https://shop.example/?a=1&currency=EUR&region=eu&copy=2&para=x&notify=1&order=5"

    assert targets(f'<a href="{url}">x</a>') == (url,)
    assert plain_text.to_text(f'<a href="{url}">x</a>') == f"x ({url})\n"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("?a=1&amp;b=2", "?a=1&b=2"),
        ("?a=1&#38;b&#x26;c", "?a=1&b&c"),
        ("?a&lt", "?a<"),
        ("?a&copy;=1", "?a©=1"),
        ("?a&copy=1", "?a&copy=1"),
        ("?a&copy1", "?a&copy1"),
        ("?a&copy-", "?a©-"),
        ("?&notit;&amp", "?&notit;&"),
        ("?&unknown;", "?&unknown;"),
    ],
)
def test_attributes_are_read_as_browsers_read_them(written, read):
    assert character_references.in_attribute(written) == read


@given(URLS)
@settings(max_examples=150, deadline=None)
def test_every_url_comes_out_as_it_was_put_in(url):
    """Written as it is, escaped, or without quotes: the tracked target and the text part hold the URL itself."""
    ways = [f'<a href="{escape(url)}">x</a>']
    # A reference that ends with its name is one for browsers too, so such a URL has to be escaped.
    if character_references.in_attribute(url) == url:
        ways += [f'<a href="{url}">x</a>', f"<a title=x href={url} class=y>x</a>"]
    for html in ways:
        assert targets(html) == (url,)
        assert plain_text.to_text(html) == f"x ({url})\n"


@given(URLS.filter(lambda url: not set("()[]|'$~") & set(url)))
@settings(max_examples=60, deadline=None)
def test_every_url_in_markdown_and_mjml_comes_out_as_it_was_put_in(url):
    for kind, source in (
        ("markdown", f"[x](<{escape(url)}>)"),
        ("mjml", "<mjml><mj-body><mj-section><mj-column><mj-button "
                 f'href="{escape(url)}">x</mj-button></mj-column></mj-section></mj-body></mjml>'),
    ):  # fmt: skip
        html = templates.to_html(kind, source, Brand("Tea", "en"))
        assert url in targets(html)
        assert f"({url})" in templates.to_text(html)


def test_only_what_a_url_may_not_hold_is_changed():
    assert targets('<a href=" https://bücher.example/ü?q=a b&x={y}">x</a>') == (
        "https://xn--bcher-kva.example/%C3%BC?q=a%20b&x=%7By%7D",
    )
