"""No page offers what its reader may not do: every link, form and live piece a viewer sees is open to viewers."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.exceptions import HTTPException

from app.kernel.services import Services
from app.web import guard
from tests.factories import NOON
from tests.factories.accounts import a_member
from tests.factories.furnished import Furnished, furnish
from tests.factories.workspaces import PASSWORD, WorkspaceForTests


class Offers(HTMLParser):
    """Collects (method, address) of whatever on a page leads somewhere; a form with its fields disabled does not."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self._form: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.found.add(("GET", given.get("href", "")))
        elif tag == "form":
            self._form = given.get("method", "get").upper(), given.get("action", "")
        elif tag == "fieldset" and "disabled" in given:
            self._form = None
        for name in ("hx-get", "hx-post"):
            if name in given and tag != "form":
                self.found.add((name[3:].upper(), given[name]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form:
            self.found.add(self._form)
            self._form = None


@pytest.fixture
def member(anonymous: FlaskClient, services: Services, workspace: WorkspaceForTests, role: str) -> FlaskClient:
    """The browser of somebody with this role."""
    with services.database.transaction(workspace.id) as session:
        email = a_member(session, workspace.id, role=role, now=NOON).email
    anonymous.post("/login", data={"email": email, "password": PASSWORD})
    return anonymous


def is_open(app: Flask, role: str, method: str, url: str) -> bool:
    """Say whether this role may do this; what leads out of the house or to a place on the page is nobody's concern."""
    path = url.partition("#")[0].partition("?")[0]
    if not path.startswith("/") or path.startswith("//"):
        return True
    try:
        endpoint, _values = app.url_map.bind("").match(path, method)
    except HTTPException:
        return False
    mark = app.view_functions[endpoint].guard  # type: ignore[attr-defined]
    return mark.kind != "role" or guard.RANKS[mark.detail] <= guard.RANKS[role]


def pages(app: Flask, furnished: Furnished, role: str) -> list[str]:
    return sorted(
        furnished.address(rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and rule.arguments <= {*furnished.values}
        and app.view_functions[rule.endpoint].guard.kind in ("role", "staff")  # type: ignore[attr-defined]
        and not rule.rule.startswith("/style")
        and is_open(app, role, "GET", furnished.address(rule))
    )


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_whatever_a_page_offers_is_open_to_who_reads_it(
    app: Flask, member: FlaskClient, services: Services, workspace: WorkspaceForTests, role: str
) -> None:
    furnished = furnish(services, workspace)
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE sending_identities SET proved_at = NULL"))
    refused = set()
    looked = 0
    for url in pages(app, furnished, role):
        answer = member.get(url)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        looked += 1
        offers = Offers()
        offers.feed(answer.text)
        for method, target in offers.found:
            if not is_open(app, role, method, target or url):
                refused.add(f"{url} offers {method} {target}")

    assert looked > 30
    assert not refused, "\n".join(sorted(refused))
