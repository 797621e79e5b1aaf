"""What the database answers is what a naive reading of the rule answers, and no value ever becomes SQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any as Anything

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, func, select, type_coerce
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.conditions.limits import MAX_LOOKUPS, MAX_RULES
from app.customers.field_kinds.references import ReferenceTargets
from app.customers.models import Customer
from app.customers.organisations.reference_target import ORGANISATIONS
from app.kernel.database import Database
from app.segments import codec, compiler, preview, rules, segments
from app.segments.codec import RulesInvalid
from app.segments.compiler import Population, compile_rule
from app.segments.lists import adding, lists
from app.segments.lists.adding import Origin
from app.segments.rules import Not
from app.segments.segments import SegmentChange
from tests.factories import conditions
from tests.factories.application.extending import carrying
from tests.factories.conditions import FIELDS, TYPES
from tests.factories.segments import NOON, counted
from tests.factories.segments.any_rule import some_rule
from tests.factories.segments.people import Made, many_customers
from tests.factories.segments.plain_reading import matches
from tests.factories.workspaces import WorkspaceForTests, a_workspace

POPULATION = Population(1, FIELDS, NOON)
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@dataclass(repr=False)
class Crowd:
    """A workspace and its people."""

    home: WorkspaceForTests
    people: list[Made]
    list_ids: list[int]
    kept: dict[int, rules.Rule]


@pytest.fixture(scope="module")
def crowd(opened_database: Database) -> Crowd:
    """Forty customers of every shape in a workspace, and as many strangers in another."""
    opened_database = carrying(opened_database, ReferenceTargets((ORGANISATIONS,)))
    strangers = a_workspace(opened_database, name="Elsewhere", now=NOON)
    with opened_database.transaction(strangers.id) as session:
        many_customers(session, strangers.id, strangers.topic_id, seed=2, count=40)
    home = a_workspace(opened_database, name="Home", now=NOON)
    with carrying(opened_database, TYPES).transaction(home.id) as session:
        people = many_customers(session, home.id, home.topic_id, seed=1, count=40)
        made = [lists.create(session, home.id, name, staff_id=home.owner_id, now=NOON).id for name in ("A", "B")]
        for list_id, step in zip(made, (2, 3), strict=True):
            chosen = people[::step]
            ids = [who.id for who in chosen]
            adding.add(session, home.id, list_id, ids, Origin("hand"), staff_id=home.owner_id, now=NOON)
            for who in chosen:
                who.lists.add(list_id)
        return Crowd(home, people, made, _three_segments(session, home.id))


def _three_segments(session: Session, workspace_id: int) -> dict[int, rules.Rule]:
    """Segments of which each names those before it."""
    kept: dict[int, rules.Rule] = {}
    for name, rule in (
        ("Buyers", conditions.GreaterThan("spent", Decimal(0))),
        ("Clicked", conditions.Did("click", 2, at_most=None, verdict="any")),
    ):
        kept[segments.save(session, workspace_id, SegmentChange(name, rule), staff_id=None, now=NOON).id] = rule
    one, other = (conditions.InSegment(each) for each in kept)
    both = rules.AnyOf((rules.AllOf((one, other)), rules.Not(conditions.IsKnown("city")), rules.Not(one)))
    kept[segments.save(session, workspace_id, SegmentChange("Both", both), staff_id=None, now=NOON).id] = both
    return kept


@settings(max_examples=80, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_the_database_agrees_with_a_naive_reading(database: Database, crowd: Crowd, data: st.DataObject) -> None:
    """Compiled SQL says what plain Python says: unknown values, empty lists, any script, the workspace's zone."""
    home, people = crowd.home, crowd.people
    rule = data.draw(some_rule(home.topic_id, segment_ids=list(crowd.kept), list_ids=crowd.list_ids))
    with database.transaction(home.id, reading=True) as session:
        asked = segments.matches_query(session, home.id, rule, now=NOON)
        opposite = segments.matches_query(session, home.id, Not(rule), now=NOON)
        found, others = set(session.scalars(asked)), set(session.scalars(opposite))

    assert found == {who.id for who in people if matches(rule, who, crowd.kept)}
    assert found | others == {who.id for who in people}
    assert not found & others


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(rule=some_rule(7))
def test_no_value_becomes_sql_and_the_workspace_is_always_there(rule: rules.Rule) -> None:
    kinds = {"custom.size": "number", "custom.joined": "time", "custom.member": "boolean", "custom.colour": "text"}
    kinds |= {"custom.budget": "money", "custom.seen": "time"}
    kinds |= {"custom.hobbies": "choices", "custom.dealer": "reference"}
    custom = {name: replace(FIELDS["city"], name=name, kind=kind) for name, kind in kinds.items()}
    own = {"custom.hobbies": type_coerce(Customer.city, JSONB), "custom.dealer": type_coerce(Customer.city, BigInteger)}
    custom |= {name: replace(custom[name], expression=column, target=ORGANISATIONS) for name, column in own.items()}
    statement = compile_rule(rule, Population(424242, FIELDS | custom, NOON)).matches
    compiled = statement.compile(dialect=postgresql.dialect())

    assert "'" not in str(compiled)
    own = re.compile(r"\s*\(?\w+\.workspace_id = %\(workspace_id_\d+\)s")
    clauses = re.split(r"(?<!FILTER \()WHERE", str(compiled))[1:]
    assert clauses
    assert [clause for clause in clauses if not own.match(clause)] == []
    assert 424242 in compiled.params.values()


