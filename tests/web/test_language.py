"""Numbers, dates and words appear as their reader writes them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask, g, render_template_string

from app.kernel.clock import FixedClock
from app.web import frame, language
from app.web.components import charts
from tests.web.authenticators import SHOP


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", ["1,234,567", "4.1\N{NARROW NO-BREAK SPACE}%", "€1,240.50", "Mar 2, 2026", "Monday", "–"]),
        ("zh", ["1,234,567", "4.1\N{NARROW NO-BREAK SPACE}%", "€1,240.50", "2026年3月2日", "星期一", "–"]),
    ],
)
def test_values_are_said_by_locale(framed: Flask, clock: FixedClock, code: str, said: list[str]):
    with framed.test_request_context("/"):
        language.use(code)
        now = clock.now()

        assert [
            language.number(1234567),
            language.percent(0.041),
            language.money(1240.5),
            language.day(now),
            language.weekday(0),
            language.number(None),
        ] == said


def test_dates_are_those_of_the_workspace(framed: Flask, clock: FixedClock):
    """23:30 UTC is already tomorrow in Berlin."""
    with framed.test_request_context("/"):
        g.workspace = SHOP

        assert language.day(clock.now().replace(hour=23, minute=30)) == "Mar 3, 2026"


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=64), "1 minute ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(days=-2), "in 2 days"),
    ],
)
def test_near_times_are_relative(framed: Flask, clock: FixedClock, ago: timedelta, said: str):
    with framed.test_request_context("/"):
        assert language.relative(clock.now() - ago) == said


@pytest.mark.parametrize(
    ("header", "cookie", "page"),
    [("zh-CN,zh;q=0.9,en;q=0.5", None, "zh-Hans"), ("fr", None, "en"), ("zh-CN", "en", "en")],
)
def test_a_strangers_page_speaks_the_language_of_the_browser(framed: Flask, header: str, cookie: str | None, page: str):
    client = framed.test_client()
    if cookie:
        client.set_cookie("language", cookie)

    assert f'<html lang="{page}"' in client.get("/nowhere", headers={"Accept-Language": header}).text


def test_a_chosen_language_stays_and_leads_back(framed: Flask):
    client = framed.test_client()
    answer = client.post("/language", data={"language": "zh", "next": "//evil.example"})

    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get_cookie("language").value == "zh"


@pytest.mark.parametrize(
    ("name", "said"), [("Ada Lovelace", "AL"), ("王小明", "王"), ("grace.hopper@navy.example", "GH"), ("…", "?")]
)
def test_initials(name: str, said: str):
    assert frame.initials(name) == said


def test_a_sparkline_stands_on_zero():
    assert charts.spark_points([0, 5, 10]) == "0.0,22.0 50.0,12.0 100.0,2.0"


def test_a_counted_sentence_writes_its_number_like_every_number(framed: Flask):
    with framed.test_request_context("/"):
        said = render_template_string("{{ ngettext('%(num)s person, %(x)s', '%(num)s people, %(x)s', 2431, x='<b>') }}")

    assert said == "2,431 people, &lt;b&gt;"
