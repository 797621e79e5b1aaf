"""Whoever holds connections open without finishing holds nobody else up: against a real web server process."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from app.consent.tokens import UnsubscribeToken
from app.kernel.database import Database
from app.kernel.services import Services
from app.kernel.settings import Settings
from app.tracking.links import links
from app.tracking.tokens import ClickToken
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.servers.web_server import WebBrowser, WebServer, request, running
from tests.factories.workspaces import WorkspaceForTests

ATTACKERS = 40
FORM = ("Content-Type: application/x-www-form-urlencoded",)
HALF_SENT_FORM = request("POST", "/login", *FORM, "Content-Length: 400") + b"email="
HALF_SENT_CHUNKS = request("POST", "/f/shop/news", "Transfer-Encoding: chunked") + b"5\r\nemail\r\n"
HALF_SENT_HEADER = b"GET /login HTTP/1.1\r\nHost: x\r\nX-Slow: "


@pytest.fixture(scope="module")
def server(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """A web server with two threads: one of them for visitors, so that one held thread would be seen at once."""
    with running(settings, tmp_path_factory.mktemp("web") / "log", WEB_THREADS="2") as started:
        yield started


@pytest.mark.parametrize("begun", [HALF_SENT_FORM, HALF_SENT_CHUNKS, HALF_SENT_HEADER])
def test_half_sent_requests_hold_nobody_up(
    server: WebServer, workspace: WorkspaceForTests, click: str, leave: str, begun: bytes
):
    """Every thread was held by a body that never came: clicks, unsubscribes and every workspace's pages were down."""
    with ExitStack() as held:
        for _ in range(ATTACKERS):
            held.enter_context(server.connect(begun))

        assert server.status(request("GET", click)) == 302
        assert server.status(request("GET", "/login")) == 200
        assert server.status(request("POST", leave, *FORM, body=b"List-Unsubscribe=One-Click")) == 200
        assert "Customers" in WebBrowser(server).sign_in(workspace).get("/customers")


def test_those_who_do_not_read_their_answer_hold_nobody_up(server: WebServer, click: str):
    """The largest file there is, asked for again and again on connections that take nothing of it."""
    page = server.ask(request("GET", "/login")).decode()
    found = re.search(r"/assets/app-\w+\.css", page)
    asked = request("GET", found[0] if found else "/login").replace(b"Connection: close\r\n", b"")

    with ExitStack() as held:
        for _ in range(ATTACKERS):
            held.enter_context(server.connect(asked * 200))

        assert server.status(request("GET", click)) == 302
        assert server.status(request("GET", "/login")) == 200


@pytest.mark.parametrize("path", ["/login", "/f/shop/news", "/customers/imports", "/api/v1/customers", "/nowhere"])
def test_nobody_unknown_may_send_much(server: WebServer, path: str):
    """Refused by its announced length, or after the first 64 KB, before anything of it is kept or worked on."""
    method = "PUT" if path.startswith("/api") else "POST"

    assert server.status(request(method, path, "Content-Length: 60000000")) == 413
    assert server.status(request(method, path, "Transfer-Encoding: chunked") + b"12000\r\n" + b"a" * 0x12000) == 413


def test_the_refusal_of_a_large_body_speaks_as_the_rest_does(server: WebServer):
    answer = server.ask(request("POST", "/api/v1/orders", "Content-Length: 60000000"))

    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == 413


def test_who_is_signed_in_may_send_a_large_file(server: WebServer, workspace: WorkspaceForTests):
    browser = WebBrowser(server).sign_in(workspace)

    led_to = browser.upload("/customers/imports/new", b"email\n" + b"ada@shop.example\n" * 30_000)

    assert re.fullmatch(r"/customers/imports/\d+.*", led_to)


@pytest.fixture
def click(services: Services, database: Database, workspace: WorkspaceForTests) -> str:
    """A link in a mail that has left."""
    with database.transaction(workspace.id) as session:
        links.register(session, workspace.id, 7, ["https://shop.test/tea"], now=NOON)
    token = ClickToken(workspace.id, message_id=1, send_id=7, customer_id=1).encode(services.tokens)
    return f"/t/c/{token}/0"


@pytest.fixture
def leave(services: Services, database: Database, workspace: WorkspaceForTests) -> str:
    """The unsubscribe link of somebody who may be mailed."""
    with database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id)
    return "/u/" + UnsubscribeToken(workspace.id, ada.id, workspace.topic_id, 77).encode(services.tokens)
