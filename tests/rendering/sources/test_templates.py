"""From what an author writes to what people read."""

from __future__ import annotations

import time

import pytest

from app.campaigns.studio import previews
from app.rendering import compiler
from app.rendering.brands import Brand
from app.rendering.content import Content, Stream
from app.rendering.language import syntax
from app.rendering.slots import Slots
from app.rendering.sources import markup_review, placeholders, plain_text, templates

BRAND = Brand("Tea & Co", "en")
STREAM = Stream("Tea", "tea@shop.example", "https://m.example", list_id="tea.shop.example", postal_address="1 Lane",
                workspace={"sender_name": "Tea & <Co>"})  # fmt: skip
SLOTS = Slots("a@b.example", "m", "", "UUU", "PPP")
MJML = "<mjml><mj-body><mj-section><mj-column>\n{}\n</mj-column></mj-section></mj-body></mjml>"


def shown(html: str, customer: dict[str, object] | None = None, purchases: list[dict[str, object]] | None = None):
    content = Content("Hi", "", html, templates.to_text(html), "en")
    person = {"customer": customer or {}, "purchases": purchases or []}
    return compiler.compile_content(content, stream=STREAM).show(person, Slots("a@b.example", "m", "", "UUU", "PPP"))


def test_markdown_becomes_a_mail_with_everything_a_mail_needs():
    source = (
        "# Hello {{ customer.first_name }}\n\n**[Buy](https://tea.example/)**\n\n![A cup](https://tea.example/c.png)"
    )

    mail = shown(templates.to_html("markdown", source, BRAND), {"first_name": "Zoë <b>"})

    assert '<html lang="en" dir="ltr">' in mail.html
    assert 'role="article"' in mail.html
    assert "Hello Zoë &lt;b&gt;</h1>" in mail.html
    assert 'class="button" href="https://tea.example/"' in mail.html
    assert 'alt="A cup"' in mail.html
    assert "prefers-color-scheme:dark" in mail.html
    assert "Tea &amp; &lt;Co&gt;" in mail.html
    assert "Hello Zoë <b>" in mail.text
    assert "Buy (https://tea.example/)" in mail.text
    for part in (mail.html, mail.text):
        assert "1 Lane" in part
        assert "https://m.example/u/UUU" in part


def test_conditions_and_loops_in_markdown_keep_their_place():
    source = (
        "{% if customer.points < 5 %}\nFew\n{% else %}\nMany\n{% endif %}\n\n"
        "{% for item in purchases %}\n- {{ item.product }}\n{% endfor %}\n\nafter"
    )

    html = templates.to_html("markdown", source, BRAND)
    mail = shown(html, {"points": 9}, [{"product": "Oolong"}, {"product": "Sencha"}])

    assert "Few" not in mail.html
    assert mail.html.count("<ul") == mail.html.count("</ul>") == 2
    assert "- Oolong\n" in mail.text
    assert "- Sencha\n" in mail.text
    assert "after" in mail.text


def test_html_in_markdown_is_text():
    assert "<script" not in templates.to_html("markdown", "<script>alert(1)</script>", BRAND)


def test_right_to_left_languages_read_right_to_left():
    assert '<html lang="ar" dir="rtl">' in templates.to_html("markdown", "x", Brand("x", "ar"))


