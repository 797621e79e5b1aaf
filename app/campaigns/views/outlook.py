"""Words for a forecast: "0 now · 9 after Dec 7 (frequency cap) · 10 at 08:00 their time"."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import get_timezone
from flask_babel import gettext as _

from app.cadence.decide import Why
from app.campaigns.launch.audience import Audience
from app.delivery.launching.forecast import Wait
from app.web import language


def describe(audience: Audience, *, leaves_at: datetime | None, now: datetime) -> list[str]:
    """Return how many get it at once (or at the time it leaves), and how many later and why."""
    count = language.number(audience.now)
    first = _("%(count)s at that time", count=count) if leaves_at else _("%(count)s now", count=count)
    return [str(first), *(_wait(wait, leaves_at or now) for wait in audience.waits)]


def _wait(wait: Wait, start: datetime) -> str:
    count = language.number(wait.count)
    if wait.why is Why.QUIET_HOURS and wait.local is not None:
        clock = wait.local.strftime("%H:%M")
        if wait.first - start < timedelta(days=1):
            return str(_("%(count)s at %(time)s their time (quiet hours)", count=count, time=clock))
        day = _day(wait.first)
        return str(_("%(count)s on %(day)s at %(time)s their time (quiet hours)", count=count, day=day, time=clock))
    first, last = _day(wait.first), _day(wait.last)
    if wait.why is Why.PROMISE:
        if first == last:
            return str(_("%(count)s after %(day)s (frequency limit of the topic)", count=count, day=first))
        return str(
            _("%(count)s between %(first)s and %(last)s (frequency limit of the topic)",
              count=count, first=first, last=last)
        )  # fmt: skip
    if first == last:
        return str(_("%(count)s after %(day)s (frequency cap)", count=count, day=first))
    return str(_("%(count)s between %(first)s and %(last)s (frequency cap)", count=count, first=first, last=last))


def _day(at: datetime) -> str:
    """Name the day in the workspace's time zone; the year is left out."""
    return language.day_parts(at.astimezone(get_timezone()).date(), "MMMd")
