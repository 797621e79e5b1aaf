"""Segment rules: three groups over conditions, and rules about others around a person, nested to a bounded depth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import ColumnElement, and_, false, or_, true

from app.conditions.condition import Condition
from app.conditions.description import Description
from app.customers.relations.circles import CIRCLES
from app.kernel.translatable import N_


@dataclass(frozen=True)
class AllOf:
    """Every rule inside holds. Empty, it is everybody."""

    type: ClassVar[str] = "all"

    rules: tuple[Rule, ...] = ()

    def combine(self, inside: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
        return and_(true(), *inside)

    def describe(self, description: Description) -> str:
        if not self.rules:
            return description.text(N_("anything is true"))
        return description.join([_inside(rule, description) for rule in self.rules], N_(" and "))


@dataclass(frozen=True)
class AnyOf:
    """At least one rule inside holds. Empty, it is nobody."""

    type: ClassVar[str] = "any"

    rules: tuple[Rule, ...] = ()

    def combine(self, inside: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
        return or_(false(), *inside)

    def describe(self, description: Description) -> str:
        if not self.rules:
            return description.text(N_("nothing is true"))
        return description.join([_inside(rule, description) for rule in self.rules], N_(" or "))


@dataclass(frozen=True)
class Not:
    """The rule inside does not hold. What is not known does not hold, so a rule and its Not are everybody."""

    type: ClassVar[str] = "not"

    rule: Rule

    def combine(self, inside: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
        return inside[0].self_group().is_not(true())

    def describe(self, description: Description) -> str:
        return description.text(N_("it is not so that %(rule)s"), rule=_inside(self.rule, description))


@dataclass(frozen=True)
class Someone:
    """The rule inside holds of somebody else in this circle of the customer, such as their household."""

    type: ClassVar[str] = "someone"

    circle: str
    rule: Rule

    def describe(self, description: Description) -> str:
        return description.text(CIRCLES[self.circle].sentence, rule=_inside(self.rule, description))


@dataclass(frozen=True)
class OfSegment:
    """The rule of another segment in the place where it is named; made for compiling, never kept."""

    segment_id: int
    name: str
    rule: Rule

    def combine(self, inside: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
        return inside[0]


Group = AllOf | AnyOf | Not | Someone
Rule = Group | Condition
Expanded = Rule | OfSegment

EVERYBODY = AllOf()


def children(rule: Expanded) -> tuple[Rule, ...]:
    """Return the rules directly inside a rule."""
    if isinstance(rule, AllOf | AnyOf):
        return rule.rules
    return (rule.rule,) if isinstance(rule, Not | Someone | OfSegment) else ()


def conditions(rule: Expanded) -> Iterator[Condition]:
    """Walk every condition of a rule, in the order they are read."""
    if isinstance(rule, Condition):
        yield rule
    for inside in children(rule):
        yield from conditions(inside)


def own_conditions(rule: Expanded) -> Iterator[Condition]:
    """Walk the conditions asked of the customers themselves, and not those asked of others."""
    if isinstance(rule, Condition):
        yield rule
    for inside in () if isinstance(rule, Someone) else children(rule):
        yield from own_conditions(inside)


def _inside(rule: Rule, description: Description) -> str:
    """Describe a rule inside another, with brackets where it is a group of several."""
    said = rule.describe(description)
    return description.text(N_("(%(rules)s)"), rules=said) if len(children(rule)) > 1 else said
