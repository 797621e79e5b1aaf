"""How does a rule become SQL? One statement, bound values only, and the workspace in it by construction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from sqlalchemy import ColumnElement, Select

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
    terms = _terms(workspace_id, fields, now, zone)
    require_fit(rule, terms)
    # The only place that says whose customers these are: `base_query` carries the workspace.
    return people.base_query(workspace_id).where(rule.to_sql(terms))


def check(rule: Rule, workspace_id: int, *, fields: Mapping[str, FieldInfo], now: datetime) -> list[Problem]:
    """Return what does not fit in the rule, and where; nothing if it can be compiled."""
    return _problems(rule, _terms(workspace_id, fields, now, UTC), ())


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


def _terms(workspace_id: int, fields: Mapping[str, FieldInfo], now: datetime, zone: tzinfo) -> Terms:
    return Terms(workspace_id, fields, now, zone, _column(people.base_query(workspace_id)), fields["tags"].expression)


def _column(base: Select[int]) -> ColumnElement[int]:
    """Return the customer's id as the base query selects it, without its label."""
    labelled = base.selected_columns.customer_id
    element: ColumnElement[int] = getattr(labelled, "element", labelled)
    return element
