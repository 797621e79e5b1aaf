"""The text part: lists as they are numbered, what is seen, and nothing that only looks like a merge field."""

from __future__ import annotations

import pytest

from app.rendering import compiler
from app.rendering.brands import Brand
from app.rendering.content import Content, Stream
from app.rendering.language import syntax
from app.rendering.slots import Slots
from app.rendering.sources import plain_text, templates

STREAM = Stream("Tea", "tea@shop.example", "https://m.example", list_id="tea.shop.example", lists=False)


def read(html: str, purchases: list[dict[str, object]] | None = None) -> str:
    content = Content("Hi", "", html, plain_text.to_text(html), "en")
    person = {"customer": {"city": "York"}, "purchases": purchases or []}
    return compiler.compile_content(content, stream=STREAM).show(person, Slots("a@b.example", "m")).text.strip()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ("<ol start=5><li>a<li>b</ol>", "5. a\n6. b"),
        ("<ol reversed><li>a<li>b<li>c</ol>", "3. a\n2. b\n1. c"),
        ("<ol reversed start=9><li>a<li>b</ol>", "9. a\n8. b"),
        ("<ol><li>a<li value=7>b<li>c</ol>", "1. a\n7. b\n8. c"),
        ("<ol type=a><li>a<li>b</ol>", "a. a\nb. b"),
        ("<ol type=I start=4><li>a<li>b</ol>", "IV. a\nV. b"),
        ("<ol start=x><li>a</ol>", "1. a"),
        ("<ol><li>a<ul><li>x<li>y</ul><li>b<ol><li>z</ol></ol>", "1. a\n  - x\n  - y\n2. b\n  1. z"),
        ("<ol><li><p>a</p></li><li><p>b</p></li></ol>", "1. a\n2. b"),
        ("<p>x</p><ul><li>a</ul><p>y</p>", "x\n\n- a\n\ny"),
    ],
)
def test_lists_are_numbered_as_they_are_shown(html, text):
    assert read(html) == text


def test_a_numbered_list_of_purchases_counts_what_each_person_bought():
    source = "<ol><li>first</li>{% for item in purchases %}<li>{{ item.product }}</li>{% endfor %}</ol>"

    assert read(source, [{"product": "Oolong"}, {"product": "Sencha"}]).split("\n") == [
        "1. first", "2. Oolong", "3. Sencha"
    ]  # fmt: skip


def test_markdown_numbers_its_lists_too():
    html = templates.to_html("markdown", "3. three\n4. four\n   - inner\n", Brand("Tea", "en"))

    assert "3. three\n4. four\n  - inner\n" in templates.to_text(html)


@pytest.mark.parametrize(
    "html",
    ["&#123;&#123; customer.email }}", "{<b>{</b> x }}", "{&#37; if %}", "&lbrace;# x", "{<i>{{ customer.city }}</i>",
     "&#123;{{ customer.city }}", "qx0zfxq &#123;qx0zfxq", "&#123;&#123;&#123;%"],
)  # fmt: skip
def test_braces_written_as_character_references_are_text_in_both_parts(html):
    """What passes the check must compile, and an author who escaped braces wants to see braces."""
    assert syntax.check(html) == []

    text = read(html)
    shown = html.replace("<b>", "").replace("</b>", "").replace("<i>", "").replace("</i>", "")
    for written, sign in (("&#123;", "{"), ("&#37;", "%"), ("&lbrace;", "{"), ("{{ customer.city }}", "York")):
        shown = shown.replace(written, sign)
    assert text == shown


@pytest.mark.parametrize("source", ["&#123;&#123; customer.nope }}", r"\{\{ x }}", "`{`{ x", "&#123;% if %}"])
def test_braces_escaped_in_markdown_stay_braces(source):
    html = templates.to_html("markdown", source, Brand("Tea", "en"))

    assert templates.problems_of("markdown", source, brand=Brand("Tea", "en")) == []
    assert syntax.check(html) == syntax.check(templates.to_text(html), kind="text") == []


@pytest.mark.parametrize(
    "hidden",
    ["<template>x</template>", "<p hidden>x</p>", "<style>.h{display:none}</style><p class=h>x</p>",
     "<p style='font-size:0'>x</p>", "<!-- x -->", "<noscript>x</noscript>"],
)  # fmt: skip
def test_what_is_not_seen_is_not_in_the_text(hidden):
    assert read(f"<p>a</p>{hidden}<p>b</p>") == "a\n\nb"


@pytest.mark.parametrize(
    "css",
    [
        "@media(max-width:600px){#x{color:red}}",
        "@media(max-width:600px){#x,#y{a:b}.z{c:d}}{#-q{e:f}}",
        ".a{b:c}{#\\31 {d:e}}",
    ],
)
@pytest.mark.parametrize("kind", ["html", "mjml"])
def test_minified_css_is_no_comment(css, kind):
    """`{#` begins a comment in the template language and a rule for an id in CSS without spaces."""
    source = {
        "html": f"<html><head><style>{css}</style></head><body>{{# note #}}Hi</body></html>",
        "mjml": f"<mjml><mj-head><mj-style>{css}</mj-style></mj-head><mj-body><mj-section><mj-column><mj-text>"
                "{# note #}Hi</mj-text></mj-column></mj-section></mj-body></mjml>",
    }[kind]  # fmt: skip

    assert templates.problems_of(kind, source, brand=Brand("Tea", "en")) == []
    html = templates.to_html(kind, source, Brand("Tea", "en"))
    shown = compiler.compile_content(Content("", "", html, "", "en"), stream=STREAM).show({}, Slots("a@b.example", "m"))
    assert "{#" + css.partition("{#")[2].partition("{")[0] in shown.html
    assert "note" not in shown.html


def test_a_comment_that_never_ends_is_told_where_it_begins():
    assert [(each.line, "comment" in each.message) for each in syntax.check("a\n{# note")] == [(2, True)]