@pytest.mark.parametrize(
    ("rule", "joined"),
    [
        (conditions.Is("city", "Berlin"), {"customers"}),
        (conditions.WithinLast("latest_open_at", 30), {"customer_engagement"}),
        (conditions.Did("click", 3, 30), {"customers"}),
        (
            rules.AllOf((conditions.Is("city", "Berlin"), conditions.WithinLast("latest_open_at", 30))),
            {"customers", "customer_engagement"},
        ),
        (
            rules.AllOf((conditions.Permission("marketing", 7, "allowed"), conditions.GreaterThan("spent", 5))),
            {"customer_engagement"},
        ),  # type: ignore[arg-type]
        (rules.EVERYBODY, {"customers"}),
    ],
)
def test_only_what_is_asked_about_is_joined(rule: rules.Rule, joined: set[str]) -> None:
    """Without this, a broad count over a million customers takes twice as long."""
    statement = compile_rule(rule, POPULATION).matches

    assert compiler._tables(statement) - {"customer_traits"} == joined


HOSTILE = [
    '"; drop table customers; --',
    "%s",
    "%(x)s",
    "a.b",
    "x" * 64,
    "名",
    "workspace_id",
    "email_key",
    "__class__",
    "",
]


@pytest.mark.parametrize("key", HOSTILE)
def test_hostile_field_names_are_refused_at_any_depth(key: str) -> None:
    """A field is known by name or not at all."""
    value: dict[str, object] = {"type": "is", "field": key, "value": "x"}
    for _ in range(8):
        value = {"type": "all", "rules": [value]}
    with pytest.raises(RulesInvalid):
        _ = compile_rule(codec.load(value, TYPES), POPULATION).matches


@pytest.mark.parametrize(
    "hostile", ["'; drop table customers; --", "%s", "%(x)s", "\\", "${x}", "{{x}}", "\u202e", "%%"]
)
def test_hostile_values_are_only_values(database: Database, workspace: WorkspaceForTests, hostile: str) -> None:
    for condition in (conditions.Is, conditions.IsNot, conditions.Contains, conditions.StartsWith):
        with database.transaction(workspace.id, reading=True) as session:
            assert counted(session, workspace.id, condition("city", hostile), now=NOON) == 0


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        (conditions.Is("nothing", "x"), "field"),
        (conditions.GreaterThan("city", 1), "type"),  # type: ignore[arg-type]
        (conditions.Is("spent", "x"), "value"),
        (conditions.Is("city", True), "value"),
        (conditions.WithinLast("city", 3), "type"),
        (conditions.Between("spent", 3, 2), "high"),  # type: ignore[arg-type]
        (conditions.Contains("tags", "x"), "type"),
    ],
)
def test_what_a_field_cannot_answer_is_named(rule: rules.Rule, part: str) -> None:
    problems = compile_rule(rules.AllOf((rule,)), POPULATION).problems

    assert [problem.path for problem in problems] == [("rules", 0, part)]


