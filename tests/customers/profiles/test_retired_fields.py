"""A field is retired and brought back without harm: what was known is known again, and what asked for it is told."""

from __future__ import annotations

import pytest

from app.conditions.on_fields.amounts import GreaterThan
from app.customers.profiles import fields, people
from app.customers.profiles.fields import FieldRefused, ValueRefused
from app.segments.compiler import Population, compile_rule
from tests.factories import NOON
from tests.factories.accounts import a_member
from tests.factories.customers import a_customer
from tests.factories.workspaces import PASSWORD


@pytest.fixture
def size(session, workspace):
    return fields.create(session, workspace.id, key="size", label="Shoe size", kind="number")


def _compiled(session, workspace):
    known = fields.columns(session, workspace.id)
    return compile_rule(GreaterThan("custom.size", 37), Population(workspace.id, known, NOON))


def test_values_are_there_again(session, workspace, size):
    ada = a_customer(session, workspace.id, size="38")
    fields.retire(session, workspace.id, size.id, now=NOON)
    assert fields.list_custom(session, workspace.id) == []
    assert [each.key for each in fields.list_retired(session, workspace.id)] == ["size"]
    with pytest.raises(ValueRefused):
        people.change(session, ada, values_by_name={"size": "40"}, source="api:1", now=NOON)
    people.change(session, ada, values_by_name={"city": "Paris"}, source="api:1", now=NOON)

    fields.bring_back(session, workspace.id, size.id)
    assert ada.custom == {"size": 38}
    assert set(session.scalars(_compiled(session, workspace).matches)) == {ada.id}


def test_a_rule_that_asks_for_it_says_so(session, workspace, size):
    fields.retire(session, workspace.id, size.id, now=NOON)
    (problem,) = _compiled(session, workspace).problems

    assert problem.path == ("field",)
    assert "If it was retired, bring it back" in problem.message


def test_its_key_stays_taken_until_it_is_deleted(session, workspace, size):
    fields.retire(session, workspace.id, size.id, now=NOON)
    with pytest.raises(FieldRefused, match="retired field has this key"):
        fields.create(session, workspace.id, key="size", label="Hat size", kind="text")

    fields.remove(session, workspace.id, size.id)
    assert fields.create(session, workspace.id, key="size", label="Hat size", kind="text").label == "Hat size"


def test_retiring_twice_keeps_the_first_day_and_fields_stay_bounded(session, workspace, size):
    fields.retire(session, workspace.id, size.id, now=NOON)
    fields.retire(session, workspace.id, size.id, now=NOON.replace(year=2027))
    assert size.retired_at == NOON
    for number in range(fields.MOST_FIELDS):
        fields.create(session, workspace.id, key=f"f{number}", label="Field", kind="text")

    with pytest.raises(FieldRefused, match="100 fields"):
        fields.bring_back(session, workspace.id, size.id)


def test_owners_retire_and_bring_back_on_the_page(client, anonymous, database, workspace):
    with database.transaction(workspace.id) as session:
        size = fields.create(session, workspace.id, key="size", label="Shoe size", kind="number").id
        marketer = a_member(session, workspace.id, role="marketer", now=NOON).email
    client.post(f"/customers/fields/{size}/retire")
    shown = client.get("/customers/fields").text
    assert "Field retired. Its values are kept." in shown
    assert "Bring back" in shown
    anonymous.post("/login", data={"email": marketer, "password": PASSWORD})
    assert anonymous.post(f"/customers/fields/{size}/bring-back").status_code == 403

    client.post(f"/customers/fields/{size}/bring-back")
    assert "Retired fields" not in client.get("/customers/fields").text
    assert client.post("/customers/fields/999999/retire").status_code == 404
