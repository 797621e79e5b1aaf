"""Circles for the picture of two or three overlapping segments, their areas as large as the segments."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from app.segments.comparing.comparison import Overlap

WIDTH, HEIGHT = 480.0, 300.0
_MARGIN = 8.0
_STEPS = 40


@dataclass(frozen=True)
class Circle:
    """One circle in the picture."""

    x: float
    y: float
    radius: float


def circles(found: Overlap) -> list[Circle]:
    """Return a circle for each segment; two by two they overlap as the people do, three as far as that can be drawn."""
    radii = [math.sqrt(max(found.size(position), 0)) for position in range(found.count)]
    if not any(radii):
        return []
    # An empty segment is still seen as a dot.
    radii = [max(radius, max(radii) * 0.04) for radius in radii]
    apart = _distance(radii[0], radii[1], found.shared(0, 1) * math.pi)
    placed = [(0.0, 0.0), (apart, 0.0)]
    if found.count == 3:
        to_first = _distance(radii[0], radii[2], found.shared(0, 2) * math.pi)
        to_second = _distance(radii[1], radii[2], found.shared(1, 2) * math.pi)
        placed.append(_third(apart, to_first, to_second))
    return _fitted(placed, radii)


def _distance(one: float, other: float, wanted: float) -> float:
    """Return how far apart two circles lie whose overlap has this area."""
    return _solved(abs(one - other), one + other, lambda apart: _lens(one, other, apart) - wanted)


def _solved(low: float, high: float, falling: Callable[[float], float]) -> float:
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


def _lens(one: float, other: float, apart: float) -> float:
    """Return the area two circles share."""
    if apart >= one + other:
        return 0.0
    if apart <= abs(one - other):
        return math.pi * min(one, other) ** 2
    first = one**2 * math.acos(_cosine((apart**2 + one**2 - other**2) / (2 * apart * one)))
    second = other**2 * math.acos(_cosine((apart**2 + other**2 - one**2) / (2 * apart * other)))
    corners = (-apart + one + other) * (apart + one - other) * (apart - one + other) * (apart + one + other)
    return first + second - math.sqrt(max(corners, 0.0)) / 2


def _third(apart: float, to_first: float, to_second: float) -> tuple[float, float]:
    """Return a place at these distances from two others, or as near to that as a triangle allows."""
    if apart == 0:
        return (0.0, to_first)
    across = (apart**2 + to_first**2 - to_second**2) / (2 * apart)
    return (across, math.sqrt(max(to_first**2 - across**2, 0.0)))


def _fitted(placed: list[tuple[float, float]], radii: list[float]) -> list[Circle]:
    """Move and scale everything into the picture."""
    left = min(x - radius for (x, _), radius in zip(placed, radii, strict=True))
    right = max(x + radius for (x, _), radius in zip(placed, radii, strict=True))
    top = min(y - radius for (_, y), radius in zip(placed, radii, strict=True))
    bottom = max(y + radius for (_, y), radius in zip(placed, radii, strict=True))
    scale = min((WIDTH - 2 * _MARGIN) / (right - left), (HEIGHT - 2 * _MARGIN) / (bottom - top))
    shift_x, shift_y = (WIDTH - scale * (right - left)) / 2, (HEIGHT - scale * (bottom - top)) / 2
    return [
        Circle(round(shift_x + scale * (x - left), 1), round(shift_y + scale * (y - top), 1), round(scale * radius, 1))
        for (x, y), radius in zip(placed, radii, strict=True)
    ]


def _cosine(value: float) -> float:
    return max(-1.0, min(1.0, value))
