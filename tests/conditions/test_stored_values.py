"""No value that is stored for a field, whatever the field's type was and is, makes a query fail."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from app.conditions.inputs import FilledIn
from app.customers.field_kinds.references import ReferenceTargets
from app.customers.models import Customer, CustomField
from app.customers.organisations.reference_target import ORGANISATIONS
from app.customers.profiles import fields
from app.kernel.database import Database
from app.segments import codec
from app.segments.compiler import Population, compile_rule
from app.segments.rules import Not, Rule
from tests.factories.conditions import FIELDS, TYPES, speaking_of
from tests.factories.customers import a_customer
from tests.factories.segments import BERLIN, NOON
from tests.factories.workspaces import WorkspaceForTests, a_workspace

PEOPLE = 12
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
# What is typed into each input, by the field's kind.
TYPED = {
    "text": "München", "choice": "M", "number": "-7.25", "date": "2024-02-29", "boolean": "yes", "money": "12.50",
    "date_time": "2024-02-29", "multi_choice": "S\nM", "reference": "Acme",
}  # fmt: skip
characters = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
numbers = st.from_regex(r"[+-]?[0-9]{1,45}([.][0-9]{0,45})?(e[+-]?[0-9]{1,7})?\n?", fullmatch=True)
dates = st.from_regex(r"[0-9]{3,5}-[0-9]{1,2}-[0-9]{1,2}( [0-9:]{1,5})?\n?", fullmatch=True)
moments = st.sampled_from(("2026-02-28T25:00:00+01:00", "2026-02-28T10:00:00+01:00", "2026-02-30T10:00:00+15:00"))
moneys = st.from_regex(r"-?[0-9]{1,18}([.][0-9]{1,8})? [A-Z]{2,4}", fullmatch=True)
words = st.sampled_from(("", " ", "true", "false", "t", "NaN", "Infinity", "-infinity", "epoch", "today", "null", "१२"))
leaf = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(characters, max_size=30) | numbers | dates | words | moments | moneys
)  # fmt: skip
keys = st.text(characters, max_size=5)
stored = st.recursive(leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


@pytest.fixture(scope="module")
def home(opened_database: Database) -> WorkspaceForTests:
    made = a_workspace(opened_database, name="Home", now=NOON)
    with opened_database.transaction(made.id) as session:
        for _ in range(PEOPLE):
            a_customer(session, made.id)
    return made


@settings(max_examples=20, deadline=None, suppress_health_check=QUIET)
@given(values=st.lists(stored, min_size=PEOPLE, max_size=PEOPLE))
def test_every_question_can_be_put_to_any_stored_value(
    database: Database, home: WorkspaceForTests, values: list[Any]
) -> None:
    """Everybody is on one side of each condition, and nobody on both."""
    with database.transaction(home.id) as session:
        people = session.query(Customer.id).where(Customer.workspace_id == home.id).order_by(Customer.id).all()
        for (customer_id,), value in zip(people, values, strict=True):
            custom = {"size": value}
            session.execute(
                update(Customer)
                .where(Customer.workspace_id == home.id, Customer.id == customer_id)
                .values(custom=custom)
            )
        for kind in fields.KINDS:
            known = FIELDS | {"custom.size": a_field(kind)}
            population = Population(home.id, known, NOON, BERLIN)
            for rule in every_question("custom.size", kind, known):
                found = session.scalars(compile_rule(rule, population).matches).all()
                others = session.scalars(compile_rule(Not(rule), population).matches).all()
                assert sorted([*found, *others]) == [customer_id for (customer_id,) in people]


def a_field(kind: str) -> fields.FieldInfo:
    refers_to = "organisation" if kind == "reference" else None
    field = CustomField(key="size", label="Size", kind=kind, choices=["S", "M"], refers_to=refers_to)
    return fields._custom_info(field, ReferenceTargets((ORGANISATIONS,)))


def every_question(name: str, kind: str, known: dict[str, Any]) -> list[Rule]:
    """A condition for each way in which a field can be asked about."""
    offers = TYPES.offers(name, known)
    typed = {"days": "30", "value": TYPED[kind], "values": TYPED[kind], "low": TYPED[kind], "high": TYPED[kind]}
    typed["currency"] = "EUR"
    filled = FilledIn(typed, name, speaking_of(known))
    rules = []
    for offer in offers:
        parts = {key: value for each in offer.question.inputs for key, value in each.read(filled).items()}
        settled = {"type": offer.condition.type, "field": name, **offer.question.values}
        rules.append(codec.load({**settled, **parts}, TYPES))
    assert len(rules) >= 3
    return rules
