"""Compiles a rule to one SQL statement with bound values only, always with its workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Join, Select, Table, false, select

from app.conditions.condition import Condition
from app.conditions.context import ConditionContext, ConditionInvalid
from app.conditions.limits import MAX_LOOKUPS
from app.conditions.lookups import Lookups
from app.customers.profiles import people
from app.customers.profiles.fields import FieldInfo
from app.customers.relations.circles import CIRCLES
from app.kernel.translatable import N_
from app.segments import rules
from app.segments.codec import Path, Problem, RulesInvalid
from app.segments.rules import Not, Rule, Someone


@dataclass(frozen=True)
class Population:
    """Whose customers a rule is asked of, and when: days begin in `zone`, `fields` are those of `fields.columns`."""

    workspace_id: int
    fields: Mapping[str, FieldInfo]
    now: datetime
    zone: tzinfo = UTC


@dataclass(frozen=True)
class CompiledRule:
    """A rule made into SQL once, and what does not fit in it."""

    rule: Rule
    problems: list[Problem]
    # How many times rows of everybody are read for it.
    lookups: int
    statement: Select[int]

    @property
    def matches(self) -> Select[int]:
        """Return the statement that selects the `customer_id` of everyone the rule matches; raise RulesInvalid.

        Run it with `transaction(workspace_id, reading=True)`.
        """
        if self.problems:
            raise RulesInvalid(self.problems)
        return self.statement


def compile_rule(rule: Rule, population: Population) -> CompiledRule:
    """Make each condition into SQL once, over the tables the rule needs."""
    # The only place that says whose customers these are: each of these queries carries the workspace.
    base = _base(rule, population)
    lookups = Lookups(population.workspace_id, until=population.now)
    context = ConditionContext(
        population.workspace_id, population.fields, population.now, population.zone, _column(base), lookups
    )
    problems: list[Problem] = []
    condition = _build(rule, context, (), problems)
    if len(lookups) > MAX_LOOKUPS:
        problems.append(Problem((), _TOO_MUCH, {"most": MAX_LOOKUPS}))
    return CompiledRule(rule, problems, len(lookups), lookups.join(base, context.customer_id).where(condition))


_TOO_MUCH = N_(
    "This asks about purchases, permission and what people did in too many different ways; %(most)s are possible. "
    "Take some of these conditions out."
)


def _build(rule: Rule, context: ConditionContext, path: Path, problems: list[Problem]) -> ColumnElement[bool]:
    """Return the rule as SQL and note each condition that does not fit, with its place."""
    if isinstance(rule, Someone):
        return _of_others(rule, context, path, problems)
    if not isinstance(rule, Condition):
        steps: list[Path] = [("rule",)] if isinstance(rule, Not) else [("rules", n) for n in range(len(rule.rules))]
        inside = zip(steps, rules.children(rule), strict=True)
        return rule.combine([_build(child, context, (*path, *step), problems) for step, child in inside])
    try:
        return rule.to_sql(context.for_reading(rule.reads))
    except ConditionInvalid as invalid:
        problems.append(Problem((*path, invalid.part), invalid.message, invalid.values))
        return false()


def _of_others(rule: Someone, context: ConditionContext, path: Path, problems: list[Problem]) -> ColumnElement[bool]:
    """Return that the rule holds of somebody in the customer's circle: a rule of its own, asked of everybody."""
    population = Population(context.workspace_id, context.fields, context.now, context.zone)
    compiled = compile_rule(rule.rule, population)
    problems += [replace(each, path=(*path, "rule", *each.path)) for each in compiled.problems]
    context.lookups.count_other(1 + compiled.lookups)
    pairs, others = CIRCLES[rule.circle].pairs(context.workspace_id).subquery(), compiled.statement.subquery()
    found = select(pairs.c.customer_id).where(pairs.c.other_id.in_(select(others.c.customer_id)))
    return context.customer_id.in_(found)


def _base(rule: Rule, population: Population) -> Select[int]:
    """Return the query of everyone with all the rule asks about; a join less is half the time of a broad count."""
    fields = population.fields
    names = {name for condition in rules.own_conditions(rule) for name in condition.reads if name in fields}
    needed = {table for name in names for table in _asked_of(fields[name].expression)}
    for everyone in (people.profile_query, people.sums_query):
        base = everyone(population.workspace_id)
        if needed <= _tables(base):
            return base
    return people.base_query(population.workspace_id)


def _column(base: Select[int]) -> ColumnElement[int]:
    """Return the customer's id as the base query selects it, without its label."""
    labelled = base.selected_columns.customer_id
    element: ColumnElement[int] = getattr(labelled, "element", labelled)
    return element


def _asked_of(expression: ColumnElement[Any]) -> set[str]:
    """Return the tables an expression stands over."""
    return _tables(select(expression))


def _tables(query: Select[Any]) -> set[str]:
    found: set[str] = set()
    waiting = list(query.get_final_froms())
    while waiting:
        source = waiting.pop()
        if isinstance(source, Join):
            waiting += [source.left, source.right]
        elif isinstance(source, Table):
            found.add(source.name)
    return found
