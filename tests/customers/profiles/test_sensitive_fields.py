"""Sensitive fields stay out of segments and exports until an owner states the ground, which is audited."""

from __future__ import annotations

import pytest

from app.accounts import audit
from app.customers.listing import exports
from app.customers.profiles import fields, sensitive
from app.customers.profiles.fields import FieldDraft
from app.segments.compiler import Population, compile_rule
from app.segments.rules import AllOf
from tests.factories import NOON
from tests.factories.conditions import Is
from tests.factories.customers import a_customer

GROUND = "Explicit consent by the form “Allergies”."


def test_nobody_asks_for_it_and_no_file_holds_it_before_a_ground_is_stated(database, workspace):
    with database.transaction(workspace.id) as session:
        draft = FieldDraft("Allergies", sensitivity="health")
        field_id = fields.add(session, workspace.id, "allergies", draft).id
        a_customer(session, workspace.id, "ada@example.com", allergies="nuts")
    assert problems(database, workspace) == ["“%(label)s” is sensitive. An owner has to state the legal basis under "
                                             "Custom fields before segments may use it."]
    assert "allergies" not in heading(database, workspace)
    with database.transaction(workspace.id) as session:
        sensitive.state_ground(session, workspace.id, field_id, GROUND, staff_id=workspace.owner_id, now=NOON)
    assert problems(database, workspace) == []
    assert "allergies" in heading(database, workspace)
    with database.transaction(workspace.id) as session:
        sensitive.withdraw_ground(session, workspace.id, field_id, staff_id=workspace.owner_id, now=NOON)
        done = [entry.action for entry in audit.list_entries(session, workspace.id)]
    assert problems(database, workspace)
    assert done[:2] == ["field.ground_withdrawn", "field.ground_stated"]


def test_the_builder_tells_no_usual_values_of_it(client, database, workspace):
    asked = {"r-match": "all", "r.0-what": "custom.allergies", "r.0-op": "is"}
    with database.transaction(workspace.id) as session:
        field_id = fields.add(session, workspace.id, "allergies", FieldDraft("Allergies", sensitivity="health")).id
        a_customer(session, workspace.id, "ada@example.com", allergies="nuts")
    assert "nuts" not in client.post("/segments/draft", data=asked).text
    with database.transaction(workspace.id) as session:
        sensitive.state_ground(session, workspace.id, field_id, GROUND, staff_id=workspace.owner_id, now=NOON)

    assert "nuts" in client.post("/segments/draft", data=asked).text


def test_a_ground_is_a_sentence(session, workspace):
    field = fields.add(session, workspace.id, "allergies", FieldDraft("Allergies", sensitivity="health"))
    for ground in ("", "yes", "x" * 501):
        with pytest.raises(sensitive.GroundRefused):
            sensitive.state_ground(session, workspace.id, field.id, ground, staff_id=None, now=NOON)


def test_an_owner_flags_a_field_and_states_the_ground_on_its_page(client, database, workspace):
    with database.transaction(workspace.id) as session:
        field_id = fields.create(session, workspace.id, key="faith", label="Faith", kind="text").id
    url = f"/customers/fields/{field_id}"
    assert client.post(url, data={"label": "Belief", "sensitivity": "belief"}).status_code == 303
    assert client.post(f"{url}/ground", data={"ground": "no"}).status_code == 422
    assert "leave this field alone" in client.get(url).text
    assert client.post(f"{url}/ground", data={"ground": GROUND}).status_code == 303
    assert GROUND in client.get(url).text
    assert "Belief" in client.get("/customers/fields").text


def problems(database, workspace):
    with database.transaction(workspace.id) as session:
        known = fields.columns(session, workspace.id)
    rule = AllOf((Is("custom.allergies", "nuts"),))
    return [problem.message for problem in compile_rule(rule, Population(workspace.id, known, NOON)).problems]


def heading(database, workspace):
    return next(iter(exports.rows(database, workspace.id)))
