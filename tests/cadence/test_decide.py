"""Cadence rules hold whatever came before and wherever the person lives."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cadence import decide, quiet_hours
from app.cadence.decide import Cap, Policy, Promise, Why
from app.cadence.quiet_hours import Hours

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NIGHT = Hours(time(21), time(8))

zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "America/St_Johns"]
).map(ZoneInfo)
# Around the European and American clock changes of 2026, and some ordinary days.
moments = st.datetimes(datetime(2026, 3, 1), datetime(2026, 4, 10), timezones=st.just(UTC)) | st.datetimes(
    datetime(2026, 10, 20), datetime(2026, 11, 8), timezones=st.just(UTC)
)
caps = st.builds(Cap, st.integers(1, 5), st.integers(1, 10))
days = st.frozensets(st.integers(0, 6), min_size=1)
hours = st.builds(
    Hours, st.none(), st.none(), days
) | st.tuples(st.times(), st.times(), days).filter(lambda given: given[0] != given[1]).map(lambda given: Hours(*given))
policies = st.builds(Policy, st.none() | caps, hours)
contacts = st.lists(st.tuples(moments, st.integers(0, 2)), max_size=12)


@given(policies, zones, moments)
def test_no_window_ever_holds_more_than_the_cap(policy: Policy, where: ZoneInfo, start: datetime) -> None:
    """However often one asks, the contacts that follow keep every rule."""
    promise = Promise(1, 2, 3)
    made: list[tuple[datetime, int]] = []
    now = start
    for _ in range(8):
        now = decide.next_contact(made, policy=policy, topic=promise, time_zone=where, now=now)
        made.append((now, 1))

    for at, _ in made:
        if policy.cap:
            assert sum(at <= other < at + policy.cap.window for other, _ in made) <= policy.cap.limit
        assert sum(at <= other < at + timedelta(days=3) for other, _ in made) <= 2
        assert quiet_hours.is_open(at, policy.hours, where)


@given(hours, zones, moments)
def test_the_next_open_moment_is_open_and_the_first(given_hours: Hours, where: ZoneInfo, at: datetime) -> None:
    """Nothing leaves in quiet hours, not on the days clocks change either; and nothing waits longer than it must."""
    opening = quiet_hours.next_open(at, given_hours, where)

    assert opening >= at
    assert quiet_hours.is_open(opening, given_hours, where)
    probe = at
    while probe < opening:
        assert not quiet_hours.is_open(probe, given_hours, where)
        probe += timedelta(minutes=17)


@given(contacts, policies, zones, moments, st.timedeltas(timedelta(), timedelta(days=3)))
def test_asking_later_never_allows_earlier(
    made: list[tuple[datetime, int]], policy: Policy, where: ZoneInfo, now: datetime, later: timedelta
) -> None:
    """The answer is monotone in time."""
    promise = Promise(1, 1, 2)

    first = decide.next_contact(made, policy=policy, topic=promise, time_zone=where, now=now)
    second = decide.next_contact(made, policy=policy, topic=promise, time_zone=where, now=now + later)

    assert now <= first <= max(first, second) == second


@given(contacts, policies, zones, moments)
def test_one_more_contact_never_hastens_the_next(
    made: list[tuple[datetime, int]], policy: Policy, where: ZoneInfo, now: datetime
) -> None:
    """The answer is monotone in what was sent."""
    promise = Promise(1, 2, 3)

    before = decide.next_contact(made, policy=policy, topic=promise, time_zone=where, now=now)
    after = decide.next_contact([*made, (now, 1)], policy=policy, topic=promise, time_zone=where, now=now)

    assert after >= before


def test_a_topic_promised_weekly_waits_a_week() -> None:
    """Only mails about the same topic count against its promise."""
    made = [(NOON - timedelta(days=2), 7), (NOON - timedelta(days=1), 8)]

    at, why = decide.explain(made, policy=Policy(), topic=Promise(7, 1, 7), time_zone=BERLIN, now=NOON)

    assert (at, why) == (NOON + timedelta(days=5), Why.PROMISE)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-28T22:00+00:00", "2026-03-29T06:00+00:00"),  # the night clocks go forward: 8:00 is 6:00 UTC
        ("2026-10-24T22:00+00:00", "2026-10-25T07:00+00:00"),  # the night they go back: 8:00 is 7:00 UTC
        ("2026-03-02T12:00+00:00", "2026-03-02T12:00+00:00"),
    ],
)
def test_the_night_ends_by_the_clock_on_the_wall(now: str, opens: str) -> None:
    """Eight in the morning is eight in the morning, before and after a clock change."""
    at = quiet_hours.next_open(datetime.fromisoformat(now), NIGHT, BERLIN)

    assert at == datetime.fromisoformat(opens)


def test_what_a_person_was_promised_holds_together_with_what_the_topic_says_today():
    made = [(NOON - timedelta(days=3), 7)]
    looser, stricter = Promise(7, 4, 7), Promise(7, 1, 7)

    for topic, agreed in ((looser, stricter), (stricter, looser)):
        at, why = decide.explain(made, policy=Policy(), topic=topic, agreed=agreed, time_zone=BERLIN, now=NOON)
        assert (at, why) == (NOON + timedelta(days=4), Why.PROMISE)
