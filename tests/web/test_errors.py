"""A no is a page that says what is so, why, and what can be done."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from tests.web.authenticators import FakeAuthenticator


def test_a_refusal_is_a_page_with_its_own_sentence(browser_client: FlaskClient, authenticator: FakeAuthenticator):
    authenticator.let_in("viewer")
    answer = browser_client.get("/refuse")

    assert answer.status_code == 409
    assert "The mail to &lt;Ada&gt; has left already." in answer.text
    assert "rail-place" in answer.text


def test_a_live_part_gets_a_sentence_and_no_page(browser_client: FlaskClient, authenticator: FakeAuthenticator):
    authenticator.let_in("viewer")
    answer = browser_client.get("/refuse", headers={"HX-Request": "true"})

    assert answer.status_code == 409
    assert "toast-danger" in answer.text
    assert "<html" not in answer.text


def test_programs_get_a_problem(browser_client: FlaskClient):
    answer = browser_client.get("/api/v1/nowhere")

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.get_json()["status"] == 404


def test_a_crash_tells_no_details(browser_client: FlaskClient):
    answer = browser_client.get("/crash")

    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    assert "Traceback" not in answer.text


def test_a_form_from_an_old_page_can_be_sent_again(browser_client: FlaskClient, authenticator: FakeAuthenticator):
    """Half an hour of writing is worth more than a stale token."""
    authenticator.let_in("marketer")
    form = {"csrf_token": "old", "subject": 'Tea & "biscuits"'}
    answer = browser_client.post("/write", data=form, headers={"Origin": "http://localhost"})

    assert answer.status_code == 400
    assert 'name="subject" value="Tea &amp; &#34;biscuits&#34;"' in answer.text

    fresh = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert fresh
    again = browser_client.post("/write", data={**form, "csrf_token": fresh[1]})
    assert again.location == "/customers"


def test_a_foreign_page_gets_no_second_try(browser_client: FlaskClient, authenticator: FakeAuthenticator):
    """Otherwise a button on our own page would finish what another site began."""
    authenticator.let_in("marketer")
    answer = browser_client.post("/write", data={"subject": "x"}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 400
    assert 'name="subject"' not in answer.text


def test_a_password_is_never_written_back(browser_client: FlaskClient, authenticator: FakeAuthenticator):
    authenticator.let_in("marketer")
    answer = browser_client.post("/write", data={"password": "open sesame"}, headers={"Origin": "http://localhost"})

    assert "open sesame" not in answer.text


def test_after_an_action_the_next_page_says_what_was_done_and_offers_undo(
    browser_client: FlaskClient, authenticator: FakeAuthenticator
):
    authenticator.let_in("marketer")
    page = browser_client.get("/customers").text
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert token
    browser_client.post("/write", headers={"X-CSRFToken": token[1]})

    after = browser_client.get("/customers").text
    assert "Kept." in after
    assert 'action="/undo"' in after
    assert "Kept." not in browser_client.get("/customers").text


def test_a_number_no_row_can_have_leads_nowhere(browser_client: FlaskClient, authenticator: FakeAuthenticator):
    authenticator.let_in("viewer")
    adapter = browser_client.application.url_map

    assert adapter.converters["int"](adapter).max == 2**63 - 1
    assert browser_client.get(f"/customers/{2**63}").status_code == 404


def test_what_cannot_be_used_that_way_says_which_way(browser_client: FlaskClient):
    """A 405 without Allow is against HTTP (RFC 9110, 15.5.6), and a program learns nothing from it."""
    answer = browser_client.delete("/crash")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
