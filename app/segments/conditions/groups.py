"""Segment rules: a closed set of small values, three groups over the conditions, nested to a bounded depth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as fixed
from typing import Annotated, Literal, Union

from pydantic import Field
from sqlalchemy import ColumnElement, and_, false, or_, true

from app.segments.conditions.comparisons import (
    After,
    Before,
    Between,
    Contains,
    GreaterThan,
    In,
    Is,
    IsKnown,
    IsNot,
    IsUnknown,
    LessThan,
    NotWithinLast,
    StartsWith,
    WithinLast,
)
from app.segments.conditions.context import SegmentContext
from app.segments.conditions.description import N_, Description
from app.segments.conditions.events import Did, HasTag, Permission, Purchased
from app.segments.conditions.limits import CONFIG, MAX_RULES


@dataclass(frozen=True)
class AllOf:
    """Every rule inside holds. Empty, it is everybody."""

    __pydantic_config__ = CONFIG
    rules: Annotated[tuple[Rule, ...], Field(max_length=MAX_RULES)] = ()
    type: Literal["all"] = fixed(default="all", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        return self.combine([rule.to_sql(terms) for rule in self.rules])

    def combine(self, inside: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
        return and_(true(), *inside)

    def say(self, speech: Description) -> str:
        if not self.rules:
            return speech.say(N_("anything is true"))
        return speech.join([_inside(rule, speech) for rule in self.rules], N_(" and "))


@dataclass(frozen=True)
class AnyOf:
    """At least one rule inside holds. Empty, it is nobody."""

    __pydantic_config__ = CONFIG
    rules: Annotated[tuple[Rule, ...], Field(max_length=MAX_RULES)] = ()
    type: Literal["any"] = fixed(default="any", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        return self.combine([rule.to_sql(terms) for rule in self.rules])

    def combine(self, inside: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
        return or_(false(), *inside)

    def say(self, speech: Description) -> str:
        if not self.rules:
            return speech.say(N_("nothing is true"))
        return speech.join([_inside(rule, speech) for rule in self.rules], N_(" or "))


@dataclass(frozen=True)
class Not:
    """The rule inside does not hold. What is not known does not hold, so a rule and its Not are everybody."""

    __pydantic_config__ = CONFIG
    rule: Rule
    type: Literal["not"] = fixed(default="not", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        return self.combine([self.rule.to_sql(terms)])

    def combine(self, inside: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
        return inside[0].self_group().is_not(true())

    def say(self, speech: Description) -> str:
        return speech.say(N_("it is not so that %(rule)s"), rule=_inside(self.rule, speech))


Condition = (
    Is
    | IsNot
    | In
    | Contains
    | StartsWith
    | GreaterThan
    | LessThan
    | Between
    | Before
    | After
    | WithinLast
    | NotWithinLast
    | IsKnown
    | IsUnknown
    | HasTag
    | Permission
    | Purchased
    | Did
)
Rule = Annotated[Union[AllOf, AnyOf, Not, Condition], Field(discriminator="type")]  # noqa: UP007 - a forward-looking union

EVERYBODY = AllOf()


def children(rule: Rule) -> tuple[Rule, ...]:
    """Return the rules directly inside a rule."""
    if isinstance(rule, AllOf | AnyOf):
        return rule.rules
    return (rule.rule,) if isinstance(rule, Not) else ()


def conditions(rule: Rule) -> Iterator[Condition]:
    """Walk every condition of a rule, in the order they are read."""
    if not isinstance(rule, AllOf | AnyOf | Not):
        yield rule
    for inside in children(rule):
        yield from conditions(inside)


def _inside(rule: Rule, speech: Description) -> str:
    """Say a rule inside another, with brackets where it is a group of several."""
    said = rule.say(speech)
    return speech.say(N_("(%(rules)s)"), rules=said) if len(children(rule)) > 1 else said
