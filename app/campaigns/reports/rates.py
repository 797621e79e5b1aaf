"""Rates with their denominators and intervals, for lists and reports alike."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True)
class Share:
    """A part of a whole, with the interval its true rate lies in nineteen times out of twenty."""

    count: int
    of: int

    @property
    def rate(self) -> float | None:
        """Return the share, or None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the Wilson score interval (1927)."""
        if not self.of:
            return None
        z, n, rate = 1.96, self.of, self.count / self.of
        middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
        reach = z / (1 + z * z / n) * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
        return max(0.0, middle - reach), min(1.0, middle + reach)


def of_delivered(people: int, delivered: int) -> Share:
    """Return the one rate of clicks or opens, in lists and reports alike: people, of all delivered to.

    Somebody may have clicked in a mail that came back later, or whose fate is in doubt: no share is more than all.
    """
    return Share(people, max(people, delivered))
