"""From blocks to the mail people read: whatever the author does, it keeps what every mail needs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rendering import compiler
from app.rendering.blocks.goods import Good, Goods
from app.rendering.brands import Brand
from app.rendering.content import Content, Stream
from app.rendering.slots import Slots
from app.rendering.sources import templates

BRAND = Brand("Tea & Co", "en")
STREAM = Stream("Tea", "tea@shop.example", "https://m.example", list_id="tea.shop.example", postal_address="1 Lane",
                workspace={"sender_name": "Tea & <Co>"})  # fmt: skip
SLOTS = Slots("a@b.example", "m", "", "UUU", "PPP")


def html_of(*blocks: dict[str, Any], goods: Goods | None = None, is_canvas: bool = False, language: str = "en") -> str:
    """The HTML before people's values are filled in."""
    source = json.dumps({"blocks": [{"id": f"b{at}", **block} for at, block in enumerate(blocks)]})
    return templates.to_html("blocks", source, Brand("Tea & Co", language), goods=goods, is_canvas=is_canvas)


def shown(*blocks: dict[str, Any], customer: dict[str, Any] | None = None, goods: Goods | None = None):
    html = html_of(*blocks, goods=goods)
    content = Content("Hi", "", html, templates.to_text(html), "en")
    return compiler.compile_content(content, stream=STREAM).show(
        {"customer": {"tags": [], **(customer or {})}, "purchases": []}, SLOTS
    )


def test_every_block_is_drawn_and_a_mail_has_everything_a_mail_needs():
    mail = shown(
        {"kind": "header"},
        {"kind": "heading", "level": 1, "text": 'Hello {{ customer.first_name|default("you") }} & <all>'},
        {"kind": "text", "html": '<p>One</p><ul><li>Two</li></ul><p><a href="https://a.example/">Three</a></p>'},
        {"kind": "image", "src": "https://a.example/i.png?a=1&b=2", "alt": 'A "cup"', "href": "https://a.example/c"},
        {"kind": "button", "text": "Buy", "href": "https://a.example/buy"},
        {"kind": "columns", "columns": [[{"id": "l", "kind": "text", "html": "<p>Left</p>"}], []]},
        {"kind": "quote", "html": "<p>Good tea</p>", "author": "Ada"},
        {"kind": "divider"},
        {"kind": "spacer"},
        {"kind": "social", "links": [{"network": "Mastodon", "href": "https://m.example/@tea"}]},
        {"kind": "video", "src": "https://a.example/v.png", "title": "How to pour", "href": "https://a.example/v"},
        {"kind": "raw", "source": "<p>Own words</p>"},
        {"kind": "footer"},
        customer={"first_name": "Zoë"},
    )

    for words in ("Hello Zoë &amp; &lt;all&gt;", "One", "Two", "Three", "Buy", "Left", "Good tea", "Ada", "Mastodon",
                  "How to pour", "Own words", "Tea &amp; &lt;Co&gt;"):  # fmt: skip
        assert words in mail.html
    assert '<html lang="en" dir="ltr"' in mail.html
    assert 'role="article"' in mail.html
    assert 'alt="A &quot;cup&quot;"' in mail.html
    assert 'src="https://a.example/i.png?a=1&amp;b=2"' in mail.html
    assert "prefers-color-scheme:dark" in mail.html
    for words in ("Hello Zoë & <all>", "Buy (https://a.example/buy)", "1 Lane", "https://m.example/u/UUU"):
        assert words in mail.text
    assert mail.html.count("https://m.example/u/UUU") == 1
    assert mail.html.count("1 Lane") == 1


def test_without_a_footer_the_mail_has_one_all_the_same():
    mail = shown({"kind": "text", "html": "<p>x</p>"})

    assert "1 Lane" in mail.html
    assert "https://m.example/u/UUU" in mail.html


@pytest.mark.parametrize(
    ("condition", "seen_by"),
    [
        ({"field": "customer.city", "test": "equals", "value": "Paris"}, {"paris"}),
        ({"field": "customer.city", "test": "differs", "value": "Paris"}, {"rome", "nowhere"}),
        ({"field": "customer.city", "test": "filled"}, {"paris", "rome"}),
        ({"field": "customer.city", "test": "empty"}, {"nowhere"}),
        ({"field": "customer.tags", "test": "has_tag", "value": "vip"}, {"rome"}),
        ({"field": "customer.tags", "test": "lacks_tag", "value": "vip"}, {"paris", "nowhere"}),
    ],
)
@pytest.mark.parametrize("kind", ["text", "columns"])
def test_a_block_is_shown_to_those_it_is_for(kind: str, condition: dict[str, str], seen_by: set[str]):
    people: dict[str, dict[str, Any]] = {
        "paris": {"city": "Paris"}, "rome": {"city": "Rome", "tags": ["vip"]}, "nowhere": {"city": None},
    }  # fmt: skip
    block: dict[str, Any] = {"kind": "text", "html": "<p>SECRET</p>", "when": condition}
    if kind == "columns":
        inner = {"id": "in", "kind": "text", "html": "<p>SECRET</p>"}
        block = {"kind": "columns", "columns": [[inner], []], "when": condition}
    around = ({"kind": "text", "html": "<p>before</p>"}, block, {"kind": "text", "html": "<p>after</p>"})

    mails = {name: shown(*around, customer=person) for name, person in people.items()}

    assert {name for name, mail in mails.items() if "SECRET" in mail.html} == seen_by
    assert {name for name, mail in mails.items() if "SECRET" in mail.text} == seen_by
    assert all("before" in mail.html and "after" in mail.html for mail in mails.values())


