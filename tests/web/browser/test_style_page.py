"""In a real browser: every component is accessible, obeys the policy, and can be used from the keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from app.web import assets
from tests.web.authenticators import FakeAuthenticator

AXE = assets.ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def page(chromium: Browser, live_url: str, authenticator: FakeAuthenticator) -> Iterator[Page]:
    """A page of a signed-in owner; `complaints` gathers what the browser complains about."""
    authenticator.let_in("owner")
    context = chromium.new_context(base_url=live_url, bypass_csp=False, reduced_motion="reduce")
    opened = context.new_page()
    opened.complaints = []  # type: ignore[attr-defined]
    opened.on("console", lambda said: opened.complaints.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))  # type: ignore[attr-defined]
    yield opened
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_every_component_is_accessible(page: Page, live_url: str, theme: str, width: int):
    page.context.add_cookies([{"name": "theme", "value": theme, "url": live_url}])
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/style")
    page.wait_for_load_state("networkidle")
    found = serious_findings(page)

    assert found == []
    assert page.complaints == []  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_slash_opens_the_search_and_enter_goes(page: Page):
    page.goto("/style")
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search").fill("custom")
    expect(page.locator(".palette-hit.is-chosen")).to_have_text("Customers")
    page.keyboard.press("Enter")

    page.wait_for_url("**/customers")


def test_the_side_panel_has_an_address_and_escape_leads_back(page: Page):
    page.goto("/customers")
    page.get_by_role("link", name="Ada", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Ada Lovelace")
    assert page.url.endswith("/customers/1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    assert page.url.endswith("/customers")
    page.goto("/customers/1")
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()


def test_the_editor_writes_into_its_field(page: Page):
    page.goto("/style")
    page.locator("[data-editor]").scroll_into_view_if_needed()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Dear {{ cust")
    page.get_by_text("customer.first_name", exact=True).last.wait_for()

    assert page.locator("textarea[name=source]").input_value().startswith("Dear {{ cust")


def test_charts_are_drawn_and_their_numbers_are_one_click_away(page: Page):
    page.goto("/style")
    chart = page.locator("#stacked")
    chart.scroll_into_view_if_needed()
    expect(chart.locator("canvas")).to_be_visible()
    chart.get_by_text("Show the numbers").click()

    expect(chart.get_by_role("cell", name="52")).to_be_visible()


def test_a_phone_has_targets_for_thumbs(page: Page):
    """INTERFACE: 44 px on touch."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/style")
    small = page.evaluate(
        """[...document.querySelectorAll("button, .btn, .bottom-place, .chip, select, input.form-control, summary")]
        .filter((part) => part.offsetParent && part.getBoundingClientRect().height < 44)
        .map((part) => part.outerHTML.slice(0, 90))"""
    )

    assert small == []


def serious_findings(page: Page) -> list[str]:
    """Return what axe-core finds on this page that shuts somebody out."""
    # Evaluated, not injected as an element, so that the page's policy stays as strict as in life.
    page.evaluate(AXE.read_text())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {node['target']} {node['failureSummary']}"
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"][:3]
    ]
