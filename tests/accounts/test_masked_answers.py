"""Whoever sees personal data masked meets nobody's name in any form: joined, in links, previews, files or problems."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.accounts import api_keys
from app.customers.profiles import fields, people
from app.customers.profiles.fields import FieldDraft
from app.tracking.replies import replies
from tests.factories import NOON
from tests.factories.accounts import a_browser
from tests.factories.campaigns import a_campaign
from tests.factories.consent import consented_customer
from tests.factories.customers import a_customer, an_uploaded_file


@pytest.fixture
def browser(app, services, workspace):
    return a_browser(app, services, workspace.id, personal_data="masked")


@pytest.fixture
def program(app, database, workspace):
    """Calls the API with a key that masks."""
    with database.transaction(workspace.id) as session:
        _key, secret = api_keys.create(
            session, workspace.id, name="Board", staff_id=None, now=NOON, personal_data="masked"
        )

    def call(method, path, body=None, key="once"):
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
        return app.test_client().open(f"/api/v1{path}", method=method, json=body, headers=headers)

    return call


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [("小明", "王", "王小明"), ("伟", "欧阳", "欧阳伟"), ("伟", "李", "李伟"), ("Zoë", "O'Brien-Quix", "O'Brien-Quix")],
)
def test_names_are_masked_however_they_are_joined(browser, database, workspace, first, last, shown):
    with database.transaction(workspace.id) as session:
        made = a_customer(session, workspace.id, "someone@x.de", first_name=first, last_name=last)

    for page in ("/customers", f"/customers/{made.id}", f"/customers/{made.id}/card", "/search?q=someone"):
        answer = browser.get(page)
        assert answer.status_code == 200
        assert shown not in answer.text.replace("&#39;", "'"), page


def test_a_problem_stays_a_problem_to_a_program_that_sees_masked(program):
    answer = program("GET", "/customers?email=nobody%40x.de")

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json["status"] == 404


def test_a_merge_names_nobody_not_even_when_it_is_repeated(program, database, workspace):
    with database.transaction(workspace.id) as session:
        ids = [a_customer(session, workspace.id, f"z{n}@x.de", first_name="Zwetlana").id for n in (1, 2)]
    asked = {"survivor": {"id": ids[0]}, "former": {"id": ids[1]}}
    answers = [program("POST", "/merges", asked) for _ in range(2)] + [program("GET", f"/customers/{ids[0]}/merges")]

    assert [answer.status_code for answer in answers] == [201, 201, 200]
    assert [answer.text for answer in answers if "Zwetlana" in answer.text] == []


def test_previews_and_tests_are_of_a_sample_person(browser, database, workspace):
    with database.transaction(workspace.id) as session:
        someone = consented_customer(session, workspace.id, email="zwetlana@x.de", first_name="Zwetlana")
        subject = "For {{ customer.first_name|upper }}"
        draft = a_campaign(session, workspace, subject=subject).id
    pages = (f"/campaigns/{draft}", f"/campaigns/{draft}/preview", f"/campaigns/{draft}/mail?customer={someone.id}")
    for page in pages:
        assert "ZWETLANA" not in browser.get(page).text, page
    assert "For ADA" in browser.get(pages[0]).text
    browser.post(f"/campaigns/{draft}/test", data={"customer": someone.id})

    with database.transaction(workspace.id) as session:
        sent = bytes(session.scalars(text("SELECT body FROM staff_mails WHERE kind = 'test'")).one())
    assert b"ZWETLANA" not in sent
    assert b"ADA" in sent


def test_whoever_a_field_points_to_is_masked(browser, database, workspace):
    with database.transaction(workspace.id) as session:
        adviser = a_customer(session, workspace.id, "a@x.de", first_name="Zwetlana", last_name="Quixano")
        fields.add(session, workspace.id, "adviser", FieldDraft("Adviser", "reference", refers_to="customer"))
        made = a_customer(session, workspace.id, "b@x.de")
        people.change(session, made, values_by_name={"adviser": adviser.id}, source="api:1", now=NOON)

    for page in (f"/customers/{made.id}", "/segments/new"):
        assert "Quixano" not in browser.get(page).text, page


def test_files_of_people_are_closed(browser, client, database, workspace):
    import_id = an_uploaded_file(database, workspace.id, "email,first_name\nzwetlana@x.de,Zwetlana\n")
    for step in ("", "/columns"):
        assert browser.get(f"/customers/imports/{import_id}{step}").status_code == 403
    for step in ("start", "undo", "columns", "fix", "reading", "sheet"):
        assert browser.post(f"/customers/imports/{import_id}/{step}").status_code == 403
    listed = browser.get("/customers/imports")
    assert (listed.status_code, f"/customers/imports/{import_id}" in listed.text) == (200, False)
    assert f"/customers/imports/{import_id}" in client.get("/customers/imports").text
    assert "/customers/imports/new" not in browser.get("/customers").text


def test_a_link_that_writes_to_somebody_does_not_say_to_whom(browser, client, database, workspace):
    with database.transaction(workspace.id) as session:
        someone = consented_customer(session, workspace.id, email="zwetlana@canary.example")
        received = replies.ReceivedReply(subject="Re: Offer", text="Hello", headers={}, is_verified=True)
        replies.record(session, workspace.id, received, customer_id=someone.id, message_id=None, now=NOON)

    assert "mailto:zwetlana%40canary.example" in client.get("/inbox").text
    assert "zwetlana%40" not in browser.get("/inbox").text
