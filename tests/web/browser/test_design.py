"""A mail is designed in a browser: by mouse and by keyboard, by two people at once, and by nobody who may only look."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from sqlalchemy import text

from app.campaigns.library import designs
from app.kernel.database import Database
from tests.factories.campaigns import a_campaign
from tests.factories.workspaces import WorkspaceForTests
from tests.web.browser.test_every_page import open_page
from tests.web.browser.test_style_page import serious_findings


@pytest.fixture
def page(app: Flask, workspace: WorkspaceForTests, chromium: Browser, built: None) -> Iterator[Page]:
    """A desktop browser of the workspace's owner; `complaints` gathers what the browser complains about."""
    for opened in open_page(app, workspace, chromium, (1440, 900)):
        complaints: list[str] = []
        opened.complaints = complaints  # type: ignore[attr-defined]
        opened.on("console", _noting(complaints))
        opened.on("pageerror", lambda error, said=complaints: said.append(str(error)))
        yield opened


def _noting(complaints: list[str]) -> Callable[[ConsoleMessage], None]:
    return lambda said: complaints.append(said.text) if said.type == "error" else None


@pytest.fixture
def address(database: Database, workspace: WorkspaceForTests) -> str:
    """The editor of a draft in blocks."""
    with database.transaction(workspace.id) as session:
        campaign = a_campaign(session, workspace, format="blocks", source=designs.start("welcome", "en").source)
        return f"/campaigns/{campaign.id}/design"


def kinds_kept(database: Database, workspace: WorkspaceForTests) -> list[str]:
    return [block["kind"] for block in blocks_kept(database, workspace)]


def blocks_kept(database: Database, workspace: WorkspaceForTests) -> list[dict[str, str]]:
    with database.transaction(workspace.id) as session:
        kept = session.scalar(text("SELECT source FROM campaign_contents"))
    return json.loads(kept)["blocks"]


def is_saved(page: Page) -> None:
    expect(page.locator("[data-part=state]")).to_have_text("Saved")


def test_a_mail_is_written_in_place_and_its_blocks_are_moved(
    page: Page, address: str, database: Database, workspace: WorkspaceForTests
):
    page.goto(address)
    expect(page.locator(".design.is-ready")).to_be_visible()
    mail = page.frame_locator(".design-canvas")
    begun = kinds_kept(database, workspace)

    mail.locator("[data-block=b3]").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("Good morning")
    page.get_by_role("button", name="Bold").click()
    page.keyboard.type(" indeed")
    page.keyboard.press("Escape")
    is_saved(page)
    expect(mail.locator("[data-block=b3]")).to_contain_text("Good morning indeed")
    page.get_by_role("button", name="Spacer").drag_to(mail.locator("[data-block=b2]"))
    is_saved(page)
    page.locator("[data-part=outline] > li > button").nth(1).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    is_saved(page)
    moved = kinds_kept(database, workspace)
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-part=outline] > li")).to_have_count(len(begun) + 1)
    is_saved(page)

    assert "spacer" in moved
    assert sorted(kinds_kept(database, workspace)) == sorted([*begun, "spacer"])
    assert kinds_kept(database, workspace) != moved
    assert "Good morning" in next(block["html"] for block in blocks_kept(database, workspace) if block["id"] == "b3")
    assert serious_findings(page) == []
    assert page.complaints == []  # type: ignore[attr-defined]


def test_two_people_at_once_lose_no_words(page: Page, address: str, database: Database, workspace: WorkspaceForTests):
    other = page.context.new_page()
    for each in (page, other):
        each.goto(address)
        expect(each.locator(".design.is-ready")).to_be_visible()

    page.get_by_role("button", name="Heading: Good to have").click()
    page.locator("[data-field=text] input").fill("Mine")
    is_saved(page)
    other.get_by_role("button", name="Button: Look around").click()
    other.locator("[data-field=text] input").fill("Theirs")
    is_saved(other)
    other.get_by_role("button", name="Heading: Mine").click()
    expect(other.get_by_role("button", name="Heading: Mine")).to_be_visible()

    for each in (page, other):
        each.reload()
        expect(each.locator(".design.is-ready")).to_be_visible()
        each.get_by_role("button", name="Heading: Mine").click()
    page.locator("[data-field=text] input").fill("Mine again")
    is_saved(page)
    other.locator("[data-field=text] input").fill("Another one")
    expect(other.locator("[data-part=joined]")).to_be_visible()
    is_saved(other)

    said = [block.get("text") for block in blocks_kept(database, workspace)]
    assert said.count("Mine again") == said.count("Another one") == 1
    assert "Theirs" in said


def test_a_viewer_looks_and_changes_nothing(page: Page, address: str, database: Database, workspace: WorkspaceForTests):
    with database.transaction(workspace.id) as session:
        session.execute(text("UPDATE memberships SET role = 'viewer'"))
    before = blocks_kept(database, workspace)
    page.goto(address)
    expect(page.locator(".design.is-ready")).to_be_visible()

    page.frame_locator(".design-canvas").locator("[data-block=b3]").click()
    page.keyboard.type("nothing")

    expect(page.locator("[data-part=palette]")).to_have_count(0)
    assert blocks_kept(database, workspace) == before
    assert page.complaints == []  # type: ignore[attr-defined]
