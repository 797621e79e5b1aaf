"""Segment rules as JSON with a published schema, validated before anything else reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any as Anything

from pydantic import TypeAdapter, ValidationError

from app.kernel.refusals import Refusal
from app.segments.conditions.groups import Rule
from app.segments.conditions.limits import MAX_DEPTH, MAX_RULES

_ADAPTER: TypeAdapter[Rule] = TypeAdapter(Rule)

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a rule, and where: the keys and positions that lead there."""

    path: Path
    message: str
    values: dict[str, Anything] = field(default_factory=dict)


class RulesInvalid(Refusal):
    """These rules cannot be read; `problems` says what and where."""

    status = 422
    message = "These rules cannot be used as they are."

    def __init__(self, problems: list[Problem], **values: Anything) -> None:
        super().__init__(field="rules", **values)
        self.problems = problems


def load(value: object) -> Rule:
    """Return the rule that plain JSON values stand for, or raise RulesInvalid with every problem."""
    _refuse_size(value)
    try:
        return _ADAPTER.validate_python(value)
    except ValidationError as error:
        raise RulesInvalid(
            [Problem(_path(value, item["loc"]), _plain(item["type"], item["msg"])) for item in error.errors()]
        ) from None


def loads(text: str) -> Rule:
    """Return the rule a JSON text stands for, or raise RulesInvalid."""
    try:
        return load(json.loads(text, parse_float=_number))
    except (ValueError, RecursionError):
        raise RulesInvalid([Problem((), "This is not JSON.")]) from None


def dump(rule: Rule) -> dict[str, Anything]:
    """Return the rule as plain JSON values."""
    plain = {"type": rule.type}
    for name, value in vars(rule).items():
        if name != "type":
            plain[name] = _plain_value(value)
    return plain


def schema() -> dict[str, Anything]:
    """Return the JSON schema (2020-12) of a rule."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Segment rules",
        **_ADAPTER.json_schema(),
    }


def _number(text: str) -> Decimal | str:
    """Return the number; one past what numbers can hold stays as written, to be refused at its place."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _plain_value(value: Anything) -> Anything:
    if isinstance(value, tuple):
        return [_plain_value(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else _as_float(value)
    if isinstance(value, date):
        return value.isoformat()
    return dump(value) if hasattr(value, "to_sql") else value


def _as_float(value: Decimal) -> float | str:
    """Return a JSON number where it keeps every digit, otherwise the digits as text."""
    return float(value) if Decimal(str(float(value))) == value else str(value)


def _refuse_size(value: object) -> None:
    for count, (depth, _) in enumerate(_walk(value, 1), start=1):
        if depth > MAX_DEPTH:
            raise RulesInvalid([Problem((), "Groups are nested too deeply.")])
        if count > MAX_RULES:
            raise RulesInvalid([Problem((), "There are too many conditions.")])


def _walk(value: object, depth: int) -> Iterator[tuple[int, object]]:
    """Walk what could be rules, without recursion: the input may be nested as deep as it likes."""
    waiting = [(depth, value)]
    while waiting:
        depth, item = waiting.pop()
        if not isinstance(item, dict):
            continue
        yield depth, item
        inside = item.get("rules")
        waiting += [(depth + 1, child) for child in inside] if isinstance(inside, list) else []
        waiting += [(depth + 1, item["rule"])] if "rule" in item else []


def _path(value: object, location: tuple[str | int, ...]) -> Path:
    """Return pydantic's location without the names of union members that it puts between keys."""
    path: list[str | int] = []
    for step in location:
        known, inside = _inside(value, step)
        if known:
            value = inside
        if known or step in _MAY_LACK:
            path.append(step)
    return tuple(path)


def _inside(value: object, step: str | int) -> tuple[bool, object]:
    if isinstance(value, dict):
        return step in value, value.get(step)
    if isinstance(value, list) and isinstance(step, int):
        return True, value[step]
    return False, None


# Keys that an incomplete condition may lack.
_MAY_LACK = frozenset(("field", "value", "values", "low", "high", "days", "tag", "purpose", "topic", "state"))


def _plain(kind: str, message: str) -> str:
    """Return pydantic's finding in words for people."""
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return _WORDS.get(kind, _WORDS.get(kind.partition("_")[0], "This value does not fit."))


_WORDS = {
    "missing": "Something is missing here.",
    "extra": "There is something here that does not belong.",
    "unexpected": "There is something here that does not belong.",
    "union_tag_invalid": "There is no such kind of rule.",
    "union_tag_not_found": "There is no such kind of rule.",
    "string_too_short": "Enter some text.",
    "string_too_long": "This text is too long.",
    "decimal": "Enter a number.",
    "int": "Enter a whole number.",
    "date": "Enter a date.",
    "literal_error": "Choose one of the list.",
    "too_short": "Choose at least one.",
    "too_long": "There are too many values.",
    "greater_than_equal": "This is too small.",
    "greater_than": "This is too small.",
    "less_than_equal": "This is too large.",
}
