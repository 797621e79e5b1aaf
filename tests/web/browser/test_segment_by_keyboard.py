"""A segment is built in a browser by keyboard alone: conditions, a group, moves, an undo, and saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app.kernel.database import Database
from app.segments import segments
from tests.factories.customers import a_customer
from tests.factories.workspaces import WorkspaceForTests
from tests.web.browser.test_every_page import open_page, stand_still

MOST_TABS = 150


@pytest.fixture
def page(app: Flask, workspace: WorkspaceForTests, chromium: Browser, built: None) -> Iterator[Page]:
    """A desktop browser of the workspace's owner."""
    yield from open_page(app, workspace, chromium, (1280, 900))


def test_a_segment_is_built_by_keyboard_alone(page: Page, database: Database, workspace: WorkspaceForTests) -> None:
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, city="Berlin", tags=["vip"])
        a_customer(session, workspace.id, city="Berlin", last_name="Ode", tags=["guest"])
        a_customer(session, workspace.id, city="Rome")
    page.goto("/segments/new")
    choose(page, "r.0", "City", "city")
    go(page, "r-0-value")
    page.keyboard.type("Berlin")
    expect(page.locator("#summary")).to_contain_text("2 people match")

    press(page, "r-group")
    expect(page.locator("#r-1-0-what")).to_be_focused()
    choose(page, "r.1.0", "Tags", "tags")
    go(page, "r-1-0-tag")
    page.keyboard.type("vip")
    press(page, "r-1-add")
    expect(page.locator("#r-1-1-what")).to_be_focused()
    choose(page, "r.1.1", "Last name", "last_name")
    go(page, "r-1-1-value")
    page.keyboard.type("Ode")
    expect(page.locator("#count-r-1-1")).to_have_text("1")
    expect(page.locator("#count-r-1")).to_have_text("2")

    press(page, "r-1-1-up")
    expect(page.locator("#r-1-0-what")).to_be_focused()
    expect(page.locator("#r-1-0-value")).to_have_value("Ode")
    press(page, "r-1-remove")
    expect(page.locator("#r-1")).to_have_count(0)
    press(page, "undo-step")
    expect(page.locator("#r-1-0-value")).to_have_value("Ode")
    press(page, "r-0-nest")
    press(page, "r-1-down")

    go(page, "name")
    page.keyboard.type("Berliners we know")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/segments/[0-9]+$"))
    with database.transaction(workspace.id) as session:
        (kept,) = segments.list_all(session, workspace.id)
    assert (kept.name, kept.rules, kept.latest_count) == (
        "Berliners we know",
        {
            "type": "all",
            "rules": [
                {"type": "any", "rules": [{"type": "is", "field": "city", "value": "Berlin"}]},
                {
                    "type": "any",
                    "rules": [
                        {"type": "is", "field": "last_name", "value": "Ode"},
                        {"type": "has_tag", "tag": "vip"},
                    ],
                },
            ],
        },
        2,
    )


def go(page: Page, element_id: str) -> None:
    """Press Tab until this element has the focus, from wherever it is."""
    stand_still(page)
    for _ in range(MOST_TABS):
        if page.evaluate("document.activeElement.id") == element_id:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not lead to {element_id}")


def choose(page: Page, place: str, words: str, subject: str) -> None:
    """Choose what a condition asks about by typing the words of its entry."""
    go(page, f"{place.replace('.', '-')}-what")
    page.keyboard.type(words)
    expect(page.locator(f'[name="{place}-was"]')).to_have_value(subject)
    stand_still(page)


def press(page: Page, element_id: str) -> None:
    """Press a button that has the focus."""
    go(page, element_id)
    page.keyboard.press("Enter")
    stand_still(page)
