"""Templates that a new segment can begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.kernel.translatable import N_, MessageId


@dataclass(frozen=True)
class Starter:
    """A usual segment: what it is called, whom it finds in a line, and its rule as JSON."""

    key: str
    label: MessageId
    text: MessageId
    icon: str
    rules: dict[str, Any]


def _all(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"type": "all", "rules": list(rules)}


def _none(rule: dict[str, Any]) -> dict[str, Any]:
    return {"type": "not", "rule": rule}


STARTERS = (
    Starter(
        "new",
        N_("New customers"),
        N_("Bought for the first time in the last 30 days."),
        "sparkles",
        _all({"type": "within_last", "field": "first_purchase_at", "days": 30}),
    ),
    Starter(
        "loyal",
        N_("Loyal customers"),
        N_("At least 4 orders, the latest in the last 180 days."),
        "heart",
        _all(
            {"type": "purchased", "measure": "count", "at_least": 4},
            {"type": "within_last", "field": "latest_purchase_at", "days": 180},
        ),
    ),
    Starter(
        "at_risk",
        N_("Customers at risk"),
        N_("Bought again and again, and are overdue for their next order by their own rhythm."),
        "alert-triangle",
        _all(
            {"type": "purchased", "measure": "count", "at_least": 3},
            {"type": "order_interval", "measure": "overdue", "days": 30},
            {"type": "within_last", "field": "latest_purchase_at", "days": 365},
        ),
    ),
    Starter(
        "win_back",
        N_("Win-back"),
        N_("Bought once or more, but not for a year."),
        "refresh",
        _all({"type": "longer_ago", "field": "latest_purchase_at", "days": 365}),
    ),
    Starter(
        "birthday",
        N_("Birthdays"),
        N_("Have their birthday within 7 days."),
        "gift",
        _all({"type": "anniversary", "field": "birth_date", "days": 7}),
    ),
    Starter(
        "big_spenders",
        N_("Big spenders"),
        N_("Spent at least 500 in the last year."),
        "credit-card",
        _all({"type": "purchased", "measure": "sum", "at_least": 500, "days": 365}),
    ),
    Starter(
        "one_time",
        N_("One-time buyers"),
        N_("Ordered exactly once, more than 60 days ago."),
        "shopping-bag",
        _all(
            {"type": "purchased", "measure": "count", "at_least": 1, "at_most": 1},
            {"type": "longer_ago", "field": "latest_purchase_at", "days": 60},
        ),
    ),
    Starter(
        "lapsed_inquirers",
        N_("Lapsed inquirers"),
        N_("Known for 90 days and more, never bought, and silent since then."),
        "clock-pause",
        _all(
            {"type": "longer_ago", "field": "created_at", "days": 90},
            {"type": "purchased", "measure": "count", "at_least": 0, "at_most": 0},
            {"type": "not_within_last", "field": "latest_human_at", "days": 90},
            _none({"type": "contacted", "how": "any", "at_least": 1, "days": 90}),
        ),
    ),
)


def find(key: str) -> Starter | None:
    """Return the template of this key."""
    return next((each for each in STARTERS if each.key == key), None)
