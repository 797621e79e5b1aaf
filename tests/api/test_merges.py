"""Programs merge customers and take it back, and are told what cannot be."""

from __future__ import annotations

import pytest

ADA = {"external_ref": "C-1", "email": "ada@example.com", "first_name": "Ada", "city": "Leeds"}
BOB = {"external_ref": "C-2", "email": "ada@work.example", "first_name": "Ada", "city": "Rome"}
PAIR = {"survivor": {"external_ref": "C-1"}, "former": {"email": "ada@work.example"}}


@pytest.fixture
def ids(api):
    return [api("PUT", "/customers", each).json["customer"]["id"] for each in (ADA, BOB)]


def test_two_become_one_and_two_again(api, ids):
    made = api("POST", "/merges", {**PAIR, "keep": {"city": "former"}})
    assert (made.status_code, made.json["customer_id"], made.json["former_id"]) == (201, *ids)
    merged = api("GET", f"/customers/{ids[1]}").json
    assert (merged["id"], merged["city"], merged["email"]) == (ids[0], "Rome", "ada@example.com")
    assert api("GET", f"/customers/{ids[0]}/merges").json == {"merges": [made.json]}

    undone = api("POST", f"/merges/{made.json['id']}/undo", {})
    assert (undone.status_code, undone.json) == (201, {"customer_id": ids[0], "former_id": ids[1]})
    assert [api("GET", f"/customers/{each}").json["city"] for each in ids] == ["Leeds", "Rome"]
    assert api("GET", f"/customers/{ids[0]}/merges").json == {"merges": []}


def test_a_repetition_gets_the_first_answer(api, ids):
    key = {"Idempotency-Key": "merge-once"}
    first, second = (api("POST", "/merges", PAIR, headers=key) for _ in range(2))

    assert (first.status_code, first.json) == (second.status_code, second.json)
    assert len(api("GET", f"/customers/{ids[0]}/merges").json["merges"]) == 1


@pytest.mark.parametrize(
    ("given", "status", "pointer"),
    [
        ({"former": {"external_ref": "C-1"}}, 422, "/former"),
        ({"former": {"external_ref": "C-9"}}, 422, "/former"),
        ({"survivor": {"email": "nobody@example.com"}}, 422, "/survivor"),
        ({"survivor": {}}, 422, "/survivor"),
        ({"keep": {"colour": "former"}}, 422, "/keep"),
        ({"keep": {"custom.none": "former"}}, 422, "/keep"),
        ({"keep": {"city": "theirs"}}, 422, "/keep/city"),
    ],
)
def test_what_is_wrong_is_pointed_at(api, ids, given, status, pointer):
    refused = api("POST", "/merges", {**PAIR, **given})

    assert refused.status_code == status
    assert [error["pointer"] for error in refused.json["errors"]] == [pointer]
    assert [api("GET", f"/customers/{each}").json["id"] for each in ids] == ids


def test_a_merge_that_another_stands_on_is_undone_after_it(api, ids):
    eve = api("PUT", "/customers", {"email": "eve@example.com"}).json["customer"]["id"]
    first = api("POST", "/merges", PAIR).json
    second = api("POST", "/merges", {"survivor": {"id": eve}, "former": {"id": ids[0]}}).json

    assert api("POST", f"/merges/{first['id']}/undo", {}).status_code == 409
    assert api("POST", f"/merges/{second['id']}/undo", {}).status_code == 201
    assert api("POST", f"/merges/{first['id']}/undo", {}).status_code == 201
    assert api("POST", f"/merges/{first['id']}/undo", {}).status_code == 404
    assert api("POST", "/merges/999999/undo", {}).status_code == 404
