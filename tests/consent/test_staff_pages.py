"""What staff see of permission, and what they may change."""

import json
import re

import pytest
from sqlalchemy import text

from app.consent import actions, suppression
from app.consent.ledger.evidence import Evidence
from app.consent.signup import signup_forms
from app.kernel.refusals import NotFound
from tests.factories import NOON
from tests.factories.consent import a_form, a_yes, consented_customer
from tests.factories.workspaces import a_workspace

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
    assert "Record verified" in page
    assert "198.51.100.0/24" in page


def test_a_proof_of_nothing_is_not_found(client, workspace):
    assert client.get("/consent/proof/1").status_code == 404


def test_a_form_is_made_changed_and_used(client, anonymous, workspace):
    values = {
        "name": "Newsletter",
        "slug": "news",
        "topic_ids": [workspace.topic_id],
        "language": "zh",
        "is_open": "1",
    }
    created = client.post("/consent/forms/new", data=values)

    assert created.status_code == 303
    page = client.get(created.headers["Location"]).text
    assert f"/f/{workspace.slug}/news" in page
    assert anonymous.get(f"/f/{workspace.slug}/news").status_code == 200

    client.post(created.headers["Location"], data={**values, "is_open": ""})
    assert anonymous.get(f"/f/{workspace.slug}/news").status_code == 404


def test_two_forms_cannot_share_an_address(client, workspace):
    values = {"name": "Newsletter", "slug": "news", "topic_ids": [workspace.topic_id], "language": "en"}
    client.post("/consent/forms/new", data=values)
    again = client.post("/consent/forms/new", data=values)

    assert again.status_code == 422
    assert "already uses this address" in again.text


def test_every_fault_of_a_form_is_shown_at_its_field_and_nothing_typed_is_lost(client, workspace):
    """It was said above the form alone; which field was meant had to be guessed."""
    typed = {"name": "", "slug": "My letter!", "introduction": "What you get", "asks": ["profiling"], "language": "zh"}
    answer = client.post("/consent/forms/new", data=typed)

    assert answer.status_code == 422
    for name in ("name", "slug", "topic_ids"):
        control = re.search(rf'<[^>]* id="{name}"[^>]*>', answer.text)
        described = re.search(r'aria-describedby="([^"]+)"', control[0])
        assert 'aria-invalid="true"' in control[0], name
        assert f"{name}-error" in described[1].split()
        assert f'id="{name}-error"' in answer.text
        for part in described[1].split():
            assert f'id="{part}"' in answer.text
    assert "Choose at least one topic." in answer.text
    assert 'value="My letter!"' in answer.text
    assert "What you get" in answer.text
    assert re.search(r'<input[^>]*checked[^>]*value="profiling"', answer.text)
    assert re.search(r'<option[^>]*selected[^>]*value="zh"', answer.text)


def test_a_form_names_no_topic_that_is_not_there(session, workspace):
    """Unknown ones were left out without a word."""
    values = {"slug": "news", "introduction": "", "asks": [], "language": "en", "is_open": True}
    with pytest.raises(signup_forms.FormInvalid) as refused:
        signup_forms.save(
            session,
            workspace.id,
            None,
            signup_forms.FormDraft(name="Letter", topic_ids=[workspace.topic_id, 987_654], **values),
            now=NOON,
        )

    assert refused.value.field == "topic_ids"


@pytest.mark.parametrize("action", [actions.grant, actions.withdraw, actions.refuse])
def test_no_answer_is_recorded_about_a_topic_that_is_not_there(session, database, workspace, ada, action):
    """Neither one that never was, nor one of another workspace."""
    other = a_workspace(database, name="Neighbour", now=NOON)
    for topic_id in (987_654, other.topic_id):
        with pytest.raises(NotFound):
            action(
                *(session, workspace.id, ada.id),
                purpose="marketing",
                topic_id=topic_id,
                evidence=Evidence(method="test"),
                now=NOON,
            )


def test_the_suppression_list_names_whom_we_know_and_hashes_whom_we_do_not(client, database, workspace, ada):
    """It showed hashes alone: nobody could tell whom they meant."""
    with database.transaction(workspace.id) as session:
        for digest, reason in ((ada.address_digest, "complained"), (b"\xab" * 16, "erased")):
            suppression.add(session, workspace.id, address_digest=digest, reason=reason, source="test", now=NOON)
    page = client.get("/consent/suppressions").text

    assert "ada@example.com" in page
    assert f'href="/customers/{ada.id}"' in page
    assert ada.address_digest.hex()[:12] not in page
    assert "abababababab" in page
    assert f'href="/customers/{ada.id}"' in client.get("/consent/suppressions?q=ada@example.com").text


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


def test_an_address_is_suppressed_and_found(client, workspace):
    client.post("/consent/suppressions", data={"email": "Eve@Example.com", "note": "asked by phone"})

    assert "is suppressed" in client.get("/consent/suppressions?q=eve@example.com").text
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

    assert "Consent status" in page
    assert "/consent/proof/" in page


def test_the_first_page_shows_the_base(client, workspace, ada):
    assert "Mailable people" in client.get("/").text
