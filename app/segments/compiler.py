"""Compiles a rule to one SQL statement with bound values only, always with its workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    ColumnElement,
    Join,
    Select,
    Table,
    any_,
    bindparam,
    cast,
    false,
    func,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, array

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
from app.segments.naming import expansion
from app.segments.naming.kept_rules import KeptRules, NoKeptRules
from app.segments.rules import AllOf, Expanded, Not, OfSegment, Rule, Someone


@dataclass(frozen=True)
class Population:
    """Whose customers a rule is asked of, and when: days begin in `zone`, `fields` are those of `fields.columns`.

    `kept` is where the segments are found that a rule names.
    """

    workspace_id: int
    fields: Mapping[str, FieldInfo]
    now: datetime
    zone: tzinfo = UTC
    kept: KeptRules = field(default_factory=NoKeptRules)


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


def compile_rule(rule: Rule, population: Population, *, segment_id: int | None = None) -> CompiledRule:
    """Make each condition into SQL once, over the tables the rule needs; `segment_id` is the segment it belongs to."""
    problems: list[Problem] = []
    expanded = expansion.expand(rule, population.kept, problems, segment_id=segment_id)
    compiled = _compile(expanded, population, problems)
    return replace(compiled, rule=rule)


@dataclass(frozen=True)
class Together:
    """Rules that one statement asks, by their positions in what was given."""

    positions: tuple[int, ...]
    rules: tuple[Rule, ...]
    population: Population

    def flags(self, among: ColumnElement[Any] | None, *, foresees: bool = False) -> Select[Any]:
        """Return (customer_id, is_in): for each of these people, or everybody, an array of which rules match them.

        With `foresees` also `next_at`: when time alone may next change an answer about them, NULL for never.
        """
        group = AllOf(self.rules)
        base, context, conditions, _problems = _conditions(group, self.population, foresees=foresees)
        is_in = array([func.coalesce(each, false()) for each in conditions])
        columns: list[ColumnElement[Any]] = [context.customer_id.label("customer_id"), is_in.label("is_in")]
        if foresees:
            never = cast(null(), TIMESTAMP(timezone=True))
            columns.append(func.least(never, *_next_changes(group, context)).label("next_at"))
        joined: Select[Any] = context.lookups.join(base, context.customer_id, among=among)
        query = joined.with_only_columns(*columns, maintain_column_froms=True)
        return query if among is None else query.where(context.customer_id == any_(among))


def members_among(compiled: CompiledRule, population: Population, customer_ids: Sequence[int]) -> Select[int]:
    """Return the statement of a compiled rule for these customers alone; raise RulesInvalid."""
    _ = compiled.matches
    among = bindparam("among", list(customer_ids), type_=ARRAY(BigInteger), unique=True)
    asked = Together((0,), (expansion.expand(compiled.rule, population.kept, []),), population)
    flags = asked.flags(among).subquery()
    return select(flags.c.customer_id).where(flags.c.is_in == array([true()]))


def expanded(rule: Rule, population: Population, *, segment_id: int | None = None) -> Rule | None:
    """Return a rule with those it names in their places, None where something in it does not fit."""
    problems: list[Problem] = []
    found = expansion.expand(rule, population.kept, problems, segment_id=segment_id)
    return found if not problems and not _compile(found, population, problems).problems else None


def together(asked: Sequence[Rule], population: Population) -> list[Together]:
    """Return these expanded rules in as few statements as their lookups allow."""
    groups: list[list[int]] = []
    context = _context(people.base_query(population.workspace_id), population)
    for position, rule in enumerate(asked):
        _build(rule, context, (), [])
        _next_changes(rule, context)
        if not groups or len(context.lookups) > MAX_LOOKUPS:
            groups.append([])
            context = _context(people.base_query(population.workspace_id), population)
            _build(rule, context, (), [])
            _next_changes(rule, context)
        groups[-1].append(position)
    return [Together(tuple(group), tuple(asked[each] for each in group), population) for group in groups]


def _context(base: Select[int], population: Population) -> ConditionContext:
    lookups = Lookups(population.workspace_id, until=population.now)
    return ConditionContext(
        population.workspace_id, population.fields, population.now, population.zone, _column(base), lookups
    )


def _conditions(
    group: Rule, population: Population, *, foresees: bool = False
) -> tuple[Select[int], ConditionContext, list[ColumnElement[bool]], list[Problem]]:
    """Return the customers a group asks about, what it is compiled with, and the rules inside it one by one as SQL."""
    base, problems = _base(group, population, with_others=foresees), list[Problem]()
    context = _context(base, population)
    return base, context, [_build(each, context, (), problems) for each in rules.children(group)], problems


def _next_changes(rule: Expanded, context: ConditionContext) -> list[ColumnElement[datetime]]:
    """Return when time alone may change the answer of each condition in a rule, those about others among them.

    What changes of others concerns whoever has them in a circle; they are evaluated with them.
    """
    asked = dict.fromkeys(rules.conditions(rule))
    found = [each.next_change(context.for_reading(each.reads)) for each in asked]
    return [each for each in found if each is not None]


def counts_query(asked: Sequence[Rule], population: Population) -> Select[Any] | None:
    """Return the statement that counts whom each of these rules matches, in one pass over the customers.

    None where they ask more than one statement may; a rule that does not fit counts nobody.
    """
    problems: list[Problem] = []
    group = expansion.expand(AllOf(tuple(asked)), population.kept, problems)
    base, context, found, _problems = _conditions(group, population)
    if len(context.lookups) > MAX_LOOKUPS:
        return None
    counted: list[ColumnElement[Any]] = [func.count().filter(each) for each in found]
    joined: Select[Any] = context.lookups.join(base, context.customer_id)
    return joined.with_only_columns(*counted, maintain_column_froms=True)


def _compile(rule: Rule, population: Population, problems: list[Problem]) -> CompiledRule:
    # The only place that says whose customers these are: each of these queries carries the workspace.
    base = _base(rule, population)
    context = _context(base, population)
    lookups = context.lookups
    condition = _build(rule, context, (), problems)
    if len(lookups) > MAX_LOOKUPS:
        problems.append(Problem((), _TOO_MUCH, {"most": MAX_LOOKUPS}))
    return CompiledRule(rule, problems, len(lookups), lookups.join(base, context.customer_id).where(condition))


_TOO_MUCH = N_(
    "This asks about purchases, permission and what people did in too many different ways; %(most)s are possible. "
    "Take some of these conditions out."
)


def _build(rule: Expanded, context: ConditionContext, path: Path, problems: list[Problem]) -> ColumnElement[bool]:
    """Return the rule as SQL and note each condition that does not fit, with its place."""
    if isinstance(rule, OfSegment):
        return _of_segment(rule, context, path, problems)
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


def _of_segment(
    rule: OfSegment, context: ConditionContext, path: Path, problems: list[Problem]
) -> ColumnElement[bool]:
    """Return another segment's rule as SQL; what is wrong in it is said at the place that names it."""
    inside: list[Problem] = []
    built = _build(rule.rule, context, (), inside)
    if inside:
        problems.append(Problem((*path, "segment"), _UNUSABLE, {"name": rule.name}))
    return built


