"""Compiles a rule to one SQL statement with bound values only, always with its workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any as Anything

from sqlalchemy import ColumnElement, Join, Select, Table, false, select

from app.customers.profiles import people
from app.customers.profiles.fields import FieldInfo
from app.segments.codec import Path, Problem, RulesInvalid
from app.segments.conditions import groups
from app.segments.conditions.context import ConditionInvalid, SegmentContext
from app.segments.conditions.description import N_
from app.segments.conditions.event_queries import History
from app.segments.conditions.events import Permission
from app.segments.conditions.groups import AllOf, AnyOf, Not, Rule
from app.segments.conditions.limits import MAX_LOOKUPS


@dataclass(frozen=True)
class Compiled:
    """A rule made into SQL, and what does not fit in it; with problems, the statement is not to be run."""

    statement: Select[int]
    problems: list[Problem]


def query(
    rule: Rule, workspace_id: int, *, fields: Mapping[str, FieldInfo], now: datetime, zone: tzinfo = UTC
) -> Select[int]:
    """Return the statement that selects the `customer_id` of everyone the rule matches.

    `fields` are those of `customers.fields.columns`; days begin in `zone`. Run it with
    `transaction(workspace_id, reading=True)`. Raises RulesInvalid where a condition does not fit its field, or the rule
    asks for more than one query should.
    """
    compiled = _compile(rule, workspace_id, fields, now, zone)
    if compiled.problems:
        raise RulesInvalid(compiled.problems)
    return compiled.statement


def check(rule: Rule, workspace_id: int, *, fields: Mapping[str, FieldInfo], now: datetime) -> list[Problem]:
    """Return what does not fit in the rule, and where; nothing if it can be compiled."""
    return _compile(rule, workspace_id, fields, now, UTC).problems


def _compile(
    rule: Rule, workspace_id: int, fields: Mapping[str, FieldInfo], now: datetime, zone: tzinfo
) -> Compiled:
    """Make each condition into SQL once, over the tables the rule needs."""
    # The only place that says whose customers these are: each of these queries carries the workspace.
    base = _base(rule, workspace_id, fields)
    history = History(workspace_id, until=now)
    terms = SegmentContext(workspace_id, fields, now, zone, _column(base), fields["tags"].expression, history)
    problems: list[Problem] = []
    condition = _build(rule, terms, (), problems)
    lookups = len(history) + sum(isinstance(each, Permission) for each in groups.conditions(rule))
    if lookups > MAX_LOOKUPS:
        problems.append(Problem((), _TOO_MUCH, {"most": MAX_LOOKUPS}))
    return Compiled(history.join(base, terms.customer_id).where(condition), problems)


_TOO_MUCH = N_(
    "This asks about purchases, permission and what people did in too many different ways; %(most)s are possible. "
    "Take some of these conditions out."
)


def _build(rule: Rule, terms: SegmentContext, path: Path, problems: list[Problem]) -> ColumnElement[bool]:
    """Return the rule as SQL and note each condition that does not fit, with its place."""
    if isinstance(rule, AllOf | AnyOf | Not):
        steps: list[Path] = [("rule",)] if isinstance(rule, Not) else [("rules", n) for n in range(len(rule.rules))]
        inside = zip(steps, groups.children(rule), strict=True)
        return rule.combine([_build(child, terms, (*path, *step), problems) for step, child in inside])
    try:
        return rule.to_sql(terms)
    except ConditionInvalid as misfit:
        problems.append(Problem((*path, misfit.part), misfit.message, misfit.values))
        return false()


def _base(rule: Rule, workspace_id: int, fields: Mapping[str, FieldInfo]) -> Select[int]:
    """Return the query of everyone with all the rule asks about; a join less is half the time of a broad count."""
    names = {name for condition in groups.conditions(rule) for name in condition.reads if name in fields}
    needed = {table for name in names for table in _asked_of(fields[name].expression)}
    for everyone in (people.profile_query, people.sums_query):
        base = everyone(workspace_id)
        if needed <= _tables(base):
            return base
    return people.base_query(workspace_id)


def _column(base: Select[int]) -> ColumnElement[int]:
    """Return the customer's id as the base query selects it, without its label."""
    labelled = base.selected_columns.customer_id
    element: ColumnElement[int] = getattr(labelled, "element", labelled)
    return element


def _asked_of(expression: ColumnElement[Anything]) -> set[str]:
    """Return the tables an expression stands over."""
    return _tables(select(expression))


def _tables(query: Select[Anything]) -> set[str]:
    found: set[str] = set()
    waiting = list(query.get_final_froms())
    while waiting:
        source = waiting.pop()
        if isinstance(source, Join):
            waiting += [source.left, source.right]
        elif isinstance(source, Table):
            found.add(source.name)
    return found
