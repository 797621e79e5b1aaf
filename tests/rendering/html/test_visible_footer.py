"""The unsubscribe link and the postal address: whether people can see them, and what is added where they cannot."""

from __future__ import annotations

import gc
import time

import pytest

from app.rendering import compiler
from app.rendering.compiler import TemplateRefused
from app.rendering.content import Content, Stream
from app.rendering.slots import Slots

STREAM = Stream(
    "Tea", "tea@shop.example", "https://m.example", list_id="tea.shop.example", postal_address="1 Lane\nYork"
)
LINK = '<a href="{{ unsubscribe_url }}">Unsubscribe</a>'
# What only a footer of ours says.
OURS = "font-size:12px!important"
ADDRESS = "<p>{{ workspace.postal_address }}</p>"


def shown(html: str, **customer: object) -> str:
    compiled = compiler.compile_content(Content("Hi", "", html, "", "en"), stream=STREAM)
    return compiled.show({"customer": customer}, Slots("a@b.example", "m", "", "UUU", "PPP")).html


HIDDEN = [
    '<div style="display:none">LINK</div>',
    '<div style="DISPLAY : None !important">LINK</div>',
    "<div style='visibility:hidden'>LINK</div>",
    '<div style="opacity:0">LINK</div>',
    '<div style="mso-hide:all">LINK</div>',
    '<div style="font-size:0;line-height:0">LINK</div>',
    '<div style="font:0/0 a">LINK</div>',
    '<div style="max-height:0;overflow:hidden">LINK</div>',
    '<div style="width:1px;height:1px;overflow:hidden">LINK</div>',
    '<div style="position:absolute;left:-9999px">LINK</div>',
    '<div style="text-indent:-9999px">LINK</div>',
    '<div style="position:absolute;clip:rect(0 0 0 0)">LINK</div>',
    '<div style="clip-path:inset(100%)">LINK</div>',
    '<div style="transform:scale(0)">LINK</div>',
    "<div hidden>LINK</div>",
    "<template>LINK</template>",
    "<noscript>LINK</noscript>",
    "<!--LINK-->",
    "<!--[if mso]>LINK<![endif]-->",
    "<title>LINK</title>",
    "<textarea>LINK</textarea>",
    "<select><option>LINK</option></select>",
    "<details><summary>x</summary>LINK</details>",
    "<style>.x{display:none}</style><p class='y x'>LINK</p>",
    "<style>@media screen{p{display:none}}</style><p>LINK</p>",
    "<style>@media all and (min-width:1px){.x{display:none}}</style><p class=x>LINK</p>",
    "<style>#f .x > a{visibility:hidden}</style><div id=f><p class=x>LINK</p></div>",
    "<style>/* no */ td , p.x{color:#fff} a{color:inherit}</style><p class=x>LINK</p>",
    "{% if customer.n %}LINK{% endif %}",
    "{% for item in purchases %}LINK{% endfor %}",
    '<div style="display:none">{% if customer.n %}</div>{% endif %}LINK</div>',
]
HIDDEN_LINKS = [
    '<img src="https://x.example/p.png" alt="{{ unsubscribe_url }}">',
    '<a href="{{ unsubscribe_url }}"></a>',
    '<a href="{{ unsubscribe_url }}"> &nbsp;&#8203;&zwnj; </a>',
    '<a href="{{ unsubscribe_url }}" style="color:#ffffff">Unsubscribe</a>',
    '<a href="{{ unsubscribe_url }}" style="color:#fefefe">Unsubscribe</a>',
    '<a href="{{ unsubscribe_url }}" style="color:transparent">Unsubscribe</a>',
    '<a href="{{ unsubscribe_url }}" style="color:rgba(0,0,0,0)">Unsubscribe</a>',
    '<td bgcolor="#333333"><a href="{{ unsubscribe_url }}" style="color:#333">Unsubscribe</a></td>',
    '<div style="background:navy url()"><div style="background-color:white;color:rgb(255, 255, 255)">'
    "{{ unsubscribe_url }}</div></div>",
    '<a href="{{ unsubscribe_url }}"><font color="white">Unsubscribe</font></a>',
    '<a href="{{ unsubscribe_url }}"><img src="https://x.example/p.png" width="1" height="1" alt="x"></a>',
    '<a href="{{ unsubscribe_url }}"><img alt="Unsubscribe"></a>',
    '<a href="{{ unsubscribe_url }}"><span style="display:none">Unsubscribe</span></a>',
    '<a href="{{ unsubscribe_url }}">{% if customer.n %}Unsubscribe{% endif %}</a>',
    '<a href="{{ unsubscribe_url }}">{{ customer.city }}</a>',
    '<link href="{{ unsubscribe_url }}">',
    '<form action="{{ unsubscribe_url }}"></form>',
    '<p title="{{ unsubscribe_url }}">x</p>',
]


@pytest.mark.parametrize("source", [*(way.replace("LINK", LINK) for way in HIDDEN), *HIDDEN_LINKS])
def test_an_unsubscribe_link_that_nobody_sees_does_not_count(source):
    """People who cannot leave press "spam"; so where the author's link is not seen, ours is added."""
    assert OURS in shown(f"<body>{ADDRESS}{source}</body>")


