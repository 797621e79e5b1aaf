"""What programs may do: the same as staff, once, and never more."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.accounts import api_keys
from app.consent import actions, permission
from app.consent.imports import consents
from app.customers.profiles import fields
from app.customers.profiles.fields import FieldDraft
from app.customers.sources import catalogue
from app.customers.sources.catalogue import SourceDraft
from tests.factories import NOON
from tests.factories.consent import a_yes, consented_customer
from tests.factories.workspaces import a_workspace

PURCHASE = {
    "customer": {"email": "ada@example.com"},
    "order_ref": "A-1",
    "amount": "19.90",
    "currency": "EUR",
    "purchased_at": "2026-03-01T12:00:00Z",
}
PROOF = {
    "topic": "news",
    "given_at": "2026-02-01T10:00:00+01:00",
    "method": "checkout box",
    "wording": "Yes, send me news.",
}


def test_a_customer_is_added_then_changed_then_read(api):
    made = api("PUT", "/customers", {"external_ref": "C-1", "email": "ada@example.com", "first_name": "Ada"})
    assert made.status_code == 201
    changed = api("PUT", "/customers", {"external_ref": "C-1", "city": "London", "tags": ["vip"]})
    assert changed.status_code == 200

    customer = api("GET", "/customers?external_ref=C-1").json
    assert (customer["first_name"], customer["city"], customer["tags"]) == ("Ada", "London", ["vip"])
    assert api("GET", f"/customers/{customer['id']}").json == customer
    assert api("GET", "/customers?email=ADA@example.com").json == customer


def test_addresses_are_added_preferred_and_ended(api):
    given = [
        {"kind": "email", "value": "ada@work.example", "label": "work"},
        {"kind": "phone", "value": "030 1234567"},
        {"kind": "postal", "value": "1 High Street\nLeeds"},
    ]
    body = {"email": "ada@example.com", "country": "DE"}
    api("PUT", "/customers", {**body, "addresses": given})
    again = api("PUT", "/customers", {**body, "addresses": given}).json["customer"]
    assert [(a["kind"], a["value"], a["label"], a["is_primary"]) for a in again["addresses"]] == [
        ("email", "ada@example.com", "", True),
        ("email", "ada@work.example", "work", False),
        ("phone", "030 1234567", "", True),
        ("postal", "1 High Street\nLeeds", "", True),
    ]

    named = api("PUT", "/customers", {"email": "ADA@work.example", "city": "Leeds"}).json["customer"]
    assert (named["id"], named["email"]) == (again["id"], "ada@example.com")
    primary = {"kind": "email", "value": "ada@work.example", "is_primary": True}
    ended = {"kind": "email", "value": "ada@example.com", "is_ended": True}
    last = api("PUT", "/customers", {"email": "ada@work.example", "addresses": [primary, ended]}).json["customer"]
    assert last["email"] == "ada@work.example"
    assert [a["value"] for a in last["addresses"] if a["ended_at"]] == ["ada@example.com"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ({"kind": "email", "value": "bob@example.com"}, 409),
        ({"kind": "email", "value": "a" * 308 + "@example.com"}, 422),
        ({"kind": "phone", "value": "call me"}, 422),
        ({"kind": "postal", "value": "..."}, 422),
        ({"kind": "postal", "value": "1 High\u0000 Street"}, 422),
        ({"kind": "fax", "value": "1"}, 422),
    ],
)
def test_a_bad_address_is_named_and_nothing_is_kept(api, address, status):
    api("PUT", "/customers", {"email": "bob@example.com"})
    body = {"email": "ada@example.com", "addresses": [{"kind": "phone", "value": "030 1234567"}, address]}
    answer = api("PUT", "/customers", body)

    assert answer.status_code == status
    assert answer.json["errors"][0]["pointer"].startswith("/addresses/1")
    assert api("GET", "/customers?email=ada@example.com").status_code == 404


def test_the_same_upsert_twice_is_one_customer(api, database, workspace):
    body = {"external_ref": "C-1", "email": "ada@example.com"}
    first, second = api("PUT", "/customers", body), api("PUT", "/customers", body)

    assert first.json["customer"]["id"] == second.json["customer"]["id"]


def test_being_added_makes_nobody_mailable(api, session, workspace):
    made = api("PUT", "/customers", {"email": "ada@example.com"}).json

    assert made["customer"]["permissions"] == []
    allowed = permission.allowed_query(workspace.id, "marketing", workspace.topic_id, NOON)
    assert session.execute(allowed).all() == []


def test_a_full_proof_is_recorded_and_a_partial_one_is_not_accepted(api):
    made = api("PUT", "/customers", {"email": "ada@example.com", "consent": [PROOF]}).json
    assert made["consent"] == [{"topic": "news", "recorded": True, "reasons": []}]
    assert [row["allowed"] for row in made["customer"]["permissions"]] == [True]

    for lacking in PROOF:
        proof = {name: value for name, value in PROOF.items() if name != lacking}
        refused = api("PUT", "/customers", {"email": "bo@example.com", "consent": [proof]})
        assert refused.json["errors"][0]["pointer"] == f"/consent/0/{lacking}"


@pytest.mark.parametrize(
    "told",
    [
        {"email": "Ada@work.example"},
        {"email": "ada@example.com", "addresses": [{"kind": "email", "value": "ada@work.example", "is_primary": True}]},
        {"external_ref": "C-1", "addresses": [{"kind": "email", "value": "ada@work.example", "is_primary": True}]},
    ],
)
def test_proof_counts_for_the_email_it_came_with_alone(api, session, workspace, told):
    """A proof sent with one mailbox was written down for another one of the same person."""
    second = {"kind": "email", "value": "ada@work.example"}
    api("PUT", "/customers", {"external_ref": "C-1", "email": "ada@example.com", "addresses": [second]})
    made = api("PUT", "/customers", {**told, "consent": [PROOF]}).json

    assert made["consent"] == [{"topic": "news", "recorded": False, "reasons": [consents.OTHER_ADDRESS]}]
    assert made["customer"]["permissions"] == []
    assert session.scalar(text("SELECT count(*) FROM consent_ledger")) == 0


def test_proof_told_by_number_counts_for_the_primary_email(api, session, workspace):
    api("PUT", "/customers", {"external_ref": "C-1", "email": "ada@example.com"})
    made = api("PUT", "/customers", {"external_ref": "C-1", "consent": [PROOF]}).json

    assert made["consent"][0]["recorded"] is True
    record = session.scalar(text("SELECT record FROM consent_ledger WHERE event = 'imported'"))
    digest = session.scalar(text("SELECT encode(address_digest, 'hex') FROM customers"))
    assert json.loads(record)["address_digest"] == digest


def test_no_proof_from_elsewhere_undoes_a_no_said_here(api, database, workspace):
    with database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id)
        actions.withdraw(session, workspace.id, ada.id, evidence=a_yes(), now=NOON)

    made = api("PUT", "/customers", {"email": "ada@example.com", "consent": [PROOF]}).json

    assert made["consent"][0]["recorded"] is False
    assert not any(row["allowed"] for row in made["customer"]["permissions"])


def test_two_customers_are_never_mixed(api):
    api("PUT", "/customers", {"external_ref": "C-1", "email": "ada@example.com"})
    api("PUT", "/customers", {"external_ref": "C-2", "email": "bo@example.com"})

    mixed = api("PUT", "/customers", {"external_ref": "C-1", "email": "bo@example.com"})

    assert mixed.status_code == 409
    assert mixed.json["errors"][0]["pointer"] == "/external_ref"


def test_fifty_identical_posts_at_once_are_one_purchase_and_one_answer(app, api, database, workspace):
    api("PUT", "/customers", {"email": "ada@example.com"})

    def post(_number):
        return api("POST", "/orders", PURCHASE, headers={"Idempotency-Key": "same"}, client=app.test_client())

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(post, range(50)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    with database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM orders")) == 1
        assert session.scalar(text("SELECT orders FROM customer_engagement")) == 1


def test_a_key_belongs_to_one_request(api):
    api("PUT", "/customers", {"email": "ada@example.com"})
    same = {"Idempotency-Key": "same"}
    assert api("POST", "/orders", PURCHASE, headers=same).status_code == 201

    assert api("POST", "/orders", {**PURCHASE, "order_ref": "A-2"}, headers=same).status_code == 422


def test_a_refused_write_leaves_its_key_free(api):
    same = {"Idempotency-Key": "same"}
    refused = api("POST", "/orders", PURCHASE, headers=same)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/customer")

    api("PUT", "/customers", {"email": "ada@example.com"})

    assert api("POST", "/orders", PURCHASE, headers=same).status_code == 201


@pytest.mark.parametrize("sent", ["", "two words", "x" * 201, "é"])
def test_a_post_needs_a_key_that_can_be_told_apart(api, sent):
    assert api("POST", "/orders", PURCHASE, headers={"Idempotency-Key": sent}).status_code == 400


def test_a_purchase_told_by_the_shop_is_news_for_other_rooms(api, session, workspace):
    api("PUT", "/customers", {"email": "ada@example.com"})
    api("POST", "/orders", PURCHASE)

    args = session.scalars(text("SELECT args FROM outbox WHERE name = 'journeys.hear_purchase'")).all()
    assert workspace.id in {each["workspace_id"] for each in args}


def test_an_event_is_on_the_timeline(api, session, workspace):
    made = api("PUT", "/customers", {"email": "ada@example.com"}).json
    event = {"customer": {"id": made["customer"]["id"]}, "name": "Visited the shop", "at": "2026-03-01T12:00:00Z"}

    assert api("POST", "/events", event).status_code == 201
    assert session.scalar(text("SELECT name FROM activities WHERE source = 'api'")) == "Visited the shop"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"colour": "red"}, "/colour"),
        ({"first_name": "A\0da"}, "/first_name"),
        ({"first_name": "Ada\r\nBcc: x"}, "/first_name"),
        ({"first_name": "x" * 1001}, "/first_name"),
        ({"first_name": 7}, "/first_name"),
        ({"tags": ["a"] * 51}, "/tags"),
        ({"custom": {"no_such_field": "x"}}, "/no_such_field"),
        ({"email": "not an address"}, "/email"),
        ({"email": "ada@example.com\r\nBcc: x@example.com"}, "/email"),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_place(api, change, pointer):
    answer = api("PUT", "/customers", {"email": "ada@example.com", **change})

    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"email": "\\ud800@example.com"}', "application/json", 400),
        (b"[]", "application/json", 422),
        (b"email=ada@example.com", "application/x-www-form-urlencoded", 415),
        (b'{"email": "' + b"x" * 300_000 + b'"}', "application/json", 413),
        (b"[" * 100_000, "application/json", 400),
    ],
)
def test_a_body_that_is_no_request_is_refused(app, key, body, media, status):
    headers = {"Authorization": f"Bearer {key[1]}", "Content-Type": media}
    answer = app.test_client().put("/api/v1/customers", data=body, headers=headers)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


@pytest.mark.parametrize("sent", ["", "Bearer nonsense", "Basic YTpi", "Bearer assent_1_" + "A" * 43])
def test_without_a_valid_key_nothing_opens(app, sent):
    answer = app.test_client().get("/api/v1/customers?email=a@b.example", headers={"Authorization": sent})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_opens_its_own_workspace_only(api, app, database, key):
    made = api("PUT", "/customers", {"email": "ada@example.com"}).json["customer"]
    other = a_workspace(database, name="Other", now=NOON)
    with database.transaction(other.id) as session:
        _key, secret = api_keys.create(session, other.id, name="Other", staff_id=None, now=NOON)

    headers = {"Authorization": f"Bearer {secret}"}
    assert app.test_client().get(f"/api/v1/customers/{made['id']}", headers=headers).status_code == 404


def test_a_revoked_key_is_refused_at_once(api, database, workspace, key):
    with database.transaction(workspace.id) as session:
        api_keys.revoke(session, workspace.id, key[0].id, staff_id=workspace.owner_id, now=NOON)

    assert api("GET", "/customers?email=a@b.example").status_code == 401


def test_answers_are_json_a_program_can_read(api):
    assert json.loads(api("GET", "/customers/99").data)["title"] == "Not Found"


def test_identity_is_told_and_read(api):
    said = {"kind": "business", "gender": "other", "birth_date": "1990-03-05", "preferred_channel": "phone"}
    made = api("PUT", "/customers", {"email": "ada@example.com", **said}).json["customer"]
    assert {name: made[name] for name in said} == said

    cleared = api("PUT", "/customers", {"email": "ada@example.com", "birth_date": None}).json["customer"]
    assert (cleared["birth_date"], cleared["gender"]) == (None, "other")
    future = api("PUT", "/customers", {"email": "ada@example.com", "birth_date": "2199-01-01"})
    assert (future.status_code, future.json["errors"][0]["pointer"]) == (422, "/birth_date")


def test_a_card_is_read(api):
    made = api("PUT", "/customers", {"email": "ada@example.com", "first_name": "Ada", "kind": "business"}).json
    card = api("GET", f"/customers/{made['customer']['id']}/card").json

    assert (card["name"], card["tasks"], card["next"]) == ("Ada", [], [])
    assert {"name": "kind", "label": "Kind of customer", "value": "business"} in card["fields"]
    assert api("GET", "/customers/99999999/card").status_code == 404


def test_a_program_says_where_values_come_from_and_when_they_were_seen(api, database, workspace):
    """Older words and those of other sources replace nothing of ours."""
    draft = SourceDraft("List firm", "list_firm", is_external=True)
    with database.transaction(workspace.id) as session:
        catalogue.add(session, workspace.id, draft, staff_id=None, now=NOON)
    ada = {"email": "ada@example.com"}
    api("PUT", "/customers", {**ada, "city": "London", "observed_at": "2026-02-20T10:00:00Z"})
    api("PUT", "/customers", {**ada, "city": "Paris", "observed_at": "2026-02-01T10:00:00Z"})
    listed = api("PUT", "/customers", {**ada, "city": "Rome", "first_name": "Ada", "source": "list firm"})
    assert listed.status_code == 200
    customer = api("GET", "/customers?email=ada@example.com").json
    assert (customer["city"], customer["first_name"]) == ("London", "Ada")
    unknown = api("PUT", "/customers", {**ada, "city": "Oslo", "source": "Nobody"})
    assert unknown.status_code == 422
    assert api("GET", "/customers?email=ada@example.com").json["city"] == "London"


def test_fields_of_every_kind_are_written_and_read(api, database, workspace):
    with database.transaction(workspace.id) as session:
        for key, kind in (("budget", "money"), ("visit", "date_time")):
            fields.create(session, workspace.id, key=key, label=key, kind=kind)
        fields.add(session, workspace.id, "likes", FieldDraft("Likes", "multi_choice", ["Roses", "Herbs"]))
    custom = {"budget": "1234.5 EUR", "visit": "2026-03-31T15:00:00+02:00", "likes": ["Herbs", "Roses"]}
    assert api("PUT", "/customers", {"email": "ada@example.com", "custom": custom}).status_code == 201
    kept = api("GET", "/customers?email=ada@example.com").json["custom"]
    assert kept == {"budget": "1234.50 EUR", "visit": "2026-03-31T15:00:00+02:00", "likes": ["Roses", "Herbs"]}
    refused = api("PUT", "/customers", {"email": "ada@example.com", "custom": {"likes": ["Tulips"]}})
    assert refused.status_code == 422
