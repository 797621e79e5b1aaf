"""How does a rule become SQL? One statement, bound values only, and the workspace in it by construction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any as Anything

from sqlalchemy import ColumnElement, Join, Select, Table, literal_column, select

from app.customers import people
from app.customers.fields import FieldInfo
from app.segments import rules
from app.segments.codec import Path, Problem, RulesInvalid
from app.segments.rules import All, Any, Not, Rule
from app.segments.terms import Misfit, Terms


def query(
    rule: Rule, workspace_id: int, *, fields: Mapping[str, FieldInfo], now: datetime, zone: tzinfo = UTC
) -> Select[int]:
    """Return the statement that selects the `customer_id` of everyone the rule matches.

    `fields` are those of `customers.fields.columns`; days begin in `zone`. Run it with
    `transaction(workspace_id, reading=True)`. Raises RulesInvalid where a condition does not fit its field.
    """
    require_fit(rule, _terms(people.base_query(workspace_id), workspace_id, fields, now, zone))
    # The only place that says whose customers these are: each of these queries carries the workspace.
    # The first one that joins all the rule asks about is taken; a join less is half the time of a broad count.
    for everyone in (people.profile_query, people.sums_query):
        base = everyone(workspace_id)
        condition = rule.to_sql(_terms(base, workspace_id, fields, now, zone))
        if _asks_about(condition) <= _tables(base):
            return base.where(condition)
    base = people.base_query(workspace_id)
    return base.where(rule.to_sql(_terms(base, workspace_id, fields, now, zone)))


def check(rule: Rule, workspace_id: int, *, fields: Mapping[str, FieldInfo], now: datetime) -> list[Problem]:
    """Return what does not fit in the rule, and where; nothing if it can be compiled."""
    return _problems(rule, _terms(people.base_query(workspace_id), workspace_id, fields, now, UTC), ())


def require_fit(rule: Rule, terms: Terms) -> None:
    """Raise RulesInvalid unless every condition fits its field."""
    problems = _problems(rule, terms, ())
    if problems:
        raise RulesInvalid(problems)


def _problems(rule: Rule, terms: Terms, path: Path) -> list[Problem]:
    if isinstance(rule, Not):
        return _problems(rule.rule, terms, (*path, "rule"))
    if isinstance(rule, All | Any):
        inside = [
            _problems(child, terms, (*path, "rules", number)) for number, child in enumerate(rules.children(rule))
        ]
        return [problem for problems in inside for problem in problems]
    try:
        rule.to_sql(terms)
    except Misfit as misfit:
        return [Problem((*path, misfit.part), misfit.message, misfit.values)]
    return []


def _terms(base: Select[int], workspace_id: int, fields: Mapping[str, FieldInfo], now: datetime, zone: tzinfo) -> Terms:
    return Terms(workspace_id, fields, now, zone, _column(base), fields["tags"].expression)


def _column(base: Select[int]) -> ColumnElement[int]:
    """Return the customer's id as the base query selects it, without its label."""
    labelled = base.selected_columns.customer_id
    element: ColumnElement[int] = getattr(labelled, "element", labelled)
    return element


def _asks_about(condition: ColumnElement[bool]) -> set[str]:
    """Return the tables a condition needs joined; those inside its subqueries are not among them."""
    return _tables(select(literal_column("1")).where(condition))


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
