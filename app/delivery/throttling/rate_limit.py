"""Adaptive rate limit of a lane: a token bucket whose rate falls when the provider defers."""

from __future__ import annotations

GROUP = 50
SLOWEST = 0.5
RECOVERS_AFTER = 200
STOPS_AFTER = 20


class RateLimit:
    """Times are seconds of a monotonic clock, passed in. Without a limit and without complaints nothing waits."""

    def __init__(self, limit: float | None, *, now: float) -> None:
        self._limit = limit
        self._rate = limit
        self._tokens = float(min(GROUP, max(1, limit or GROUP)))
        self._filled_at = now
        self._started_at = now
        self._accepted = 0
        self._in_a_row = 0
        self._refusals = 0

    @property
    def group(self) -> int:
        """How many messages to hand off at once: what the rate carries in half a second, at most fifty."""
        return GROUP if self._rate is None else max(1, min(GROUP, int(self._rate / 2)))

    @property
    def is_blocked(self) -> bool:
        """So many deferrals without one acceptance that the lane had better rest."""
        return self._refusals >= STOPS_AFTER

    def limit_to(self, limit: float | None) -> None:
        """Change the limit on the way; a rate that the provider has slowed down is not raised by it."""
        is_slowed = self._rate != self._limit
        self._limit = limit
        if not is_slowed or (limit is not None and self._rate is not None and self._rate > limit):
            self._rate = limit

    def wait(self, count: int, *, now: float) -> float:
        """Take `count` from the bucket and return how many seconds to wait before using them."""
        if self._rate is None:
            return 0.0
        most = max(float(count), self._rate)
        self._tokens = min(most, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        self._tokens -= count
        return max(0.0, -self._tokens / self._rate)

    def accepted(self) -> None:
        """Another one went through; after many in a row the rate grows back."""
        self._accepted += 1
        self._in_a_row += 1
        self._refusals = 0
        if self._rate is not None and self._rate != self._limit and self._in_a_row >= RECOVERS_AFTER:
            self._in_a_row = 0
            self._rate *= 1.5
            if self._rate >= (self._limit or 1000.0):
                self._rate = self._limit

    def deferred(self, *, now: float) -> None:
        """The provider deferred mail: half the rate, starting from what was reached."""
        self._refusals += 1
        self._in_a_row = 0
        reached = self._rate or max(self._accepted, 20) / max(now - self._started_at, 1.0)
        self._rate = max(SLOWEST, reached / 2)
        self._tokens = min(self._tokens, 1.0)
        self._filled_at = now
