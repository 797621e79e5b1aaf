"""Of how many people each field is known, and how, is counted over the whole base."""

from __future__ import annotations

from datetime import timedelta

from app.customers.profiles import fields, people
from app.customers.profiles.provenance import EXTERNAL, IMPLIED, INFERRED, Telling
from app.customers.sources import coverage
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file


def test_fields_are_counted_by_how_they_are_known(client, database, workspace):
    import_file(database, workspace.id, "email,city\nada@example.com,Paris\nbob@example.com,\n", source="external")
    with database.transaction(workspace.id) as session:
        fields.create(session, workspace.id, key="size", label="Shoe size", kind="number")
        old = a_customer(session, workspace.id, city="Oslo", now=NOON - timedelta(days=800))
        guess = Telling("model:size", NOON, INFERRED | IMPLIED)
        people.change(session, old, values_by_name={"size": 38}, source=guess, now=NOON)
        coverage.recount(session, workspace.id, now=NOON)
        coverage.recount(session, workspace.id, now=NOON)
        found = coverage.read(session, workspace.id)

    assert (found.everyone, found.fields["email"].people) == (3, 3)
    city = found.fields["city"]
    assert (city.people, city.external, city.stale, city.natures) == (2, 1, 1, {0: 1, EXTERNAL: 1})
    assert found.fields["custom.size"].natures == {INFERRED | IMPLIED: 1}
    assert found.matrix == {(True, True): 5, (True, False): 0, (False, True): 0, (False, False): 1}
    page = client.get("/customers/coverage").text
    assert "Shoe size" in page
    assert "Once a day" not in page


def test_before_anything_is_counted_the_page_says_so(client):
    assert "Once a day" in client.get("/customers/coverage").text
