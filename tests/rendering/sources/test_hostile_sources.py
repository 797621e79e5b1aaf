"""Whatever somebody writes as a source is rendered or refused by name, soon: its page is shown again and again."""

from __future__ import annotations

import random

import pytest

from app.kernel.refusals import Refusal
from app.rendering import compiler
from app.rendering.brands import Brand
from app.rendering.compiler import TemplateRefused
from app.rendering.content import Content, MessageTooLarge, Stream
from app.rendering.foreign_tags import foreign_tags
from app.rendering.foreign_tags.expressions import Names
from app.rendering.language import syntax
from app.rendering.slots import Slots
from app.rendering.sources import markup_review, templates
from app.rendering.sources.templates import SourceInvalid

BRAND = Brand("Tea", "en")
STREAM = Stream("Tea", "tea@shop.example", "https://m.example", list_id="tea.shop.example", postal_address="1 Lane")
SLOTS = Slots("a@b.example", "m", "", "UUU", "PPP")
PERSON = {"customer": {"first_name": "Ada", "n": 3, "tags": ["a", "b"]}, "purchases": [{"product": "x", "amount": 2}]}
PIECES = [
    "{{", "}}", "{%", "%}", "{#", "#}", "{{ customer.first_name }}", "{{ customer.n|round(2) }}",
    "{% if customer.n > 2 %}", "{% else %}", "{% endif %}", "{% for p in purchases %}", "{{ p.product }}",
    "{% endfor %}", "{{ 1e400 }}", "{{ 0x" + "f" * 40, "{{ customer['n'][0] }}", "{{ ~ }}", "{{ -'a' }}",
    "{{ 9**9 }}", "{{ customer.tags|join(',')|truncate(3) }}", "|", "'", '"', "{% raw %}", "{% endraw %}",
    "{{ loop.index }}", "{{ (1,2) }}", "{{ [1][0] }}", "{% set x = 1 %}", "{{ x|attr('y') }}", "<b>", "</b>",
    "<a href='", "<a href=https://x.example/?a&copy=1>", "'>", "<style>", "</style>", "<!--", "-->",
    "<![CDATA[", "]]>", "<title>", "</title>", "<table><tr><td>", "</body>", "<ol start=9999999999>",
    "<li value=-5>", "</ol>", "&#x110000;", "&#123;&#123;", "&nbsp;", "&amp", "\ud800", "\u202e", "\U0001f375",
    "\n", "\n\n", "\t", "# ", "- ", "1. ", "![", "](", "**", "`", "> ", "|a|b|\n|-|-|\n", "<mjml>", "<mj-body>",
    "<mj-section>", "<mj-column>", "<mj-text>", "</mj-text>", "</mj-column>", "</mj-section>", "</mj-body>",
    "</mjml>", '<mj-image width="-1px" src="x"/>', "<mj-raw>", "</mj-raw>", "<mj-include/>",
    '<mj-attributes><mj-all padding="a b c"/></mj-attributes>', "*|FNAME|*", "{{#if x}}", "{{/if}}", "qx0zfxq",
    "%%a%%", "\x1c\x1d",
]  # fmt: skip
MAILS = {
    "markdown": "# Hi {{ customer.first_name }}\n\n1. a\n2. b\n\n**[Buy](https://x.example/?a=1&b=2)**\n",
    "html": "<html><head><title></title></head><body><p>Hi {{ customer.first_name }}</p><a href='https://x.example'>x</a>"
            "</body>",
    "mjml": "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ customer.first_name }}</mj-text><mj-button href='https://"
            "x.example'>x</mj-button></mj-column></mj-section></mj-body></mjml>",
}  # fmt: skip


def live(kind: str, source: str) -> str:
    """Do with a source what its page does; return what became of it, for any other end is a fault."""
    problems = templates.problems_of(kind, source, brand=BRAND, known_fields=("n",))
    foreign_tags.translate(source, Names(("n",), 2026), kind=kind)
    if problems:
        assert all(problem.message and problem.line >= 1 for problem in problems)
    try:
        html = templates.to_html(kind, source, BRAND)
        markup_review.review(html)
        compiled = compiler.compile_content(Content("Hi", "", html, templates.to_text(html), "en"), stream=STREAM)
        compiled.show(PERSON, SLOTS)
        compiled.render(PERSON, SLOTS, date=b"x")
    except (SourceInvalid, TemplateRefused, MessageTooLarge):
        return "refused"
    except Refusal as refusal:
        return f"{type(refusal).__name__} has no name here"
    return "rendered"


@pytest.mark.parametrize("kind", ["markdown", "html", "mjml"])
def test_mutated_sources_are_rendered_or_refused_by_name(kind):
    chance, outcomes = random.Random(23), set()
    for _ in range(120):
        source = MAILS[kind]
        for _ in range(chance.randint(1, 5)):
            at, gone = chance.randrange(len(source) + 1), chance.choice([0, 0, 1, 5, 20])
            source = source[:at] + chance.choice(PIECES) * chance.choice([1, 1, 2, 30]) + source[at + gone :]
        try:
            outcomes.add(live(kind, source))
        except Exception as error:
            raise AssertionError(repr(source)) from error

    assert "rendered" in outcomes
    assert outcomes <= {"rendered", "refused"}


@pytest.mark.parametrize("kind", ["markdown", "html", "mjml"])
@pytest.mark.parametrize(
    "source",
    ["{{ 0x" + "f" * 4_000 + " }}", "{{ " + "9" * 5_000 + " }}", "{{ 1e999999999 }}", "{{ -0b" + "1" * 9_000 + " }}",
     "{{ [" * 500, "{{ " + "(" * 300 + "1" + ")" * 300 + " }}", "{{ " + "not " * 2_000 + "1 }}", "{% if 1 %}" * 300,
     "{{ 'a'" + "~'a'" * 3_000 + " }}", "{{ customer" + ".a" * 3_000 + " }}", "{{ customer.n" + "|e" * 3_000 + " }}",
     "{{ 1" + "+1" * 3_000 + " }}", "{{ customer.n if " * 200, "\ud800{{ customer.n }}", "{{ '\ud800' }}"],
    ids=lambda source: source[:12].encode("ascii", "backslashreplace").decode(),
)  # fmt: skip
def test_numbers_and_depths_without_end_are_refused_by_name(kind, source):
    outcomes = {live(kind, given) for given in (source, MAILS[kind].replace("Hi", source))}

    assert outcomes <= {"rendered", "refused"}


def test_a_number_too_long_to_be_written_out_is_told_where_it_is():
    """It could be read and not be written, so its page answered 500 for ever."""
    problem = syntax.check("a\n{{ 0x" + "f" * 4_000 + " }}")[0]

    assert (problem.line, problem.message) == (2, "This number is too large.")


def test_markdown_of_nothing_but_signs_is_refused():
    assert "signs of Markdown" in templates.problems_of("markdown", "![" * 120_000, brand=BRAND)[0].message