SEEN = [
    LINK,
    '<a href="{{ preferences_url }}">Email preferences</a>',
    "<p>{{ unsubscribe_url }}</p>",
    '<a style="color:#fff;background:#000" href="{{ unsubscribe_url }}">x</a>',
    '<div style="background:#000;color:#fff">{{ unsubscribe_url }}</div>',
    '<table bgcolor=black><tr><td style="color:white">{{ unsubscribe_url }}</td></tr></table>',
    '<div style="font-size:0"><p style="font-size:13px">{{ unsubscribe_url }}</p></div>',
    '<div style="visibility:hidden"><p style="visibility:visible">{{ unsubscribe_url }}</p></div>',
    '<a href="{{ unsubscribe_url }}"><img src="https://x.example/u.png" alt="Unsubscribe"></a>',
    '<style>.b a{color:#fff!important}</style><td class="b" style="background:red"><a href="#">x</a></td>' + LINK,
    "<style>@media (max-width:600px){.x{display:none}}</style><p class=x>" + LINK,
    "<style>@media print{a{display:none}}a:hover{color:#fff}</style>" + LINK,
    "<style>.x{display:none}p{display:block!important}</style><p class=x>" + LINK,
    '<div style="display:none">preview</div>' + LINK,
    "<!--[if !mso]><!-->" + LINK + "<!--<![endif]-->",
    '<td background="https://x.example/b.png" style="color:#fff">{{ unsubscribe_url }}</td>',
    '<a href="{{ unsubscribe_url }}" style="color:#999999">x</a>',
    "<ul><li hidden>x<li>" + LINK + "</ul>",
    "{% if customer.n %}<p>x</p>{% endif %}" + LINK,
]


@pytest.mark.parametrize("source", SEEN)
def test_a_link_that_people_see_counts(source):
    assert OURS not in shown(f"<body>{ADDRESS}{source}</body>")


@pytest.mark.parametrize(
    "opened", ["<div style='display:none'>", "<template>", "<noscript><p>", "<title>", "<textarea>", "<!-- ", "<style>",
               "<div hidden><p><b>", '<a title="', "<p "]
)  # fmt: skip
@pytest.mark.parametrize("end", ["", "</body></html>"])
def test_what_an_author_left_open_does_not_hide_the_footer(opened, end):
    """A footer inside an element that is hidden, or inside a comment, would be there for nobody."""
    mail = shown(f"<body>Hi {opened}x{end}")
    again = compiler.compile_content(
        Content("Hi", "", mail.replace("https://m.example/u/UUU", "{{ unsubscribe_url }}"), "", "en"), stream=STREAM
    )

    assert again.show({}, Slots("a@b.example", "m", "", "UUU")).html.count("https://m.example/u/UUU") == 1


@pytest.mark.parametrize(
    "style", ["div{display:none!important}", "a{font-size:0!important}", "*{visibility:hidden}", "a,div{color:#fff}"]
)
def test_styles_that_would_hide_the_footer_are_overruled(style):
    assert OURS in shown(f"<html><head><style>{style}</style></head><body><p>Hi</p></body></html>")


@pytest.mark.parametrize("style", ["body{display:none}", "html{opacity:0}", "*{visibility:hidden}body{display:none}"])
def test_styles_that_hide_whatever_is_added_are_refused(style):
    with pytest.raises(TemplateRefused, match="hide"):
        shown(f"<html><head><style>{style}</style></head><body><p>Hi</p></body></html>")


def test_the_postal_address_counts_where_it_is_seen_only():
    assert shown(f"<p style='display:none'>1 Lane York</p>{LINK}").count("York") == 2
    assert shown(f"<p>1 Lane<br>York</p>{LINK}").count("York") == 1
    assert shown(f"<!-- {ADDRESS} -->{LINK}").count("York") == 2


def test_a_body_that_ends_twice_gets_one_footer_and_one_picture():
    compiled = compiler.compile_content(
        Content("Hi", "Look", "<body><body><p>Hi</p></body></html></body>", "", "en"), stream=STREAM
    )
    wire = compiled.render({}, Slots("a@b.example", "m", "", "UUU", "PPP", "", None, "OOO"), date=b"x")
    html = wire.partition(b"text/html")[2].replace(b"=\r\n", b"").replace(b"=3D", b"=")

    assert html.count(b"/u/UUU") == 1
    assert html.count(b"/t/o/OOO") == 1
    assert html.count(b"Look") == 1


@pytest.mark.parametrize(
    "piece",
    ["</body>", "<body>", "<div style='display:none'>", "<li>", "<b>", "<a href=#>", "<p style=color:red>"],
)
def test_the_work_grows_with_the_mail_and_not_with_its_square(piece):
    """35,000 ends of the body took 25 seconds. Of eight times as many, the square would be 64 times the work."""
    spent = []
    # What else lives in this process is not looked through beside: that work is the collector's.
    gc.collect()
    gc.disable()
    try:
        for times in (1_000, 8_000):
            began = time.process_time()
            compiler.compile_content(Content("", "", piece * times, "", "en"), stream=STREAM)
            spent.append(time.process_time() - began)
    finally:
        gc.enable()

    assert spent[1] < 30 * spent[0]