_UNUSABLE = N_("The segment “%(name)s” cannot be used as it is. Open it to see why.")


def _of_others(rule: Someone, context: ConditionContext, path: Path, problems: list[Problem]) -> ColumnElement[bool]:
    """Return that the rule holds of somebody in the customer's circle: a rule of its own, asked of everybody."""
    population = Population(context.workspace_id, context.fields, context.now, context.zone)
    inside: list[Problem] = []
    compiled = _compile(rule.rule, population, inside)
    problems += [replace(each, path=(*path, "rule", *each.path)) for each in inside]
    context.lookups.count_other(1 + compiled.lookups)
    pairs, others = CIRCLES[rule.circle].pairs(context.workspace_id).subquery(), compiled.statement.subquery()
    found = select(pairs.c.customer_id).where(pairs.c.other_id.in_(select(others.c.customer_id)))
    return context.customer_id.in_(found)


def _base(rule: Expanded, population: Population, *, with_others: bool = False) -> Select[int]:
    """Return the query of everyone with all the rule asks about; a join less is half the time of a broad count.

    `with_others` adds what it asks about others.
    """
    fields = population.fields
    asked = rules.conditions(rule) if with_others else rules.own_conditions(rule)
    names = {name for condition in asked for name in condition.reads if name in fields}
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
