"""A naive reading of rules in plain Python."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any as Anything

from app.conditions.condition import Condition
from app.segments import rules
from app.segments.rules import Rule
from tests.factories import conditions
from tests.factories.segments import BERLIN, NOON
from tests.factories.segments.people import Made

NOTHING_KEPT: Mapping[int, Rule] = {}


def matches(rule: Rule, who: Made, kept: Mapping[int, Rule] = NOTHING_KEPT) -> bool:
    """Read a rule naively; `kept` are the rules of other segments by id."""
    match rule:
        case rules.AllOf():
            return all(matches(inside, who, kept) for inside in rule.rules)
        case rules.AnyOf():
            return any(matches(inside, who, kept) for inside in rule.rules)
        case rules.Not():
            return not matches(rule.rule, who, kept)
        case conditions.InSegment():
            return matches(kept[rule.segment], who, kept)
        case conditions.OnList():
            return rule.list in who.lists
        case conditions.Reported():
            fitting = [
                name
                for name, at, data in who.reported
                if name == rule.name and _inside(at, rule) and all(_passes(test, data) for test in rule.where)
            ]
            return _counts(len(fitting), rule)
        case conditions.HasTag():
            return rule.tag in who.tags
        case conditions.Permission():
            return ((rule.purpose, rule.topic) in who.allowed) == (rule.state == "allowed")
        case conditions.Purchased():
            sums = [amount for at, amount in who.purchases if _inside(at, rule)]
            return _counts(len(sums) if rule.measure == "count" else sum(sums), rule)
        case conditions.Did():
            seen = [
                verdict
                for kind, at, verdict in who.events
                if kind == rule.kind
                and _inside(at, rule)
                and (rule.verdict == "any" or kind == "signup" or verdict == "human")
            ]
            return _counts(len(seen), rule)
    return _compares(rule, who.values[rule.field])


def _passes(test: conditions.EventTest, data: Mapping[str, Anything]) -> bool:
    value = data.get(test.property)
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else None if value is None else str(value)
    if test.compare in ("is_known", "is_unknown"):
        return (text is None) == (test.compare == "is_unknown")
    if text is None:
        return test.compare == "is_not"
    assert test.value is not None
    number, bound = _number(text), _number(test.value)
    if test.compare in ("more_than", "less_than"):
        assert bound is not None
        return number is not None and (number > bound if test.compare == "more_than" else number < bound)
    if test.compare == "contains":
        return test.value.lower() in text.lower()
    is_same = text == test.value or (number is not None and number == bound)
    return is_same == (test.compare == "is")


def _number(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"[+-]?[0-9]{1,30}([.][0-9]{1,30})?", text) else None


def _compares(rule: Condition, value: Anything) -> bool:
    match rule:
        case conditions.IsKnown():
            return value is not None
        case conditions.IsUnknown():
            return value is None
        case conditions.IsNot():
            return bool(value != rule.value)
        case conditions.NotWithinLast():
            return value is None or not _recent_day(value, rule.days)
        case conditions.NotIn():
            return value not in rule.values
    if value is None:
        return False
    match rule:
        case conditions.Amount():
            amount, _, currency = value.partition(" ")
            compare = {"more_than": operator.gt, "less_than": operator.lt, "equal": operator.eq}[rule.compares]
            return currency == rule.currency and bool(compare(Decimal(amount), rule.value))
        case conditions.AmountBetween():
            amount, _, currency = value.partition(" ")
            return currency == rule.currency and bool(rule.low <= Decimal(amount) <= rule.high)
        case conditions.IncludesAny():
            return bool(set(value) & set(rule.values))
        case conditions.IncludesAll():
            return set(rule.values) <= set(value)
        case conditions.RefersTo():
            return any(each == f"no-{value}" or each.lower() == value.lower() for each in rule.values)
        case conditions.Is():
            return bool(value == rule.value)
        case conditions.In():
            return (Decimal(str(value)) if isinstance(value, int | float) else value) in rule.values
        case conditions.WithinNext():
            return _coming(value, rule.days)
        case conditions.LongerAgo():
            return _passed(value, rule.days)
        case conditions.Contains():
            return rule.value.lower() in value.lower()
        case conditions.StartsWith():
            return bool(value.lower().startswith(rule.value.lower()))
        case conditions.GreaterThan():
            return bool(Decimal(str(value)) > rule.value)
        case conditions.LessThan():
            return bool(Decimal(str(value)) < rule.value)
        case conditions.Before():
            return _day(value) < rule.value
        case conditions.After():
            return _day(value) > rule.value
        case conditions.Anniversary():
            return _has_anniversary(_day(value), rule.days)
        case conditions.WithinLast():
            return _recent_day(value, rule.days)
        case conditions.Between(low=date()):
            return bool(rule.low <= _day(value) <= rule.high)
        case conditions.Between():
            return bool(rule.low <= Decimal(str(value)) <= rule.high)
    raise AssertionError(rule)


def _has_anniversary(day: date, days: int) -> bool:
    today = NOON.astimezone(BERLIN).date()
    years = (year for year in (today.year, today.year + 1) if year > day.year)
    is_leap_day = (day.month, day.day) == (2, 29)
    comes = (day.replace(year=year, day=28 if is_leap_day and year % 4 else day.day) for year in years)
    return any(today <= each < today + timedelta(days=days) for each in comes)


def _day(value: Anything) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value.astimezone(BERLIN).date()


def _coming(value: Anything, days: int) -> bool:
    until = NOON + timedelta(days=days)
    if isinstance(value, datetime):
        return NOON <= value <= until
    return NOON.astimezone(BERLIN).date() <= _day(value) <= until.astimezone(BERLIN).date()


def _passed(value: Anything, days: int) -> bool:
    since = NOON - timedelta(days=days)
    return value < since if isinstance(value, datetime) else _day(value) < since.astimezone(BERLIN).date()


def _inside(at: datetime, rule: conditions.Did | conditions.Purchased | conditions.Reported) -> bool:
    day = at.astimezone(BERLIN).date()
    return (
        _recent(at, rule.days)
        and (rule.since is None or day >= rule.since)
        and (rule.until is None or day <= rule.until)
    )


def _counts(number: Anything, rule: conditions.Did | conditions.Purchased | conditions.Reported) -> bool:
    return bool(rule.at_least <= number and (rule.at_most is None or number <= rule.at_most))


def _recent(at: datetime, days: int | None) -> bool:
    return at <= NOON and (days is None or at >= NOON - timedelta(days=days))


def _recent_day(value: Anything, days: int) -> bool:
    if isinstance(value, datetime):
        return _recent(value, days)
    return (NOON - timedelta(days=days)).astimezone(BERLIN).date() <= _day(value) <= NOON.astimezone(BERLIN).date()
