"""The snippet in a real browser: a shop's page on another origin reports, and the browser keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import text
from werkzeug.serving import make_server

from app.kernel.database import Database
from app.kernel.services import Services
from app.tracking.websites import websites
from tests.factories.servers.processes import until
from tests.factories.tracking import a_jwt, a_tracked_customer
from tests.factories.workspaces import WorkspaceForTests

_PAGE = """<!doctype html><html lang="en"><title>Green tea</title>
<script>window.assent=window.assent||function(){(assent.q=assent.q||[]).push(arguments)};assent("page")</script>
<script src="%(ours)s/site.js" data-key="%(key)s" async></script>
<button onclick='assent("identify", "%(token)s"); assent("product", {sku: "T-1", price: 4.5, parts: [1], "Bad": 1})'>
Log in</button>
<a href="/bye" onclick='assent("search", {query: "tea"})'>Leave</a></html>"""


@pytest.fixture
def ours(app: Flask) -> Iterator[str]:
    """The application on an origin of its own."""
    yield from serve(app)


@pytest.fixture
def shop() -> Flask:
    """A shop's website."""
    made = Flask("shop", static_folder=None)
    made.add_url_rule("/bye", view_func=lambda: "Bye.", endpoint="bye")
    return made


@pytest.fixture
def theirs(shop: Flask) -> Iterator[str]:
    """The shop on another origin."""
    yield from serve(shop)


def serve(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def counted(database: Database, workspace: WorkspaceForTests) -> dict[tuple[str, str], int]:
    with database.transaction(workspace.id) as session:
        rows = session.execute(text("SELECT kind, outcome, count FROM website_reports"))
        return {(row.kind, row.outcome): row.count for row in rows}


def test_a_shop_page_reports_and_keeps_nothing(
    chromium: Browser, database: Database, services: Services, workspace: WorkspaceForTests, ours: str, theirs: str,
    shop: Flask,
) -> None:  # fmt: skip
    now = services.clock.now()
    with database.transaction(workspace.id) as session:
        ada = a_tracked_customer(session, workspace.id, purposes=["profiling"], now=now)
        site, secret = websites.create(session, workspace.id, [theirs], keys=services.settings.secret_keys, now=now)
        key = site.public_key
    token = a_jwt(secret, expires=now + timedelta(hours=1), email="ada@example.com")
    shown = _PAGE % {"ours": ours, "key": key, "token": token}
    shop.add_url_rule("/", view_func=lambda: shown, endpoint="tea")
    context = chromium.new_context()
    page = context.new_page()
    complaints: list[Any] = []
    page.on("console", lambda said: complaints.append(said.text) if "favicon" not in said.location["url"] else None)
    page.goto(f"{theirs}/?email=ada@example.com#secret")
    until(lambda: ("page", "anonymous") in counted(database, workspace))
    page.get_by_text("Log in").click()
    until(lambda: ("product", "recorded") in counted(database, workspace))
    page.get_by_text("Leave").click()
    until(lambda: ("search", "recorded") in counted(database, workspace))

    assert (complaints, context.cookies(), page.evaluate("localStorage.length")) == ([], [], 0)
    with database.transaction(workspace.id) as session:
        query = "SELECT customer_id, name, facts -> 'data' FROM activities WHERE facts ? 'website' ORDER BY at, id"
        kept = [tuple(row) for row in session.execute(text(query))]
    assert kept == [(ada, "product_viewed", {"sku": "T-1", "price": 4.5}), (ada, "site_searched", {"query": "tea"})]
    context.close()


def test_a_page_that_names_its_visitor_at_once_is_seen_by_them(
    chromium: Browser, database: Database, services: Services, workspace: WorkspaceForTests, ours: str, theirs: str,
    shop: Flask,
) -> None:  # fmt: skip
    """As shops do it: the page is reported in its head, and the token stands further down."""
    now = services.clock.now()
    with database.transaction(workspace.id) as session:
        a_tracked_customer(session, workspace.id, purposes=["profiling"], now=now)
        site, secret = websites.create(session, workspace.id, [theirs], keys=services.settings.secret_keys, now=now)
        key = site.public_key
    token = a_jwt(secret, expires=now + timedelta(hours=1), email="ada@example.com")
    shown = _PAGE % {"ours": ours, "key": key, "token": token} + f'<script>assent("identify", "{token}")</script>'
    shop.add_url_rule("/", view_func=lambda: shown, endpoint="tea")
    page = chromium.new_page()
    page.goto(theirs)
    until(lambda: bool(counted(database, workspace)))

    assert counted(database, workspace) == {("page", "recorded"): 1}
    page.close()
