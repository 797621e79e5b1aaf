"""One mail, three ways of rendering it: what people read must be the same, and the octets must be safe to send."""

import re
import tracemalloc
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rendering import compiler, mime
from app.rendering.content import LARGEST_MESSAGE, Content, MessageTooLarge, Stream
from app.rendering.language import syntax
from app.rendering.slots import Slots
from bench import render as bench

DATE = mime.date_header(datetime(2026, 3, 2, 10, tzinfo=UTC))
SLOTS = Slots("ada@example.org", "M" * 62, "Ada", "U" * 62, "P" * 62, "C" * 62)
TRACKED = SLOTS._replace(click="K" * 62, open="O" * 62)

SOURCES = [
    "Hello {{ customer.first_name }}, {{ customer.last_name }}",
    "{{ customer.first_name }}\n.{{ customer.first_name }}\n..\n. x \n{{ customer.city }} \n",
    "{% if customer.city %} {{ customer.city }} {% else %}.{% endif %}\n{% if customer.n > 3 %}many{% endif %}.",
    "{% for p in purchases %}{{ loop.index }}/{{ loop.length }} {{ p.product }} {{ p.amount|money(p.currency) }}\n"
    "{% else %}nothing{% endfor %}",
    "{% for t in customer.tags %}{% for p in purchases %}{{ t }}={{ p.product }};{% endfor %}{% endfor %}",
    "{{ customer.first_name|default('you')|upper|truncate(9) }}{{ customer.n|number(2) }}{{ customer.tags|join('+') }}",
    "{{ 'a' ~ customer.city ~ none }}{{ customer.n + 1 }}"
    "{{ 'x' if customer.first_name == 'x' else customer.tags|length }}",
    '<p title="{{ customer.first_name }}">'
    "<a href='https://x.example/{{ customer.city }}?q={{ customer.last_name }}'>a</a>",
    '<a href="{{ customer.first_name }}">a</a><a href="https://a.example/?a=1&amp;b=2">b</a>'
    '<a href="{{ unsubscribe_url }}">c</a><!-- {{ customer.city }} -->' + "long " * 40,
    "<a href='https://bücher.example/straße'>ü</a>" + "é" * 90 + " \t\n  {{ customer.city }}\n" + "x" * 200,
    "{{ customer.n|round(1) }} {{ '2026-03-02'|date('%d.%m.%Y') }} {{ customer.missing|first }}"
    "{{ purchases[0].product }}",
    "{% if confirm_url %}{{ confirm_url|length }}{% endif %}{{ not customer.city }}{{ customer.city or 'none' }}",
]
HOSTILE = st.one_of(
    st.sampled_from(
        ["<b>1</b>", "Zoë", "李小明" * 12, ".", "..a", " . ", "a\r\nBcc: x@y", "=3D", "", "&amp;", "x" * 80]
    ),
    st.text(max_size=90),
)
PERSON = st.fixed_dictionaries(
    {
        "customer": st.fixed_dictionaries(
            {
                "first_name": st.one_of(st.none(), HOSTILE),
                "last_name": HOSTILE,
                "city": HOSTILE,
                "n": st.one_of(st.none(), st.integers(-9, 9), st.floats(allow_nan=False), st.text(max_size=3)),
                "tags": st.lists(HOSTILE, max_size=4),
            }
        ),
        "purchases": st.lists(
            st.fixed_dictionaries({"product": HOSTILE, "amount": st.just("12.5"), "currency": st.just("EUR")}),
            max_size=3,
        ),
    }
)


def a_stream(**changes):
    values = {
        "from_name": "Ada's Shop",
        "from_address": "news@shop.example",
        "public_url": "https://mail.shop.example",
        "list_id": "news.shop.example",
        "list_name": "News",
        "postal_address": "1 Main Street",
        **changes,
    }
    return Stream(**values)


def a_content(html, *, subject="Hi", preheader="", text="Hello", language="en"):
    return Content(subject, preheader, html, text, language)


def parts_of(raw: bytes) -> tuple[str, str]:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    plain, html = message.iter_parts()
    return plain.get_content(), html.get_content()


@settings(max_examples=60, deadline=None)
@given(source=st.sampled_from(SOURCES), person=PERSON, slots=st.sampled_from([SLOTS, TRACKED]))
def test_every_way_of_rendering_decodes_to_the_same_parts(source, person, slots):
    content = Content("S {{ customer.first_name }}", "{{ customer.city }}", source, source, "en")
    messages = [
        compiler.compile_content(content, stream=a_stream(), path=path).render(person, slots, date=DATE)
        for path in compiler.Path
    ]

    for one, other in pairwise(parts_of(raw) for raw in messages):
        assert one == other
    for raw in messages:
        assert_safe_to_send(raw)


