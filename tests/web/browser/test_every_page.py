"""Every page without a number in its address, in a real browser: accessible, inside the policy, and inside a phone."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from app.web import guard
from tests.factories.servers.processes import until
from tests.factories.workspaces import WorkspaceForTests
from tests.web.browser.test_style_page import serious_findings

ANSWERS_NO_PAGE = (
    *(".json", ".csv", "/health", "/ready", "/metrics", "/style", "/preview", "/announcement"),
    # Pieces of pages, and mails, in whose frames nothing runs and so nothing can be asked.
    *("/pick", "/sample"),
)
# What a page asks for while it loads has arrived and stands in its place.
_STANDS_STILL = "document.readyState === 'complete' && !document.querySelector('.htmx-request, .htmx-swapping')"


@pytest.fixture
def page(app: Flask, workspace: WorkspaceForTests, chromium: Browser, built: None) -> Iterator[Page]:
    """A phone in the hand of the workspace's owner."""
    yield from open_page(app, workspace, chromium, (390, 844))


def open_page(app: Flask, workspace: WorkspaceForTests, chromium: Browser, size: tuple[int, int]) -> Iterator[Page]:
    """A window of this size in which the workspace's owner is signed in."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    context = chromium.new_context(
        base_url=f"http://127.0.0.1:{server.server_port}",
        viewport={"width": size[0], "height": size[1]},
        reduced_motion="reduce",
    )
    opened = context.new_page()
    opened.goto("/login")
    opened.locator("input[name=email]").fill(workspace.owner_email)
    opened.locator("input[name=password]").fill(workspace.password)
    opened.locator("main button.btn-primary").click()
    opened.wait_for_url("**/")
    yield opened
    context.close()
    server.shutdown()


def stand_still(page: Page) -> None:
    """Wait until the page is all there. It is asked from outside: inside, its policy lets nobody evaluate anything."""
    until(lambda: bool(page.evaluate(_STANDS_STILL)))


def pages_of(app: Flask) -> list[str]:
    """The addresses of staff pages that need nothing filled in."""
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not rule.arguments
        and _mark(app, rule.endpoint).kind in ("role", "staff")
        and not rule.rule.endswith(ANSWERS_NO_PAGE)
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_is_accessible_and_fits_a_phone(app: Flask, page: Page, language: str):
    page.context.add_cookies([{"name": "language", "value": language, "url": page.url}])
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    for path in pages_of(app):
        page.goto(path)
        stand_still(page)
        complaints += [f"{path}: {finding}" for finding in serious_findings(page)]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            complaints.append(f"{path} is wider than a phone")

    assert complaints == []


def _mark(app: Flask, endpoint: str) -> guard.Guard:
    found: guard.Guard = app.view_functions[endpoint].guard  # type: ignore[attr-defined]
    return found
