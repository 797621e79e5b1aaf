"""Segment rules as JSON with a published schema, validated before anything else reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.conditions.condition import Condition
from app.conditions.condition_types import ConditionTypes
from app.conditions.limits import MAX_CIRCLES, MAX_DEPTH, MAX_RULES, MAX_VALUES_TOGETHER
from app.customers.relations.circles import CIRCLES
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_, MessageId
from app.segments.rules import AllOf, AnyOf, Not, Rule, Someone

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a rule, and where: the keys and positions that lead there."""

    path: Path
    message: MessageId
    values: dict[str, Any] = field(default_factory=dict)


class RulesInvalid(Refusal):
    """These rules cannot be read; `problems` says what and where."""

    status = 422
    message = N_("These rules cannot be used as they are.")

    def __init__(self, problems: list[Problem], **values: Any) -> None:
        super().__init__(field="rules", **values)
        self.problems = problems


def load(value: object, types: ConditionTypes) -> Rule:
    """Return the rule that plain JSON values stand for, or raise RulesInvalid with every problem."""
    _refuse_size(value)
    reader = _Reader(types)
    rule = reader.read(value, ())
    if reader.problems:
        raise RulesInvalid(reader.problems)
    return rule


def loads(text: str, types: ConditionTypes) -> Rule:
    """Return the rule a JSON text stands for, or raise RulesInvalid."""
    try:
        return load(json.loads(text, parse_float=_number), types)
    except (ValueError, RecursionError):
        raise RulesInvalid([Problem((), N_("This is not JSON."))]) from None


def dump(rule: Rule) -> dict[str, Any]:
    """Return the rule as plain JSON values; what a condition leaves open is left out."""
    given = ((each.name, getattr(rule, each.name)) for each in fields(rule))
    return {"type": rule.type, **{name: _plain_value(value) for name, value in given if value is not None}}


class _Reader:
    """Reads one value and gathers what is wrong with it; where something is, an empty group stands in."""

    def __init__(self, types: ConditionTypes) -> None:
        self._types = types
        self._circles = 0
        self.problems: list[Problem] = []

    def read(self, value: object, path: Path) -> Rule:
        if not isinstance(value, dict):
            return self._refused(path, _WORDS["dict_type"])
        kind, parts = value.get("type"), {name: part for name, part in value.items() if name != "type"}
        if kind in ("all", "any"):
            inside = self._inside(parts, path)
            return AllOf(inside) if kind == "all" else AnyOf(inside)
        if kind == "not":
            self._refuse_others(parts, ("rule",), path)
            return Not(self.read(parts["rule"], (*path, "rule")) if "rule" in parts else self._lacking(path, "rule"))
        if kind == "someone":
            return self._someone(parts, path)
        condition = self._types.find(kind)
        if condition is None:
            return self._refused(path, _WORDS["union_tag_invalid"])
        try:
            return _adapter(condition).validate_python(parts)
        except ValidationError as error:
            for found in error.errors():
                self._refused((*path, *_path(parts, found["loc"])), _plain(found["type"], found["msg"]))
            return AllOf()

    def _inside(self, parts: dict[str, Any], path: Path) -> tuple[Rule, ...]:
        self._refuse_others(parts, ("rules",), path)
        rules = parts.get("rules", [])
        if not isinstance(rules, list | tuple):
            self._refused((*path, "rules"), _WORDS["dict_type"])
            return ()
        return tuple(self.read(each, (*path, "rules", number)) for number, each in enumerate(rules))

    def _someone(self, parts: dict[str, Any], path: Path) -> Rule:
        self._refuse_others(parts, ("circle", "rule"), path)
        circle = parts.get("circle")
        if not isinstance(circle, str) or circle not in CIRCLES:
            return self._refused((*path, "circle"), _WORDS["literal_error"])
        if self._circles >= MAX_CIRCLES:
            return self._refused(path, N_("Rules about others are nested too deeply."))
        self._circles += 1
        inside = self.read(parts["rule"], (*path, "rule")) if "rule" in parts else self._lacking(path, "rule")
        self._circles -= 1
        return Someone(circle, inside)

    def _refuse_others(self, parts: dict[str, Any], own: tuple[str, ...], path: Path) -> None:
        for name in parts:
            if name not in own:
                self._refused((*path, str(name)), _WORDS["unexpected"])

    def _lacking(self, path: Path, part: str) -> Rule:
        return self._refused((*path, part), _WORDS["missing"])

    def _refused(self, path: Path, message: MessageId) -> Rule:
        self.problems.append(Problem(path, message))
        return AllOf()