def test_products_stand_beside_one_another_with_price_and_button():
    goods = {"b0": (Good("Oolong", "https://s.example/o", "https://s.example/o.png", "€9.80"), Good("Sencha <b>"))}

    html = html_of({"kind": "product", "source": "popular", "columns": 2, "button": "Look"}, goods=goods)

    assert html.count("mj-column-per-50") >= 2
    assert "€9.80" in html
    assert "Sencha &lt;b&gt;" in html
    assert html.count(">Look</a>") == 1
    assert "€9.80" not in html_of({"kind": "product", "shows_price": False}, goods=goods)


def test_the_canvas_marks_every_block_and_leaves_conditions_out():
    blocks = (
        {"kind": "text", "html": "<p>x</p>", "when": {"field": "customer.city", "test": "filled"}, "hide_on": "phone"},
        {"kind": "image"},
        {"kind": "columns", "columns": [[], []]},
        {"kind": "product"},
        {"kind": "raw", "format": "mjml", "source": "<mj-text>y</mj-text>"},
    )
    canvas, mail = html_of(*blocks, is_canvas=True), html_of(*blocks)

    assert set(re.findall(r"\bb-(b\d)\b", canvas)) == {"b0", "b1", "b2", "b3", "b4"}
    assert "{%" not in canvas
    assert "missing-picture" in canvas
    assert not re.search(r"\bb-b\d", mail)
    assert "missing-picture" not in mail
    assert "hide-phone" in mail


def test_who_reads_from_right_to_left_has_text_and_columns_so():
    html = html_of({"kind": "text", "html": "<p>x</p>"}, {"kind": "button", "text": "y", "align": "end"}, language="ar")

    assert '<html lang="ar" dir="rtl"' in html
    assert "text-align:right" in html
    assert 'align="left"' in html
    assert "direction:rtl" in html


words = st.text(max_size=40)
leaf = st.one_of(
    st.fixed_dictionaries({"kind": st.just("heading"), "text": words, "level": st.sampled_from([1, 2, 3])}),
    st.fixed_dictionaries({"kind": st.just("text"), "html": words}),
    st.fixed_dictionaries({"kind": st.just("quote"), "html": words, "author": words}),
    st.fixed_dictionaries({"kind": st.just("button"), "text": words, "is_wide": st.booleans()}),
    st.fixed_dictionaries({"kind": st.just("image"), "alt": words, "src": st.just("https://a.example/i.png")}),
    st.fixed_dictionaries({"kind": st.just("video"), "title": words}),
    st.fixed_dictionaries({"kind": st.just("footer"), "html": words}),
)


@given(st.lists(leaf, max_size=6))
@settings(max_examples=40, deadline=None)
def test_whatever_is_written_is_text_and_the_mail_stays_whole(blocks: list[dict[str, Any]]):
    named = [{"id": f"b{at}", **block} for at, block in enumerate(blocks)]
    source = json.dumps({"blocks": named})
    if templates.problems_of("blocks", source, brand=BRAND, known_fields=()):
        return
    html = templates.to_html("blocks", source, BRAND)
    mail = compiler.compile_content(Content("Hi", "", html, templates.to_text(html), "en"), stream=STREAM).show(
        {"customer": {"tags": []}, "purchases": []}, SLOTS
    )

    assert "https://m.example/u/UUU" in mail.html
    assert "1 Lane" in mail.html
    assert not re.search(r"<(script|iframe|object|form|input)\b", mail.html, re.IGNORECASE)
    assert mail.html.count("<body") == mail.html.count("</body>") == 1


def test_a_problem_names_its_block():
    source = json.dumps(
        {
            "blocks": [
                {"id": "ok", "kind": "text", "html": "<p>x</p>"},
                {"id": "bad", "kind": "heading", "text": "{{ customer.shoe_size }}"},
                {"id": "who", "kind": "divider", "when": {"field": "customer.nothing", "test": "filled"}},
                {"id": "theirs", "kind": "text", "html": "<p>*|FNAME|*</p>"},
            ]
        }
    )
    foreign = templates.problems_of("blocks", source, brand=BRAND, known_fields=())
    without = source.replace("*|FNAME|*", "")
    unknown = templates.problems_of("blocks", without, brand=BRAND, known_fields=())

    assert [each.block for each in foreign] == ["theirs"]
    assert [each.block for each in unknown] == ["bad", "who"]
    assert templates.problems_of("blocks", without, brand=BRAND, known_fields=("shoe_size", "nothing")) == []


def test_mjml_that_cannot_be_read_is_told():
    block = {"id": "raw", "kind": "raw", "format": "mjml", "source": "<mj-text>never closed"}
    problems = templates.problems_of("blocks", json.dumps({"blocks": [block]}), brand=BRAND, known_fields=())

    assert [each.message for each in problems] != []


def test_forty_blocks_are_a_mail_that_mailboxes_do_not_cut():
    block = {"kind": "text", "html": f"<p>{'word ' * 60}</p>", "when": {"field": "customer.city", "test": "filled"}}
    html = html_of(*[dict(block) for _ in range(40)])

    assert len(html.encode()) < 100 * 1024
