"""The time at which a campaign leaves: read as typed, and refused where no mail may be planned for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.campaigns.models import Campaign
from app.campaigns.studio.checks import ERROR, Check
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

# A page left open for a moment is still "now".
_GRACE = timedelta(minutes=2)
_FARTHEST = timedelta(days=366)


class TimeHasPassed(Refusal):
    """The chosen time is over."""

    status = 422
    message = N_("This time has passed. Choose a later one, or send it now.")


class TooFarAhead(Refusal):
    """The chosen time is more than a year away."""

    status = 422
    message = N_("Choose a time within the next year.")


class TimeMissing(Refusal):
    """It shall leave later, and nobody said when."""

    status = 422
    message = N_("Choose a date and a time.")


def require_time(at: datetime | None, *, now: datetime) -> datetime:
    """Return the moment if a mail may be planned for it; raise TimeMissing, TimeHasPassed or TooFarAhead."""
    if at is None:
        raise TimeMissing(field="at")
    if at < now - _GRACE:
        raise TimeHasPassed(field="at")
    if at > now + _FARTHEST:
        raise TooFarAhead(field="at")
    return at


def inspect(campaign: Campaign, *, now: datetime) -> list[Check]:
    """Return what is wrong with the time the author chose."""
    try:
        if campaign.send_later:
            require_time(campaign.scheduled_at, now=now)
    except Refusal as refusal:
        return [Check(ERROR, "when", refusal.message)]
    return []


def at_local_time(typed: str, time_zone: str) -> datetime:
    """Read a browser's date and time as the workspace's own; raise TimeMissing where it is none."""
    try:
        at = datetime.fromisoformat(typed)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(time_zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise TimeMissing(field="at") from None
