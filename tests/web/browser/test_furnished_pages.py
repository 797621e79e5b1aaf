"""Every page of a workspace that has one of everything, in a browser: axe finds nothing, on a desktop or a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from app.campaigns.launch import schedule
from app.journeys.engine import enrolment
from app.kernel.services import Services
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, launch, plan
from tests.factories.consent import consented_customer
from tests.factories.furnished import furnish
from tests.factories.journeys import a_journey, run_due
from tests.factories.workspaces import WorkspaceForTests
from tests.web.browser.test_every_page import open_page
from tests.web.browser.test_style_page import AXE

# Split, so that two processes share the work.
PARTS = 2
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
# Signing in and out leads elsewhere; the style page has its own test.
_ELSEWHERE = ("/style", "/login", "/logout", "/static/")


@pytest.fixture
def page(app: Flask, workspace: WorkspaceForTests, chromium: Browser, built: None) -> Iterator[Page]:
    """A desktop browser of the workspace's owner."""
    yield from open_page(app, workspace, chromium, WIDTHS["desktop"])


def addresses(app: Flask, client: FlaskClient, services: Services, workspace: WorkspaceForTests) -> list[str]:
    """The address of every page there is, filled in; downloads and pieces of pages are left out."""
    furnished = furnish(services, workspace)
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    known = [
        furnished.address(rule)
        for rule in rules
        if not rule.rule.startswith(_ELSEWHERE)
        and app.view_functions[rule.endpoint].guard.kind != "api_key"  # type: ignore[attr-defined]
        and rule.arguments <= {*furnished.values, "token"}
        and ("token" not in rule.arguments or rule.rule.partition("<token>")[0] in furnished.tokens)
    ]
    return sorted(url for url in [*known, *more_of(services, workspace)] if is_page(client, url))


def more_of(services: Services, workspace: WorkspaceForTests) -> list[str]:
    """Pages whose other states look different: what was launched, is held, is live."""
    with services.database.transaction(workspace.id) as session:
        people = [consented_customer(session, workspace.id, email=f"p{number}@example.com") for number in range(3)]
        launched, held = a_campaign(session, workspace).id, a_campaign(session, workspace)
        launch(session, workspace, launched)
        held.send_later, held.scheduled_at = True, NOON - timedelta(hours=3)
        plan(session, workspace, held.id, now=NOON - timedelta(days=1))
        schedule.launch_planned(session, workspace.id, held.id, now=NOON, public_url="https://m.example")
        journey = a_journey(session, workspace)
        for each in people:
            enrolment.enrol_customer(session, journey, each.id, now=NOON)
        run_due(session, workspace.id, now=NOON)
        return [f"/campaigns/{launched}", f"/campaigns/{held.id}", f"/journeys/{journey.id}", "/search?q=p1"]


def is_page(client: FlaskClient, url: str) -> bool:
    answer = client.get(url)
    # Mail is shown in a sandbox without scripts, where axe could not run either.
    is_framed_mail = "sandbox" in answer.headers.get("Content-Security-Policy", "")
    is_html = answer.status_code == 200 and answer.mimetype == "text/html"
    return is_html and not is_framed_mail and "</html>" in answer.text


def findings(page: Page) -> list[str]:
    result = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
    return [
        f"{found['id']}: {node['target']} {node['failureSummary']}"
        for found in result["violations"]
        for node in found["nodes"][:3]
    ]


@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_on_any_page(
    app: Flask, client: FlaskClient, services: Services, workspace: WorkspaceForTests, page: Page, part: int
) -> None:
    page.context.add_init_script(AXE.read_text())
    urls = addresses(app, client, services, workspace)
    assert len(urls) > 50
    complaints = set()
    for url in urls[part::PARTS]:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(url, wait_until="domcontentloaded")
        for name, (width, height) in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            complaints.update(f"{url} ({name}) {finding}" for finding in findings(page))
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                complaints.add(f"{url} ({name}) is wider than its window")

    assert sorted(complaints) == []
