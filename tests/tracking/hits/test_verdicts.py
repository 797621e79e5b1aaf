"""Machines give themselves away; people are never punished for reading on two devices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.tracking.hits.verdicts import Hit, Verdict, judge, judge_lone

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def click(link: int = 1, *, after: float = 0, method: str = "GET", ip: str = "192.0.2.0", agent: str = FIREFOX) -> Hit:
    return Hit("click", NOON + timedelta(seconds=after), link, method, ip, agent)


def image(*, agent: str = FIREFOX, method: str = "GET") -> Hit:
    return Hit("open", NOON, 0, method, "192.0.2.0", agent)


def test_a_lone_click_with_a_browser_is_a_person() -> None:
    assert [judgement.verdict for judgement in judge([click()])] == [Verdict.HUMAN]


@pytest.mark.parametrize(
    "agent",
    [
        "Barracuda Sentinel (EE)",
        "Mozilla/5.0 (compatible; Googlebot/2.1)",
        "python-requests/2.32",
        "Slackbot-LinkExpanding 1.0",
        "facebookexternalhit/1.1",
        "HeadlessChrome/126",
    ],
)
def test_a_program_that_names_itself_is_a_scanner(agent: str) -> None:
    assert judge([click(agent=agent)])[0].verdict is Verdict.SCANNER


def test_several_links_in_one_second_are_a_scanner_whatever_it_calls_itself() -> None:
    """The signal that catches several times more than lists of names."""
    judged = judge([click(1), click(2, after=0.4), click(3, after=0.9)])

    assert {judgement.verdict for judgement in judged} == {Verdict.SCANNER}
    assert "several_links_at_once" in judged[0].reasons


def test_two_links_a_minute_apart_are_a_person() -> None:
    assert {judgement.verdict for judgement in judge([click(1), click(2, after=60)])} == {Verdict.HUMAN}


def test_a_double_click_is_a_person() -> None:
    assert {judgement.verdict for judgement in judge([click(1), click(1, after=0.3)])} == {Verdict.HUMAN}


def test_three_networks_within_minutes_are_a_scanner() -> None:
    hits = [click(1, after=30 * n, ip=f"198.51.{n}.0") for n in range(3)]

    assert {judgement.verdict for judgement in judge(hits)} == {Verdict.SCANNER}


def test_a_head_request_makes_hits_near_it_suspect() -> None:
    judged = judge([click(1, method="HEAD"), click(1, after=2)])

    assert [judgement.verdict for judgement in judged] == [Verdict.SCANNER, Verdict.SCANNER]


def test_a_click_seconds_after_delivery_is_no_person() -> None:
    assert judge([click()], sent_at=NOON - timedelta(seconds=1))[0].verdict is Verdict.SCANNER
    assert judge([click()], sent_at=NOON - timedelta(seconds=5))[0].verdict is Verdict.UNSURE
    assert judge([click()], sent_at=NOON - timedelta(minutes=5))[0].verdict is Verdict.HUMAN


def test_no_agent_at_all_cannot_be_told() -> None:
    assert judge([click(agent="")])[0].verdict is Verdict.UNSURE


@pytest.mark.parametrize("agent", ["Mozilla/5.0", "Mozilla/5.0 (Windows NT 5.1) (via ggpht.com GoogleImageProxy)"])
def test_an_image_fetched_by_a_mail_service_is_a_proxy(agent: str) -> None:
    assert judge([image(agent=agent)])[0].verdict is Verdict.PROXY


def test_an_image_fetched_by_a_mail_program_is_a_person() -> None:
    assert judge([image(agent=FIREFOX)])[0].verdict is Verdict.HUMAN


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("agent", [FIREFOX, "", "Mozilla/5.0", "curl/8", "GoogleImageProxy"])
def test_a_lone_hit_is_judged_alike_by_the_short_way(agent: str, method: str) -> None:
    for hit in (click(agent=agent, method=method), image(agent=agent, method=method)):
        assert [judge_lone(method, agent)] == judge([hit])
