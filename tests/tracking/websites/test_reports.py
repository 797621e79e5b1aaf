"""What browsers report is kept of who allows profiling, counted of everybody else, and taken from nowhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.timeline import timeline
from app.kernel.database import Database
from app.kernel.limiter import limiter
from app.kernel.services import Services
from app.tracking.websites import reports
from tests.factories.tracking import ORIGIN, SiteForTests, a_jwt, a_tracked_customer, a_website
from tests.factories.workspaces import WorkspaceForTests

VIEWED = {"kind": "product", "data": {"sku": "T-1", "price": 4.5, "is_new": True, "note": None}}


@pytest.fixture
def site(database: Database, services: Services, workspace: WorkspaceForTests, app: Flask) -> SiteForTests:
    return a_website(database, services, workspace.id)


@pytest.fixture
def ada(database: Database, workspace: WorkspaceForTests, services: Services) -> int:
    """A customer who allows profiling."""
    with database.transaction(workspace.id) as session:
        return a_tracked_customer(session, workspace.id, purposes=["profiling"], now=services.clock.now())


@pytest.fixture
def token(site: SiteForTests, services: Services) -> str:
    return a_jwt(site.secret, expires=services.clock.now() + timedelta(hours=1), email="ada@example.com")


def report(
    app: Flask, site: SiteForTests, *, origin: str | None = ORIGIN, address: str = "127.0.0.1", **body: Any
) -> Any:
    headers = {"Origin": origin} if origin else {}
    data = body.get("raw") or json.dumps({"key": site.public_key, "events": [VIEWED], **body})
    client, came_from = app.test_client(), {"REMOTE_ADDR": address}
    return client.post(
        "/site/events", data=data, content_type="text/plain", headers=headers, environ_overrides=came_from
    )


def on_record(session: Session) -> list[tuple[Any, ...]]:
    query = "SELECT customer_id, name, facts -> 'data' ->> 'sku' FROM activities WHERE facts ? 'website' ORDER BY at"
    return [tuple(row) for row in session.execute(text(query))]


def outcomes(session: Session) -> list[tuple[Any, ...]]:
    query = "SELECT kind, outcome, count FROM website_reports ORDER BY 1, 2"
    return [tuple(row) for row in session.execute(text(query))]


def test_what_a_known_visitor_looks_at_is_on_their_timeline(
    app: Flask, site: SiteForTests, ada: int, token: str, session: Session, workspace: WorkspaceForTests
) -> None:
    events = [{"kind": "page", "data": {"url": f"{ORIGIN}/tea"}}, VIEWED, VIEWED]
    answer = report(app, site, identity=token, events=events)

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert "Set-Cookie" not in answer.headers
    viewed = (ada, "product_viewed", "T-1")
    assert on_record(session) == [(ada, "page_viewed", None), viewed, viewed]
    assert outcomes(session) == [("page", "recorded", 1), ("product", "recorded", 2)]
    shown = timeline.read(session, workspace.id, ada, channel="event").entries
    assert [entry.title for entry in shown] == ["Viewed a product", "Viewed a product", "Viewed a page"]


@pytest.mark.parametrize("case", ["anonymous", "bad_identity", "unknown_customer", "no_consent"])
def test_everybody_else_is_only_counted(
    app: Flask, database: Database, services: Services, workspace: WorkspaceForTests, site: SiteForTests, ada: int,
    session: Session, case: str,
) -> None:  # fmt: skip
    now = services.clock.now()
    with database.transaction(workspace.id) as other:
        a_tracked_customer(other, workspace.id, email="bob@example.com", now=now)
    soon = now + timedelta(hours=1)
    identity = {
        "anonymous": None,
        "bad_identity": a_jwt("not the secret", expires=soon, email="ada@example.com"),
        "unknown_customer": a_jwt(site.secret, expires=soon, email="nobody@example.com"),
        "no_consent": a_jwt(site.secret, expires=soon, email="bob@example.com"),
    }[case]
    answer = report(app, site, identity=identity)

    assert (answer.status_code, answer.data) == (204, b"")
    assert on_record(session) == []
    assert outcomes(session) == [("product", case, 1)]


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", ORIGIN + ".evil.example", "http://www.shop.example"])
def test_reports_from_elsewhere_are_refused(
    app: Flask, site: SiteForTests, ada: int, token: str, session: Session, origin: str | None
) -> None:
    answer = report(app, site, origin=origin, identity=token)

    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert outcomes(session) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"key": "site_1_" + "x" * 22}, 403),
        ({"key": "site_999999999999999999_" + "x" * 22}, 403),
        ({"key": "assent_1_x"}, 403),
        ({"events": []}, 422),
        ({"events": [VIEWED] * 21}, 422),
        ({"events": [{"kind": "ordered"}]}, 422),
        ({"events": [{**VIEWED, "at": "2020-01-01T00:00:00Z"}]}, 422),
        ({"events": [{**VIEWED, "customer": {"id": 1}}]}, 422),
        ({"events": [{"kind": "page", "data": {"url": "a\0b"}}]}, 422),
        ({"events": [{"kind": "page", "data": {"url": "x" * 501}}]}, 422),
        ({"events": [{"kind": "page", "data": {"Bad key": 1}}]}, 422),
        ({"events": [{"kind": "page", "data": {"deep": {"er": 1}}}]}, 422),
        ({"raw": '{"key": NaN'}, 422),
        ({"raw": "[" * 5000}, 422),
        ({"raw": '{"events":[{"kind":"page","data":{"a":1e999}}]}'}, 422),
        ({"raw": '{"key":"\\ud800"}'}, 422),
        ({"raw": "x" * 17_000}, 413),
    ],
)
def test_what_does_not_fit_is_refused(
    app: Flask, site: SiteForTests, session: Session, body: dict[str, Any], status: int
) -> None:
    assert report(app, site, **body).status_code == status
    assert outcomes(session) == []


def test_one_network_reports_at_a_bounded_pace(app: Flask, workspace: WorkspaceForTests, site: SiteForTests) -> None:
    """What a network may report in a minute is used up; others report as before."""
    limiter().allow(f"site:{workspace.id}:{site.id}:127.0.0.1", 1, timedelta(minutes=30))
    noisy, other = report(app, site), report(app, site, address="192.0.2.7")

    assert (noisy.status_code, other.status_code) == (429, 204)


def test_whoever_makes_keys_up_asks_the_database_no_more_than_so_often(
    app: Flask, site: SiteForTests, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    limiter().allow("site:127.0.0.1", 1, timedelta(minutes=30))
    with statements() as asked:
        refused = report(app, site, key="site_1_" + "x" * 22)

    assert (refused.status_code, asked) == (429, [])


def test_a_deleted_website_reports_no_more_until_that_is_taken_back(
    client: FlaskClient, app: Flask, site: SiteForTests
) -> None:
    deleted = client.post(f"/settings/websites/{site.id}/delete", follow_redirects=True).text
    refused = report(app, site).status_code
    (undo,) = re.findall(r'action="(/undo/[^"]+)"', deleted)
    client.post(undo)

    assert (refused, report(app, site).status_code) == (403, 204)


def test_owners_add_a_website_and_see_what_it_reports(client: FlaskClient, app: Flask, site: SiteForTests) -> None:
    refused = client.post("/settings/websites", data={"origins": "https://www.shop.example/path"})
    made = client.post("/settings/websites", data={"origins": "https://Two.example:8443/\nhttp://localhost:3000"})
    report(app, site)
    page = client.get("/settings/websites").text

    assert (refused.status_code, "is no origin" in refused.text) == (422, True)
    assert "https://www.shop.example/path</textarea>" in refused.text
    assert (made.status_code, "Copy the secret now" in made.text) == (200, True)
    assert "https://two.example:8443, http://localhost:3000" in page
    assert site.public_key in page
    assert site.secret not in page
    assert "Anonymous: only counted" in page


def test_the_script_is_small_and_keeps_nothing_in_the_browser(app: Flask) -> None:
    answer = app.test_client().get("/site.js")

    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(answer.data) <= 3 * 1024
    assert not re.search(r"document\.cookie|localStorage|sessionStorage|sendBeacon|indexedDB", answer.text)
    assert all(kind in answer.text for kind in reports.EVENT_NAMES)
