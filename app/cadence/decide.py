"""Decides when a person may next be contacted, from values alone; used by the gate and by pages that explain it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.cadence import quiet_hours
from app.cadence.quiet_hours import Hours

# One earlier contact: when, and about which topic (0: none).
Contact = tuple[datetime, int]


@dataclass(frozen=True)
class Cap:
    """At most `limit` contacts within any `days` days."""

    limit: int
    days: int

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.days)


@dataclass(frozen=True)
class Promise:
    """What a topic said at sign-up: at most so many mails about it in so many days."""

    topic_id: int
    limit: int
    days: int


@dataclass(frozen=True)
class Policy:
    """What holds for every contact of a workspace."""

    cap: Cap | None = None
    hours: Hours = field(default_factory=Hours)


class Why(StrEnum):
    """What a contact has to wait for."""

    NOTHING = "nothing"
    CAP = "cap"
    PROMISE = "promise"
    QUIET_HOURS = "quiet_hours"


def next_contact(
    contacts: Sequence[Contact], *, policy: Policy, topic: Promise | None, time_zone: ZoneInfo, now: datetime
) -> datetime:
    """Return the earliest moment, not before `now`, at which one more contact keeps every rule."""
    return explain(contacts, policy=policy, topic=topic, time_zone=time_zone, now=now)[0]


def explain(
    contacts: Sequence[Contact],
    *,
    policy: Policy,
    topic: Promise | None,
    time_zone: ZoneInfo,
    now: datetime,
    agreed: Promise | None = None,
) -> tuple[datetime, Why]:
    """Return the moment and the rule that asks for the wait; where several do, the one that lasts longest.

    `agreed` is what this person was promised, where the topic promises something else by now: both are kept. Caps only
    loosen with time, so one look at each and then at the clock on the wall is enough.
    """
    at, why = now, Why.NOTHING
    if contacts and policy.cap is not None:
        free = _free_at([moment for moment, _ in contacts], policy.cap.limit, policy.cap.window)
        if free is not None and free > at:
            at, why = free, Why.CAP
    for promise in (topic, agreed):
        if contacts and promise is not None:
            about = [moment for moment, topic_id in contacts if topic_id == promise.topic_id]
            free = _free_at(about, promise.limit, timedelta(days=promise.days))
            if free is not None and free > at:
                at, why = free, Why.PROMISE
    if policy.hours.is_always_open:
        return at, why
    opening = quiet_hours.next_open(at, policy.hours, time_zone)
    if opening > at:
        return opening, why if why is not Why.NOTHING else Why.QUIET_HOURS
    return at, why


def _free_at(moments: list[datetime], limit: int, window: timedelta) -> datetime | None:
    """The moment from which the newest `limit` contacts no longer all lie in the window; None if there are fewer."""
    if len(moments) < limit:
        return None
    return sorted(moments)[-limit] + window
