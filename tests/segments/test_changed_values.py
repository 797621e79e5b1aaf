"""A value that was set or confirmed lately is found by when that was told, whoever told it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.conditions.on_fields.changes import ChangedWithin
from app.customers.models import Customer
from app.customers.profiles import fields, people
from app.segments import codec, segments
from app.segments.codec import RulesInvalid
from tests.factories.conditions import TYPES
from tests.factories.customers import a_customer
from tests.factories.segments import NOON
from tests.factories.workspaces import WorkspaceForTests

DAY = timedelta(days=1)


@pytest.fixture
def found(session, workspace: WorkspaceForTests):
    def ask(name, days):
        rule = ChangedWithin(name, days)
        return set(session.scalars(segments.matches_query(session, workspace.id, rule, now=NOON)))

    return ask


def test_what_was_set_changed_cleared_or_confirmed_is_found(session, workspace, found):
    fields.create(session, workspace.id, key="size", label="Size", kind="number")
    ada = people.upsert(session, workspace.id, email="ada@example.com", fields={"city": "Rome"}, source="form:a",
                        now=NOON - 100 * DAY)  # fmt: skip

    assert found("city", 30) == set()
    assert found("city", 365) == {ada.id}
    assert found("language", 365) == set()

    people.change(session, ada, values_by_name={"city": None, "size": 4}, source="staff:1", now=NOON - DAY)

    assert found("city", 2) == {ada.id}
    assert found("custom.size", 2) == {ada.id}
    assert found("last_name", 2) == set()


def test_what_a_file_told_changed_when_it_was_observed(session, workspace, found):
    ada = a_customer(session, workspace.id, city="Oslo")
    customer = session.get_one(Customer, (workspace.id, ada.id))
    customer.provenance = {"*": [7, int((NOON - 10 * DAY).timestamp()), 0, 17]}
    session.flush()

    assert found("city", 11) == {ada.id}
    assert found("city", 9) == set()


@pytest.mark.parametrize("name", ["orders", "created_at", "latest_open_at", "value_tier"])
def test_sums_keep_no_such_time(session, workspace, name):
    rule = codec.load({"type": "changed_within", "field": name, "days": 3}, TYPES)
    with pytest.raises(RulesInvalid) as refused:
        segments.matches_query(session, workspace.id, rule, now=NOON)

    assert [problem.path for problem in refused.value.problems] == [("type",)]