def test_waterfall_adds_up(database: Database, crowd: Crowd) -> None:
    home, people = crowd.home, crowd.people
    with database.transaction(home.id, reading=True) as session:
        everybody = segments.matches_query(session, home.id, rules.EVERYBODY, now=NOON)
        found = preview.waterfall(session, home.id, everybody, home.topic_id, NOON)
        shown = preview.sample(session, home.id, everybody, limit=3)

    assert found.matched == len(people)
    assert found.mailable == sum(("marketing", home.topic_id) in who.allowed for who in people)
    assert found.matched - found.no_permission - found.suppressed == found.mailable
    assert [person.customer_id for person in shown] == sorted((who.id for who in people), reverse=True)[:3]


def test_a_kept_segment_follows_its_people(database: Database, crowd: Crowd) -> None:
    home = crowd.home
    with database.transaction(home.id) as session:
        rule = conditions.WithinLast("latest_click_at", 30)
        kept = segments.save(session, home.id, SegmentChange("Clicked lately", rule), staff_id=None, now=NOON)
        members = segments.members_query(session, home.id, kept.id, NOON)
        later = segments.members_query(session, home.id, kept.id, NOON + timedelta(days=60))

        assert session.scalar(select(func.count()).select_from(members.subquery()))
        assert not session.scalar(select(func.count()).select_from(later.subquery()))
        segments.delete(session, home.id, kept.id, staff_id=home.owner_id, now=NOON)


class Counted(dict[str, Anything]):
    """Fields that count how often a condition looks one up."""

    looks = 0

    def get(self, key: str, default: Anything = None) -> Anything:
        self.looks += 1
        return super().get(key, default)


@pytest.mark.parametrize("depth", [1, 10])
def test_each_condition_is_compiled_once_at_any_depth(depth: int) -> None:
    """A rule used to be compiled up to four times, to check it and to find the tables it needs."""
    rule: rules.Rule = rules.AllOf(tuple(conditions.GreaterThan("spent", number) for number in range(150)))  # type: ignore[arg-type]
    for _ in range(depth):
        rule = rules.Not(rules.AnyOf((rule,)))
    known = Counted(FIELDS)
    compile_rule(rule, Population(1, known, NOON))

    assert known.looks == 150


@pytest.mark.parametrize(
    ("condition", "source"),
    [
        (lambda n: conditions.Did("open", 1 + n, 1 + n % MAX_LOOKUPS, "any"), "activities"),
        (lambda n: conditions.Purchased("sum", 1 + n, 1 + n % MAX_LOOKUPS), "orders JOIN"),
    ],
)
def test_all_questions_to_one_history_read_it_once(condition: Callable[[int], rules.Rule], source: str) -> None:
    """190 conditions on what people did used to be 190 passes over everything anybody did."""
    rule = rules.AnyOf(tuple(condition(number) for number in range(190)))
    said = str(compile_rule(rule, POPULATION).matches.compile(dialect=postgresql.dialect()))

    assert said.count(f"FROM {source}") == 1


@pytest.mark.parametrize(
    "condition",
    [
        lambda n: conditions.Did("open", 1, 1 + n, "any"),
        lambda n: conditions.Purchased("count", 1, 1 + n),
        lambda n: conditions.Permission("marketing", n, "allowed"),
    ],
)
def test_a_rule_that_asks_too_much_of_one_query_is_refused_in_words(condition: Callable[[int], rules.Rule]) -> None:
    """Each of these has the database read rows of everybody; what one rule may cost is bounded."""
    assert not compile_rule(rules.AnyOf(tuple(map(condition, range(MAX_LOOKUPS)))), POPULATION).problems
    with pytest.raises(RulesInvalid) as refused:
        _ = compile_rule(rules.AnyOf(tuple(map(condition, range(MAX_LOOKUPS + 1)))), POPULATION).matches

    assert "in too many different ways" in refused.value.problems[0].message
    assert MAX_LOOKUPS < MAX_RULES
