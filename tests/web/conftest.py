"""A small application inside the frame: one view for every kind of guard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask, g, render_template_string
from flask.testing import FlaskClient
from jinja2 import DictLoader
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import make_server

from app.consent.tokens import PreferencesToken, UnsubscribeToken
from app.kernel.refusals import Refusal
from app.kernel.services import Services
from app.web import assets, frame, guard, shell
from tests.web.authenticators import FakeAuthenticator

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class AlreadyGone(Refusal):
    """What was asked for has left already."""

    message = "The mail to %(name)s has left already."


@pytest.fixture
def authenticator() -> FakeAuthenticator:
    return FakeAuthenticator()


@pytest.fixture
def framed(services: Services, authenticator: FakeAuthenticator) -> Flask:
    """The frame round a handful of views."""
    app = Flask("framed", static_folder=None)
    frame.init_app(app, services)
    guard.connect(app, authenticator)
    _add_views(app)
    return app


@pytest.fixture
def browser_client(framed: Flask) -> FlaskClient:
    return framed.test_client()


@pytest.fixture(scope="session")
def built() -> None:
    """The assets as a set-up would build them."""
    assets.build(say=lambda line: None)


@pytest.fixture
def live_url(framed: Flask, built: None) -> Iterator[str]:
    """The framed application on a port of its own."""
    server = make_server("127.0.0.1", 0, framed, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser; tests that ask for it are skipped where there is none.

    It ends with its module: while it runs, no test of the same process can run an event loop of its own.
    """
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    # Five seconds are little on a machine that has other things to do.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def _add_views(app: Flask) -> None:
    @app.get("/customers", endpoint="customers.show_customers")
    @guard.role("viewer")
    def customers() -> str:
        return render_template_string(LIST)

    @app.get("/customers/1")
    @guard.role("viewer")
    def customer() -> str:
        return shell.side_panel("panel_of_ada.html", behind="/customers", title="Ada")

    @app.post("/write")
    @guard.role("marketer")
    def write() -> object:
        return shell.back("/customers", "Kept.", undo="/undo")

    @app.get("/own")
    @guard.role("owner")
    def own() -> str:
        return "yours"

    @app.get("/profile")
    @guard.signed_in
    def profile() -> str:
        return g.staff.name

    @app.get("/p/<token>")
    @guard.token(PreferencesToken)
    def preferences(token: str) -> str:
        return str(g.token.customer_id)

    @app.post("/u/<token>")
    @guard.token(UnsubscribeToken)
    def unsubscribe(token: str) -> str:
        return "gone"

    @app.get("/api/v1/things")
    @guard.api_key
    def things() -> str:
        return str(g.workspace_id)

    @app.get("/refuse")
    @guard.role("viewer")
    def refuse() -> str:
        raise AlreadyGone(name="<Ada>")

    @app.get("/crash")
    @guard.public("to see the page of a crash")
    def crash() -> str:
        raise ZeroDivisionError

    @app.get("/unguarded")
    def unguarded() -> str:
        return "open to everybody by mistake"

    for endpoint, path in ACCOUNT_PAGES.items():
        app.add_url_rule(path, endpoint, guard.public("the frame leads here")(lambda **_values: "of another room"))
    app.jinja_loader = DictLoader({"panel_of_ada.html": PANEL})


# What the frame links to and another room shows.
ACCOUNT_PAGES = {
    "accounts.login": "/login",
    "accounts.log_out": "/logout",
    "accounts.show_password": "/settings/password",
    "accounts.enter": "/workspaces/<int:workspace_id>/enter",
}
LIST = """{% extends "web/shell.html" %}{% block content %}{{ ui.page_head("Customers") }}
{{ ui.panel_link("Ada", "/customers/1") }}{% endblock %}"""
PANEL = """{% import "web/components.html" as ui %}
{% call ui.panel("Ada Lovelace") %}<a href="/own">Edit</a>{% endcall %}"""
