"""What a browser is allowed to do is said on every answer, whatever the answer is."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web import shell
from tests.web.authenticators import FakeAuthenticator

PATHS = [
    "/style",
    "/customers",
    "/refuse",
    "/crash",
    "/nowhere",
    "/p/forged",
    "/api/v1/things",
    "/api/nowhere",
    "/search?q=a",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_policy(browser_client: FlaskClient, authenticator: FakeAuthenticator, path: str):
    authenticator.let_in("viewer")
    answer = browser_client.get(path)
    policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer")


@pytest.mark.parametrize("path", ["/style", "/customers", "/nowhere", "/search?q=a"])
def test_no_page_holds_inline_style_script_or_handler(
    browser_client: FlaskClient, authenticator: FakeAuthenticator, path: str
):
    authenticator.let_in("viewer")
    page = browser_client.get(path).text

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert all('type="application/json"' in tag or "src=" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_links_in_mail_do_not_tell_where_one_came_from(browser_client: FlaskClient):
    """The address of a token page is a secret of its reader."""
    assert browser_client.get("/p/forged").headers["Referrer-Policy"] == "no-referrer"


def test_a_framed_mail_keeps_its_styles_and_can_run_nothing(framed: Flask):
    with framed.test_request_context("/"):
        answer = framed.process_response(shell.framed("<p style='color:red'>Hello</p>"))
    policy = answer.headers["Content-Security-Policy"]

    assert "style-src 'unsafe-inline'" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy


def test_the_session_cookie_stays_with_us(browser_client: FlaskClient, authenticator: FakeAuthenticator):
    authenticator.let_in("viewer")
    cookie = browser_client.get("/customers").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
