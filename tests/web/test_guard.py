"""Every page opens only to whom its guard says, and every way back stays inside."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.consent.tokens import PreferencesToken, UnsubscribeToken
from app.kernel.services import Services
from app.web import guard
from tests.web.authenticators import FakeAuthenticator


def test_strangers_are_led_to_the_login_and_back_to_where_they_were(browser_client: FlaskClient):
    answer = browser_client.get("/customers?tag=a&page=2")

    assert answer.status_code == 302
    assert answer.location == "/login?next=/customers?tag%3Da%26page%3D2"


def test_a_live_part_sends_the_whole_page_to_the_login(browser_client: FlaskClient):
    """A login form swapped into a table cell helps nobody."""
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/customers?tag=a"}
    answer = browser_client.get("/customers/1", headers=headers)

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login?next=/customers?tag%3Da")


@pytest.mark.parametrize(
    ("role", "viewer_page", "marketer_page", "owner_page"),
    [("viewer", 200, 403, 403), ("marketer", 200, 400, 403), ("owner", 200, 400, 200)],
)
def test_roles_include_the_ones_below(
    browser_client: FlaskClient,
    authenticator: FakeAuthenticator,
    role: str,
    viewer_page: int,
    marketer_page: int,
    owner_page: int,
):
    """The marketer's page is a POST without a token: 400 means that the role was let through to that check."""
    authenticator.let_in(role)

    assert browser_client.get("/customers").status_code == viewer_page
    assert browser_client.post("/write").status_code == marketer_page
    assert browser_client.get("/own").status_code == owner_page


def test_without_a_workspace_only_ones_own_pages_open(browser_client: FlaskClient, authenticator: FakeAuthenticator):
    authenticator.let_in(None)

    assert browser_client.get("/profile").text == "Ada Lovelace"
    assert "not a member of any workspace" in browser_client.get("/customers").text


def test_a_token_opens_only_what_it_was_made_for(browser_client: FlaskClient, services: Services):
    token = PreferencesToken(1, 42, 0, 7).encode(services.tokens)
    other = UnsubscribeToken(1, 42, 0, 7).encode(services.tokens)

    assert browser_client.get(f"/p/{token}").text == "42"
    assert browser_client.get(f"/p/{other}").status_code == 404
    assert browser_client.get(f"/p/{token[:-1]}").status_code == 404


def test_a_token_link_needs_no_form_token_and_sets_no_cookie(browser_client: FlaskClient, services: Services):
    """One-click unsubscribing comes from a mail provider, without any state of ours."""
    answer = browser_client.post(f"/u/{UnsubscribeToken(1, 42, 0, 7).encode(services.tokens)}")

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_programs_show_a_key(browser_client: FlaskClient):
    refused = browser_client.get("/api/v1/things", headers={"Authorization": "Bearer wrong"})
    allowed = browser_client.get("/api/v1/things", headers={"Authorization": "Bearer right"})

    assert (refused.status_code, refused.mimetype) == (401, "application/problem+json")
    assert allowed.text == "1"


def test_a_view_without_a_guard_does_not_open(browser_client: FlaskClient):
    assert browser_client.get("/unguarded").status_code == 500


def test_every_view_of_the_frame_says_who_may_open_it(framed: Flask):
    unguarded = {name for name, view in framed.view_functions.items() if not hasattr(view, "guard")}

    assert unguarded == {"unguarded"}


@pytest.mark.parametrize(
    "evil", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nX: y", "", None]
)
def test_after_the_login_one_stays_in_the_house(evil: str | None):
    assert guard.safe_next(evil) == "/"


def test_after_the_login_one_gets_where_one_wanted():
    assert guard.safe_next("/customers?tag=a") == "/customers?tag=a"
