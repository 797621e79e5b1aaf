"""Chart values: plain numbers with names, which draw the picture and its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from app.web import language

Number = float | int | None


def data(
    labels: Sequence[object], series: Sequence[Mapping[str, Any]], *, unit: str = "number", currency: str | None = None
) -> dict[str, Any]:
    """Return chart data. `unit` is number | percent (shares 0..1) | money | days; dates become words."""
    return {
        "labels": _words(labels),
        "series": [dict(line) for line in series],
        "unit": f"money:{currency}" if unit == "money" and currency else unit,
    }


def line(
    name: object,
    values: Sequence[Number],
    *,
    low: Sequence[Number] | None = None,
    high: Sequence[Number] | None = None,
    tone: str | None = None,
) -> dict[str, Any]:
    """Return one named series; `low` and `high` draw the interval around sampled values."""
    made: dict[str, Any] = {"name": str(name), "values": [_plain(value) for value in values]}
    if low is not None and high is not None:
        made |= {"low": [_plain(value) for value in low], "high": [_plain(value) for value in high]}
    return made | ({"tone": tone} if tone else {})


def say(value: Number, unit: str) -> str:
    """Return the value as the table under a chart shows it."""
    if unit == "percent":
        return language.percent(value)
    if unit.startswith("money"):
        return language.money(value, unit.partition(":")[2] or "EUR")
    return language.number(value)


def spark_points(values: Sequence[Number]) -> str:
    """Return the points of a sparkline in a box of 100 by 24, zero at the bottom."""
    known = [float(value or 0) for value in values]
    top, step = max(known, default=0) or 1, 100 / max(len(known) - 1, 1)
    return " ".join(f"{place * step:.1f},{22 - value / top * 20:.1f}" for place, value in enumerate(known))


def _words(labels: Sequence[object]) -> list[str]:
    """Return days without their year where all lie within one, so that more of them find room on an axis."""
    days = [label for label in labels if isinstance(label, date)]
    parts = "MMMd" if days and max(days) - min(days) < timedelta(days=300) else "yMMMd"
    return [language.day_parts(label, parts) if isinstance(label, date) else str(label) for label in labels]


def _plain(value: Any) -> Number:
    return value if value is None or isinstance(value, int) else float(value)