def test_mjml_becomes_html_with_merge_fields_language_and_no_foreign_fonts():
    source = MJML.format("<mj-text>Hi {{ customer.first_name }}{% if customer.n < 3 %}!{% endif %}</mj-text>")

    html = templates.to_html("mjml", source, BRAND)

    assert 'lang="en" dir="ltr"' in html
    assert "fonts.googleapis" not in html
    assert "Hi Ada!" in shown(html, {"first_name": "Ada", "n": 1}).html


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        (MJML.format("<mj-foo/>"), 2, "mj-foo"),
        (MJML.format("<mj-text>x"), 3, "closes what is not open"),
        (MJML.format('<mj-include path="/etc/passwd"/>'), 2, "included"),
        (MJML.format("<mj-text>{{ customer.frist_name }}</mj-text>"), 2, "not a field"),
        (MJML.format("<mj-text>{% for x in range(9) %}{% endfor %}</mj-text>"), 2, "loop"),
        ("<p>hello</p>", 1, "mjml"),
        ("", 1, "mjml"),
    ],
)
def test_a_mistake_in_mjml_is_told_where_it_is(source, line, says):
    problem = templates.problems_of("mjml", source, brand=BRAND, known_fields=())[0]

    assert problem.line == line
    assert says in problem.message


def test_raw_html_is_left_as_the_author_wrote_it():
    assert templates.to_html("html", "<p>{{ customer.city }}</p>", BRAND) == "<p>{{ customer.city }}</p>"


def test_text_leaves_out_what_nobody_sees():
    html = (
        "<html><head><title>t</title><style>p{}</style></head><body><div style='display: none'>hidden<br></div>"
        "<p>One <b>two</b></p><!-- no --><ul><li>a</li><li>b</li></ul><img src=x alt='A cup'>"
        "<a href='https://x.example'>link</a> <a href='#top'>top</a></body></html>"
    )

    assert plain_text.to_text(html) == "One two\n\n- a\n- b\n\nA cuplink (https://x.example) top\n"


@pytest.mark.parametrize(
    "source", ["{{ '{{' }}", "qx0zfxq {{ customer.city }}", "{# note #}x", "{{ customer.city", "{% if %}"]
)
def test_odd_sources_are_reported_or_kept_but_never_crash(source):
    problems = templates.problems_of("markdown", source, brand=BRAND)

    assert problems or syntax.check(templates.to_html("markdown", source, BRAND)) == []


STORMS = [
    "<mj",
    "<!--",
    '<a href="x" ',
    "<a b=c<",
    '<a="',
    "{{",
    "{%",
    "{{#}",
    "@media prefers-color-scheme:dark ",
    "<![",
    "</",
]


@pytest.mark.parametrize("piece", STORMS)
def test_no_source_takes_long_to_read(piece: str):
    """A draft is kept however it is written, and everybody's pages come from the same few processes."""
    source = piece * (60_000 // len(piece))
    began = time.process_time()
    templates.problems_of("mjml", source, brand=BRAND)
    placeholders.protect(source)
    previews.in_the_dark(source)
    plain_text.to_text(source)
    markup_review.review(source)

    assert time.process_time() - began < 2


def test_a_word_an_author_wrote_is_no_merge_field():
    """Otherwise one long tag could be put in a thousand places."""
    source = "{{ customer.city }} qx0zfxq qxqx0zfxq0zfxq"

    protected = placeholders.protect(source)

    assert protected.restore(protected.text).count("customer.city") == 1
    assert plain_text.to_text("<p>a</p><![if x]><p>b</p>") == "a\n\nb\n"


@pytest.mark.parametrize(
    "source",
    [
        MJML.format("<mj-text>x</mj-text>"),
        "<html><head></head><body>x</body></html>",
        "<html><head><title> </title></head><body>x</body></html>",
    ],
)
def test_the_subject_is_the_title_of_a_mail_that_has_none(source):
    html = templates.to_html("mjml" if "mj-" in source else "html", source, BRAND)
    content = Content("Tea for {{ customer.first_name }} & all", "", html, "", "en")
    mail = compiler.compile_content(content, stream=STREAM).show({"customer": {"first_name": "A<b"}}, SLOTS)

    assert mail.html.count("<title>") == 1
    assert "<title>Tea for A&lt;b &amp; all</title>" in mail.html.replace("<title> ", "<title>").replace(" </", "</")


def test_a_title_of_the_authors_own_stays():
    assert "<title>Mine</title>" in shown("<html><head><title>Mine</title></head><body>x</body></html>").html