@cache
def _adapter(condition: type[Condition]) -> TypeAdapter[Condition]:
    return TypeAdapter(condition)


def _number(text: str) -> Decimal | str:
    """Return the number; one past what numbers can hold stays as written, to be refused at its place."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _plain_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain_value(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else _as_float(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, AllOf | AnyOf | Not | Someone | Condition):
        given = ((each.name, getattr(value, each.name)) for each in fields(value))
        return {name: _plain_value(part) for name, part in given if part is not None}
    return dump(value) if isinstance(value, AllOf | AnyOf | Not | Someone | Condition) else value


def _as_float(value: Decimal) -> float | str:
    """Return a JSON number where it keeps every digit, otherwise the digits as text."""
    return float(value) if Decimal(str(float(value))) == value else str(value)


def _refuse_size(value: object) -> None:
    listed = 0
    for count, (depth, item) in enumerate(_walk(value, 1), start=1):
        values = item.get("values")
        listed += len(values) if isinstance(values, list | tuple) else 0
        if listed > MAX_VALUES_TOGETHER:
            raise RulesInvalid([Problem((), N_("There are too many values."))])
        if depth > MAX_DEPTH:
            raise RulesInvalid([Problem((), N_("Groups are nested too deeply."))])
        if count > MAX_RULES:
            raise RulesInvalid([Problem((), N_("There are too many conditions."))])


def _walk(value: object, depth: int) -> Iterator[tuple[int, dict[Any, Any]]]:
    """Walk what could be rules, without recursion: the input may be nested as deep as it likes."""
    waiting = [(depth, value)]
    while waiting:
        depth, item = waiting.pop()
        if not isinstance(item, dict):
            continue
        yield depth, item
        inside = item.get("rules")
        waiting += [(depth + 1, child) for child in inside] if isinstance(inside, list | tuple) else []
        waiting += [(depth + 1, item["rule"])] if "rule" in item else []


def _path(value: object, location: tuple[str | int, ...]) -> Path:
    """Return pydantic's location without the names of union members that it puts between keys."""
    path: list[str | int] = []
    for number, step in enumerate(location):
        known, inside = _step(value, step)
        if known:
            value = inside
        # The first step is a part of the condition, even if it is missing.
        if known or number == 0:
            path.append(step)
    return tuple(path)


def _step(value: object, step: str | int) -> tuple[bool, object]:
    if isinstance(value, dict):
        return step in value, value.get(step)
    if isinstance(value, list | tuple) and isinstance(step, int):
        return True, value[step]
    return False, None


def _plain(kind: str, message: str) -> MessageId:
    """Return pydantic's finding in words for people."""
    if kind == "value_error":
        return MessageId(message.removeprefix("Value error, "))
    return _WORDS.get(kind, _WORDS.get(kind.partition("_")[0], N_("This value does not fit.")))


_WORDS = {
    "missing": N_("Something is missing here."),
    "extra": N_("There is something here that does not belong."),
    "unexpected": N_("There is something here that does not belong."),
    "dict_type": N_("There is no such kind of rule."),
    "union_tag_invalid": N_("There is no such kind of rule."),
    "string_too_short": N_("Enter some text."),
    "string_too_long": N_("This text is too long."),
    "decimal": N_("Enter a number."),
    "int": N_("Enter a whole number."),
    "date": N_("Enter a date."),
    "literal_error": N_("Choose one of the list."),
    "too_short": N_("Choose at least one."),
    "too_long": N_("There are too many values."),
    "greater_than_equal": N_("This is too small."),
    "greater_than": N_("This is too small."),
    "less_than_equal": N_("This is too large."),
}
