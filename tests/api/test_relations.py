"""Organisations and their people by the API: idempotent, judged field by field, never a cycle."""

from __future__ import annotations

import pytest

from app.customers.organisations import member_queries
from tests.factories.customers import a_customer

FIRM = {"external_ref": "O-1", "name": "Acme", "industry": "Retail", "employees": 40, "domains": ["acme.example"]}


def test_an_organisation_is_added_changed_and_read(api):
    assert api("PUT", "/organisations", FIRM).status_code == 201
    changed = api("PUT", "/organisations", {"external_ref": "O-1", "employees": None, "country": "Germany"})
    assert changed.status_code == 200
    found = api("GET", "/organisations?external_ref=O-1").json

    assert (found["name"], found["industry"], found["employees"], found["country"]) == ("Acme", "Retail", None, "DE")
    assert api("GET", "/organisations?external_ref=O-9").status_code == 404
    assert api("GET", "/organisations").status_code == 422


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"external_ref": "O-2"}, "/name"),
        ({"external_ref": "O-2", "name": "B", "parent_ref": "none"}, "/parent_ref"),
        ({"external_ref": "O-2", "name": "B", "website": "nowhere"}, "/website"),
        ({"external_ref": "O-2", "name": "B", "country": "Atlantis"}, "/country"),
        ({"external_ref": "O-2", "name": "B", "colour": "red"}, "/colour"),
        ({"external_ref": "O-1", "parent_ref": "O-1"}, "/parent_ref"),
    ],
)
def test_what_is_wrong_is_pointed_at(api, given, pointer):
    api("PUT", "/organisations", FIRM)
    answer = api("PUT", "/organisations", given)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_somebody_is_put_in_an_organisation_twice_and_is_there_once(api, database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, email="ada@example.com")
    api("PUT", "/organisations", FIRM)
    place = {"organisation_ref": "O-1", "customer": {"email": "ada@example.com"}}
    first = api("PUT", "/organisations/people", {**place, "buying_roles": ["decider"], "since": "2024-05-01"})
    second = api("PUT", "/organisations/people", {**place, "position": "Head"})

    assert first.status_code == second.status_code == 200
    assert second.json["buying_roles"] == ["decider"]
    assert second.json["since"] == "2024-05-01"
    assert second.json["is_primary"] is True
    with database.transaction(workspace.id) as session:
        assert len(member_queries.list_of_customer(session, workspace.id, ada.id)) == 1


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"organisation_ref": "O-9", "customer": {"email": "ada@example.com"}}, "/organisation_ref"),
        ({"organisation_ref": "O-1", "customer": {"email": "eve@example.com"}}, "/customer"),
        (
            {"organisation_ref": "O-1", "customer": {"email": "ada@example.com"}, "buying_roles": ["boss"]},
            "/buying_roles/0",
        ),
        (
            {
                "organisation_ref": "O-1",
                "customer": {"email": "ada@example.com"},
                "since": "2026-01-02",
                "until": "2026-01-01",
            },
            "/until",
        ),
    ],
)
def test_a_place_that_cannot_be_is_pointed_at(api, database, workspace, given, pointer):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, email="ada@example.com")
    api("PUT", "/organisations", FIRM)
    answer = api("PUT", "/organisations/people", given)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


@pytest.fixture
def people(database, workspace):
    with database.transaction(workspace.id) as session:
        return [a_customer(session, workspace.id, email=f"{name}@example.com").id for name in ("ada", "bob", "eve")]


def test_relations_are_told_from_either_side_and_ended(api, people):
    ada, bob = {"id": people[0]}, {"email": "bob@example.com"}
    assert api("PUT", "/relations", {"customer": ada, "related": bob, "kind": "parent"}).status_code == 200
    assert api("PUT", "/relations", {"customer": bob, "related": ada, "kind": "child"}).status_code == 200
    circle = api("PUT", "/relations", {"customer": bob, "related": ada, "kind": "parent"})
    assert (circle.status_code, circle.json["errors"][0]["pointer"]) == (422, "/kind")
    himself = api("PUT", "/relations", {"customer": bob, "related": bob, "kind": "friend"})
    assert (himself.status_code, himself.json["errors"][0]["pointer"]) == (422, "/related")
    unknown = api("PUT", "/relations", {"customer": ada, "related": {"id": 2**50}, "kind": "friend"})
    assert (unknown.status_code, unknown.json["errors"][0]["pointer"]) == (422, "/related")
    ending = {"customer": ada, "related": bob, "kind": "parent", "is_ended": True}
    assert api("PUT", "/relations", ending).status_code == 200
    assert api("PUT", "/relations", ending).status_code == 404


def test_a_household_is_put_together(api, people):
    whom = [{"id": number} for number in people]
    first = api("PUT", "/households", {"members": whom[:2], "name": "Lovelace"}).json
    second = api("PUT", "/households", {"members": whom[1:]}).json

    assert (first["name"], first["customer_ids"]) == ("Lovelace", people[:2])
    assert (second["id"], second["customer_ids"]) == (first["id"], people)
    unknown = api("PUT", "/households", {"members": [*whom, {"email": "nobody@example.com"}]})
    assert unknown.json["errors"][0]["pointer"] == "/members/3"
