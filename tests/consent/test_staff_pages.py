"""What staff see of permission, and what they may change."""

import json

import pytest
from sqlalchemy import text

from app.consent import actions
from app.consent.evidence import Evidence
from tests.factories import NOON
from tests.factories.consent import a_form, a_yes, consented_customer

PAGES = (
    "",
    "/forms",
    "/forms/new",
    "/topics",
    "/topics/new",
    "/wordings",
    "/wordings/marketing/zh",
    "/suppressions",
    "/ledger",
)


@pytest.fixture
def ada(database, workspace):
    """Somebody with a past: agreed, left, agreed again."""
    with database.transaction(workspace.id) as session:
        customer = consented_customer(session, workspace.id, purposes=("profiling",))
        actions.withdraw(session, workspace.id, customer.id, evidence=Evidence(method="one_click"), now=NOON)
        actions.grant(session, workspace.id, customer.id, topic_id=workspace.topic_id, evidence=a_yes(), now=NOON)
        return customer


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_empty_and_filled(client, database, workspace, page):
    assert client.get(f"/consent{page}").status_code == 200
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, purposes=("profiling",))

    assert client.get(f"/consent{page}").status_code == 200


def test_a_proof_shows_the_words_and_that_the_seal_fits(client, workspace, ada):
    page = client.get("/consent/proof/1").text

    assert "I can stop at any time with one click" in page
    assert "The seal fits" in page
    assert "198.51.100.0/24" in page


def test_a_proof_of_nothing_is_not_found(client, workspace):
    assert client.get("/consent/proof/1").status_code == 404


def test_a_form_is_made_changed_and_used(client, anonymous, workspace):
    values = {
        "name": "Newsletter",
        "slug": "letter",
        "topic_ids": [workspace.topic_id],
        "language": "zh",
        "is_open": "1",
    }
    created = client.post("/consent/forms/new", data=values)

    assert created.status_code == 303
    page = client.get(created.headers["Location"]).text
    assert f"/f/{workspace.slug}/letter" in page
    assert anonymous.get(f"/f/{workspace.slug}/letter").status_code == 200

    client.post(created.headers["Location"], data={**values, "is_open": ""})
    assert anonymous.get(f"/f/{workspace.slug}/letter").status_code == 404


def test_two_forms_cannot_share_an_address(client, workspace):
    values = {"name": "Newsletter", "slug": "letter", "topic_ids": [workspace.topic_id], "language": "en"}
    client.post("/consent/forms/new", data=values)
    again = client.post("/consent/forms/new", data=values)

    assert again.status_code == 422
    assert "already uses this address" in again.text


def test_a_topic_is_added_and_its_promise_changed(client, database, workspace):
    client.post("/consent/topics/new", data={"name": "Offers", "promised_limit": "1", "promised_days": "7"})
    assert "at most once a week" in client.get("/consent/topics").text

    with database.transaction(workspace.id) as session:
        offers = session.scalar(text("SELECT max(id) FROM topics"))
    values = {"name": "Offers", "promised_limit": "2", "promised_days": "7", "is_active": "1"}
    client.post(f"/consent/topics/{offers}", data=values)
    assert "at most twice a week" in client.get("/consent/topics").text


def test_a_changed_wording_is_a_new_version(client, workspace):
    client.post("/consent/wordings/marketing/en", data={"text": "Yes, mail me {topic}."})
    page = client.get("/consent/wordings").text

    assert "Yes, mail me {topic}." in page
    assert "version 2" in page


def test_an_address_is_silenced_and_found(client, workspace):
    client.post("/consent/suppressions", data={"email": "Eve@Example.com", "note": "asked by phone"})

    assert "is never mailed" in client.get("/consent/suppressions?q=eve@example.com").text
    assert "is not on the list" in client.get("/consent/suppressions?q=bob@example.com").text


def test_the_head_of_the_chain_can_be_taken_away(client, workspace, ada):
    head = json.loads(client.get("/consent/ledger/head.json").text)

    assert head["seq"] == 4
    assert len(head["hash"]) == 64


def test_a_viewer_changes_nothing(client, database, workspace):
    with database.transaction(workspace.id) as session:
        a_form(session, workspace.id, [workspace.topic_id])
        session.execute(text("UPDATE memberships SET role = 'viewer'"))

    assert client.get("/consent/forms").status_code == 200
    assert client.post("/consent/topics/new", data={"name": "X"}).status_code == 403


def test_a_customers_page_says_why(app, client, workspace, ada):
    page = client.get(f"/customers/{ada.id}").text

    assert "May we write?" in page
    assert "/consent/proof/" in page


def test_the_first_page_shows_the_base(client, workspace, ada):
    assert "Whom you may write to" in client.get("/").text
