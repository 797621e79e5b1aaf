"""The time zones clocks can be set by."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def names() -> frozenset[str]:
    """Return the names of every zone this machine knows, as "Europe/Berlin": read from its files once a process."""
    return frozenset(available_timezones())
