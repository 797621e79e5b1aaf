"""Staff choose the other customer, see both side by side, merge them, and take it back."""

from __future__ import annotations

import re

import pytest

from app.customers.profiles import people
from tests.factories.customers import a_customer


@pytest.fixture
def two(database, workspace):
    with database.transaction(workspace.id) as session:
        one = a_customer(session, workspace.id, "ada@example.com", first_name="Ada", city="Rome", external_ref="C-1")
        other = a_customer(session, workspace.id, "a@work.example", first_name="Ada", city="Oslo", external_ref="C-2")
    return one.id, other.id


def find(database, workspace, ref):
    with database.transaction(workspace.id) as session:
        return people.find_by_ref(session, workspace.id, ref)


def test_from_the_other_persons_address_to_one_customer_and_back(client, database, workspace, two):
    one, other = two
    page = f"/customers/{one}/merge"
    assert "Compare" in client.get(page).text
    assert client.post(page, data={"person": "nobody@example.com"}).status_code == 422
    assert client.post(page, data={"person": "ada@example.com"}).status_code == 422
    found = client.post(page, data={"person": "a@work.example"})
    assert found.status_code == 303
    compared = client.get(found.location).text
    assert "Oslo" in compared
    assert "Rome" in compared

    done = client.post(page, data={"other": str(other), "keep.city": "former"})
    assert done.status_code == 303
    kept = find(database, workspace, "C-2")
    assert (kept.id, kept.city) == (one, "Oslo")
    shown = client.get(f"/customers/{one}").text
    undo = re.search(rf"/customers/{one}/merges/\d+/undo", shown)
    assert undo
    assert "Merged customers" in shown

    assert client.post(undo.group()).status_code == 303
    assert find(database, workspace, "C-2").id == other
    assert find(database, workspace, "C-1").city == "Rome"


def test_refusals_are_said_on_the_page(client, two):
    one, other = two
    assert client.post(f"/customers/{one}/merge", data={"other": str(one)}).status_code == 422
    assert client.get(f"/customers/{one}/merge?other=999999").status_code == 404
    client.post(f"/customers/{one}/merge", data={"other": str(other)})
    assert client.post(f"/customers/{one}/merge", data={"other": str(other)}).status_code in (404, 409)

