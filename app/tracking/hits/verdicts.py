"""Verdicts on hits: human, proxy, scanner or unsure.

Pure and versioned. A message's hits are judged together, because what gives a scanner away is the company its hits
keep: several links in one second, many network addresses, a HEAD among them. Only `human` may steer anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from app.tracking.hits import agents

VERSION = 1

# A scanner works through a message in one go; hits further apart than this are judged on their own.
NEARBY = timedelta(minutes=10)
BURST = timedelta(seconds=1)
NETWORKS_OF_A_PERSON = 2
# Nobody reads and clicks this soon after the mail server took the message.
TOO_SOON = timedelta(seconds=3)
SOON = timedelta(seconds=10)


class Verdict(StrEnum):
    """The four answers; the last two are never evidence of a person."""

    HUMAN = "human"
    PROXY = "proxy"
    SCANNER = "scanner"
    UNSURE = "unsure"


class Hit(NamedTuple):
    """One request for a link (`kind` click) or the image (`open`) of one message; `ip` is truncated."""

    kind: str
    at: datetime
    link_id: int
    method: str
    ip: str
    agent: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the reasons for it, as short fixed words."""

    verdict: Verdict
    reasons: tuple[str, ...]


_HUMAN = Judgement(Verdict.HUMAN, ())


def judge(hits: Sequence[Hit], *, sent_at: datetime | None = None) -> list[Judgement]:
    """Judge all hits of one message, in their order. `sent_at` is when the mail server took it, if known."""
    nearby = _nearby_reasons([(number, hit) for number, hit in enumerate(hits) if hit.kind == "click"])
    return [
        _judge_click(hit, nearby.get(number, []), sent_at) if hit.kind == "click" else _judge_open(hit, sent_at)
        for number, hit in enumerate(hits)
    ]


def judge_lone(method: str, agent: str) -> Judgement:
    """Judge a hit that is its message's only one, long after the message was sent; `judge` says the same."""
    return _alone(method, agent) or _HUMAN


def _judge_open(hit: Hit, sent_at: datetime | None) -> Judgement:
    alone = _alone(hit.method, hit.agent)
    if alone:
        return alone
    if sent_at and hit.at - sent_at < TOO_SOON:
        return Judgement(Verdict.UNSURE, ("seconds_after_delivery",))
    return _HUMAN


def _judge_click(hit: Hit, nearby: list[str], sent_at: datetime | None) -> Judgement:
    alone = _alone(hit.method, hit.agent)
    if alone and alone.verdict is Verdict.SCANNER:
        return alone
    reasons = list(nearby)
    if sent_at and hit.at - sent_at < TOO_SOON:
        reasons.append("seconds_after_delivery")
    if reasons:
        return Judgement(Verdict.SCANNER, tuple(reasons))
    if alone:
        return alone
    if sent_at and hit.at - sent_at < SOON:
        return Judgement(Verdict.UNSURE, ("soon_after_delivery",))
    return _HUMAN


@lru_cache(maxsize=4096)
def _alone(method: str, agent: str) -> Judgement | None:
    """Judge a hit by itself; None if nothing about it tells."""
    if method != "GET":
        return Judgement(Verdict.SCANNER, ("method",))
    if not agent:
        return Judgement(Verdict.UNSURE, ("no_agent",))
    if agents.is_image_proxy(agent):
        return Judgement(Verdict.PROXY, ("image_proxy",))
    if agents.is_scanner(agent):
        return Judgement(Verdict.SCANNER, ("agent",))
    return None


def _nearby_reasons(clicks: list[tuple[int, Hit]]) -> dict[int, list[str]]:
    """Return the reasons that the clicks near each one give, by its number: two windows slide over them once."""
    if len(clicks) < 2:
        return {}
    in_time = sorted(clicks, key=lambda numbered: numbered[1].at)
    burst, near = _Window(BURST, in_time), _Window(NEARBY, in_time)
    found: dict[int, list[str]] = {}
    for number, hit in in_time:
        burst.move_to(hit.at)
        near.move_to(hit.at)
        reasons = []
        if len(burst.links) > 1:
            reasons.append("several_links_at_once")
        if len(near.networks) > NETWORKS_OF_A_PERSON:
            reasons.append("many_networks")
        if near.other_methods:
            reasons.append("head_nearby")
        if reasons:
            found[number] = reasons
    return found


class _Window:
    """The clicks within a reach of a moment that only moves forward, summed up as they enter and leave."""

    def __init__(self, reach: timedelta, clicks: Sequence[tuple[int, Hit]]) -> None:
        self._reach = reach
        self._clicks = clicks
        self._first = self._end = 0
        self.links: Counter[int] = Counter()
        self.networks: Counter[str] = Counter()
        self.other_methods = 0

    def move_to(self, at: datetime) -> None:
        while self._end < len(self._clicks) and self._clicks[self._end][1].at - at <= self._reach:
            self._count(self._clicks[self._end][1], 1)
            self._end += 1
        while at - self._clicks[self._first][1].at > self._reach:
            self._count(self._clicks[self._first][1], -1)
            self._first += 1

    def _count(self, hit: Hit, by: int) -> None:
        for counted, key in ((self.links, hit.link_id), (self.networks, hit.ip)):
            counted[key] += by  # type: ignore[index]
            if not counted[key]:  # type: ignore[index]
                del counted[key]
        self.other_methods += by * (hit.method != "GET")