def assert_safe_to_send(raw: bytes) -> None:
    """No bare CR or LF, no line over 76 or that begins with a full stop or ends in white space, CRLF at the end."""
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    body = raw.partition(b"\r\n\r\n")[2]
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert line == line.rstrip()
    assert raw.endswith(b"--\r\n")
    assert raw.isascii()


class _Shape(HTMLParser):
    """Collects which elements and attributes a document has."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[object] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, [name for name, _ in attrs]))

    def handle_endtag(self, tag):
        self.found.append(tag)

    def handle_comment(self, data):
        self.found.append("comment")


def shape_of(html: str) -> list[object]:
    shape = _Shape()
    shape.feed(html)
    shape.close()
    return shape.found


MARKUP = (
    '<p title="{{ customer.a }}" {% if customer.a %}lang="x"{% endif %}>{{ customer.a }}<!-- {{ customer.a }} -->'
    "<a href='{{ customer.a }}'>x</a><a href=\"https://x.example/{{ customer.a }}?q={{ customer.a|upper }}\">y</a>"
    "{{ customer.a|e }}{{ 'a' ~ customer.a }}{{ customer.tags|join('<') }}"
    "<title>{{ customer.a|truncate(9) }}</title></p>"
)


@settings(max_examples=150, deadline=None)
@given(
    value=st.one_of(
        st.text(min_size=1, max_size=40),
        st.text("<>\"'&=-! /a`{}%\\\n", min_size=1, max_size=40),
    )
)
def test_no_value_changes_the_shape_of_the_document(value):
    """Whatever a customer is called, the mail has the elements and attributes its author wrote."""
    message = compiler.compile_content(a_content(MARKUP), stream=a_stream())
    given_shape = shape_of(message.show({"customer": {"a": value, "tags": [value]}}, SLOTS).html)

    assert given_shape == shape_of(message.show({"customer": {"a": "x", "tags": ["x"]}}, SLOTS).html)


@settings(max_examples=200, deadline=None)
@given(source=st.text("<>\"'=/ abhref{}%!-\n", max_size=60))
def test_any_source_is_judged_and_what_passes_compiles(source):
    problems = {kind: syntax.check(source, kind=kind) for kind in ("html", "text", "line")}

    assert all(problem.message for found in problems.values() for problem in found)
    if not problems["html"]:
        assert compiler.compile_content(a_content(source), stream=a_stream()).render({}, SLOTS, date=DATE)


def test_the_flat_way_is_taken_for_all_that_is_allowed():
    """The fallbacks are a net; a source that lands in one would be slow for a million people."""
    for source in SOURCES:
        message = compiler.compile_content(a_content(source, text=source), stream=a_stream())

        assert message.paths == {compiler.Path.FLAT}, source


@pytest.mark.parametrize("path", list(compiler.Path))
def test_a_message_tells_the_path_it_takes(path):
    assert compiler.compile_content(a_content(SOURCES[0]), stream=a_stream(), path=path).paths == {path}


def test_shown_text_is_what_is_sent():
    message = compiler.compile_content(bench.sample_content(), stream=bench.sample_stream())
    person, slots = next(bench.sample_people(1))

    shown = message.show(person, slots)
    _, html = parts_of(message.render(person, slots._replace(click=None, open=None), date=DATE))

    assert html.replace("\r\n", "\n") == shown.html
    assert shown.subject == "Ada, spring is here"


def test_links_are_tracked_only_with_a_click_token():
    html = '<a href="https://a.example/?x=1&amp;y=2">a</a><a href="mailto:x@y">m</a><a href="https://b.example">b</a>'
    message = compiler.compile_content(a_content(html), stream=a_stream())

    _, plain = parts_of(message.render({}, SLOTS, date=DATE))
    _, tracked = parts_of(message.render({}, TRACKED, date=DATE))

    assert message.links == ("https://a.example/?x=1&y=2", "https://b.example")
    assert "https://a.example/?x=1&amp;y=2" in plain
    assert "/t/" not in plain
    assert "<img" not in plain
    assert re.findall(r"/t/c/K+/(\d)", tracked) == ["0", "1"]
    assert f"https://mail.shop.example/t/o/{'O' * 62}.gif" in tracked
    assert "mailto:x@y" in tracked


def test_values_inside_a_url_cannot_leave_it():
    html = '<a href="{{ customer.site }}">s</a><a href="https://x.example/?q={{ customer.q }}">q</a>'
    message = compiler.compile_content(a_content(html), stream=a_stream())

    _, bad = parts_of(message.render({"customer": {"site": "javascript:alert(1)", "q": '"><b>&x=1'}}, SLOTS, date=DATE))
    _, good = parts_of(message.render({"customer": {"site": "https://me.example/a b?c=1&d=é"}}, SLOTS, date=DATE))

    assert '<a href="#">s</a><a href="https://x.example/?q=%22%3E%3Cb%3E%26x%3D1">q</a>' in bad
    assert message.links == ()
    assert "https://me.example" not in bad
    assert 'href="#"' in good


def test_footer_and_preheader_are_added_where_they_are_missing():
    message = compiler.compile_content(
        a_content("<html><body><p>x</p></body></html>", preheader="Only <today>", language="zh-CN"), stream=a_stream()
    )
    text, html = parts_of(message.render({}, SLOTS, date=DATE))

    assert html.index("<body>") < html.index("Only &lt;today&gt;") < html.index("<p>x</p>")
    for part in (text, html):
        assert "1 Main Street" in part
        assert "退订" in part
        assert f"https://mail.shop.example/u/{'U' * 62}" in part


def test_an_author_who_wrote_both_gets_no_second_footer():
    source = "{{ workspace.postal_address }} {{ unsubscribe_url }}"
    message = compiler.compile_content(a_content(f"<p>{source}</p>", text=source), stream=a_stream())

    for part in parts_of(message.render({}, SLOTS, date=DATE)):
        assert part.count("1 Main Street") == 1
        assert part.count("/u/") == 1


def test_a_source_that_is_not_allowed_cannot_be_compiled():
    with pytest.raises(compiler.TemplateRefused) as refused:
        compiler.compile_content(a_content("a\n{{ range(9) }}"), stream=a_stream())

    assert (refused.value.part, refused.value.problems[0].line) == ("html", 2)


def test_the_fields_a_mail_needs_are_known():
    content = Content("{{ customer.city }}", "", "{% for p in purchases %}{{ customer['tier'] }}{% endfor %}", "", "en")

    message = compiler.compile_content(content, stream=a_stream())

    assert message.fields_used == {"city", "tier"}
    assert message.needs_purchases


def test_what_one_person_brings_cannot_grow_without_end():
    loop = "{% for t in customer.tags %}{{ t }}{% endfor %}"
    message = compiler.compile_content(a_content(loop), stream=a_stream())

    _text, html = parts_of(message.render({"customer": {"tags": ["x"] * 10_000}}, SLOTS, date=DATE))
    assert html.count("x") < 100
    with pytest.raises(MessageTooLarge):
        message.render({"customer": {"tags": ["x" * 100_000] * 50}}, SLOTS, date=DATE)


@pytest.mark.parametrize("path", list(compiler.Path))
def test_what_loops_repeat_is_stopped_while_it_grows(path):
    """The template would write 10 MB; no way of rendering holds much more than the largest message of it."""
    loops = "{% for a in customer.tags %}{% for b in customer.tags %}" + "x" * 4_000 + "{% endfor %}{% endfor %}"
    message = compiler.compile_content(a_content(loops), stream=a_stream(), path=path)

    tracemalloc.start()
    try:
        with pytest.raises(MessageTooLarge):
            message.render({"customer": {"tags": ["x"] * 50}}, SLOTS, date=DATE)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert held < 2 * LARGEST_MESSAGE


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- 1 Main Street {{ unsubscribe_url }} -->",
        "<!-- {{ workspace.postal_address }} {% if customer.n %}-->{% else %}-->{% endif %}<!--{{ unsubscribe_url }}",
        "<style>/* 1 Main Street */</style><!--[if mso]><a href='{{ unsubscribe_url }}'>x</a><![endif]-->",
    ],
)
def test_what_stands_in_a_comment_is_no_footer(hidden):
    message = compiler.compile_content(a_content(f"<html><body><p>x</p>{hidden}</body></html>"), stream=a_stream())
    shown = re.sub(r"(?s)<!--.*?-->|<style>.*?</style>", "", message.show({}, SLOTS).html)

    assert "1 Main Street" in shown
    assert "Unsubscribe</a>" in shown
