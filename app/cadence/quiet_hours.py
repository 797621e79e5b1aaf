"""Quiet hours in a person's own time zone, safe across clock changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True)
class Hours:
    """When mail may not arrive. `quiet_from` may be later than `quiet_until`: then the night lies between."""

    quiet_from: time | None = None
    quiet_until: time | None = None
    days: frozenset[int] = EVERY_DAY

    @property
    def is_always_open(self) -> bool:
        return self.quiet_from is None and self.days == EVERY_DAY


@lru_cache(maxsize=1024)
def zone(name: str | None, fallback: str = "UTC") -> ZoneInfo:
    """Return the person's time zone, the workspace's where theirs is unknown or not a zone."""
    for candidate in (name, fallback, "UTC"):
        try:
            if candidate:
                return ZoneInfo(candidate)
        except (KeyError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def is_open(at: datetime, hours: Hours, where: ZoneInfo) -> bool:
    """Say whether mail may arrive at this moment, by the wall clock there."""
    local = at.astimezone(where)
    if local.weekday() not in hours.days:
        return False
    if hours.quiet_from is None or hours.quiet_until is None:
        return True
    clock = local.time()
    if hours.quiet_from < hours.quiet_until:
        return not hours.quiet_from <= clock < hours.quiet_until
    return hours.quiet_until <= clock < hours.quiet_from


@lru_cache(maxsize=4096)
def next_open(at: datetime, hours: Hours, where: ZoneInfo) -> datetime:
    """Return the earliest moment not before `at` when mail may arrive; `at` itself if it may now."""
    if hours.is_always_open or is_open(at, hours, where):
        return at
    today = at.astimezone(where).date()
    # A local time may not exist or exist twice on the day of a clock change, so each candidate is checked, not trusted.
    candidates = (
        moment
        for days in range(9)
        for moment in _openings(today + timedelta(days=days), hours, where)
        if moment >= at and is_open(moment, hours, where)
    )
    return min(next(candidates, at + timedelta(days=9)), at + timedelta(days=9))


def _openings(day: date, hours: Hours, where: ZoneInfo) -> list[datetime]:
    """The moments at which silence may end on this day, in order, including a clock change that skips the usual one."""
    edges = {time(0), hours.quiet_until or time(0)}
    moments = {
        datetime.combine(day, edge, where).replace(fold=fold).astimezone(UTC) for edge in edges for fold in (0, 1)
    }
    return sorted(moments | set(_clock_changes(day, where)))


@lru_cache(maxsize=4096)
def _clock_changes(day: date, where: ZoneInfo) -> tuple[datetime, ...]:
    """The moments of this local day at which the offset changes, found by halving; nearly always none."""
    start = datetime.combine(day, time(0), where).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(0), where).astimezone(UTC)
    if _offset(start, where) == _offset(end, where):
        return ()
    while end - start > timedelta(seconds=1):
        middle = (start + (end - start) / 2).replace(microsecond=0)
        if _offset(middle, where) == _offset(start, where):
            start = middle
        else:
            end = middle
    return (end,)


def _offset(at: datetime, where: ZoneInfo) -> timedelta:
    return at.astimezone(where).utcoffset() or timedelta()
