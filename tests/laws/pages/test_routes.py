"""What every address owes its visitors: it says who may come in, and changes nothing when looked at."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import IntegerConverter, Rule

from app.kernel.services import Services
from tests.factories.furnished import furnish
from tests.factories.workspaces import WorkspaceForTests

# Addresses are filled with things that do not exist: who may not come in is told so before anything is looked up.
_NOBODY = 2**40
# Style sheets may not be built here, and a running import no longer shows its columns but leads on.
_NOTHING_TO_SEE = {"/assets/<path:name>", "/customers/imports/<int:import_id>/columns"}


@pytest.fixture
def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def test_every_route_says_who_may_open_it(app: Flask, rules: list[Rule]):
    silent = sorted(rule.rule for rule in rules if not hasattr(app.view_functions[rule.endpoint], "guard"))

    assert silent == []


def test_strangers_see_public_pages_only(app: Flask, anonymous: FlaskClient, rules: list[Rule]):
    """Staff pages lead to the login, machines' addresses say 401; neither shows or does anything before."""
    inside = [rule for rule in rules if _kind(app, rule) in ("role", "staff", "api_key")]
    opened = []
    for rule in inside:
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
            answer = anonymous.open(_filled(rule), method=method)
            is_kept_out = answer.status_code in (400, 401, 403) or "/login" in answer.headers.get("Location", "")
            if not is_kept_out:
                opened.append(f"{method} {rule.rule}: {answer.status_code}")

    assert len(inside) > 50
    assert opened == []


def test_a_foreign_page_cannot_post_for_staff(app: Flask, client: FlaskClient, rules: list[Rule]):
    """Every address that changes something refuses a form without our token (cross-site request forgery)."""
    app.config["WTF_CSRF_ENABLED"] = True
    posting = [rule for rule in rules if "POST" in (rule.methods or ()) and _kind(app, rule) in ("role", "staff")]
    accepted = []
    for rule in posting:
        answer = client.post(_filled(rule), headers={"Origin": "https://evil.example"})
        if answer.status_code not in (400, 403):
            accepted.append(f"{rule.rule}: {answer.status_code}")

    assert len(posting) > 20
    assert accepted == []


@pytest.mark.parametrize(
    "address",
    [
        "/customers?after=1~{}",
        "/customers?after={}~1",
        "/customers?sort=bought&after=2026-03-02T10:00~{}",
        "/customers/imports?before={}",
        "/campaigns?before=2026-03-02T10:00~{}",
        "/settings/audit?before={}",
    ],
)
def test_a_place_in_a_list_that_no_row_can_have_is_passed_over(client: FlaskClient, address: str):
    assert client.get(address.format(10**20)).status_code == 200


def test_looking_changes_nothing(
    services: Services,
    workspace: WorkspaceForTests,
    app: Flask,
    client: FlaskClient,
    anonymous: FlaskClient,
    rules: list[Rule],
):
    """Scanners, previews and impatient browsers follow every link; GET and HEAD must be harmless for all of them."""
    furnished = furnish(services, workspace)
    machine = app.test_client()
    machine.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {furnished.api_key}"
    # Once in a while a key's use is noted.
    machine.get("/api/v1/customers?email=ada%40example.com")
    browsers = (client, anonymous, machine)
    seen, shut = [], []
    before = _fingerprint(services.database)
    for rule in rules:
        if "GET" in (rule.methods or ()):
            address = furnished.address(rule)
            answers = [browser.get(address) for browser in browsers]
            for browser in browsers:
                browser.head(address)
            is_seen = any(answer.status_code == 200 for answer in answers)
            (seen if is_seen else shut).append(rule.rule)

    assert _fingerprint(services.database) == before
    assert len(seen) > 60
    assert sorted(set(shut) - _NOTHING_TO_SEE) == []


def _kind(app: Flask, rule: Rule) -> str:
    found = getattr(app.view_functions[rule.endpoint], "guard", None)
    return found.kind if found else ""


def _filled(rule: Rule) -> str:
    is_number = {name: isinstance(rule._converters[name], IntegerConverter) for name in rule.arguments}
    values = {name: _NOBODY if is_number[name] else "x" for name in rule.arguments}
    return str(rule.build(values, append_unknown=False)[1])  # type: ignore[index]


def _fingerprint(database) -> dict[str, tuple[object, ...]]:
    """Return, by table, how many rows there are and how often rows were written, for all workspaces."""
    with database.transaction(None, reading=True) as session:
        session.execute(text("SELECT pg_stat_clear_snapshot()"))
        tables = session.scalars(text("SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public'")).all()
        # A login's cookie may be renewed by looking; of how many people staff looked at, a limit a day is held to.
        kept = ("staff_sessions", "personal_reads", "alembic_version", "spool_positions")
        counted = [table for table in tables if table not in kept]
        counts = 'SELECT count(*), max(xmin::text::bigint) FROM "{}"'
        return {table: tuple(session.execute(text(counts.format(table))).one()) for table in counted}


def test_no_row_is_number_nought(
    client: FlaskClient, services: Services, workspace: WorkspaceForTests, rules: list[Rule]
):
    """An id that no row can have is a page that is not there, on every route, and never a complaint about its form."""
    headers = {"Authorization": f"Bearer {furnish(services, workspace).api_key}"}
    told = {}
    for rule in rules:
        address = re.sub("<int[^>]*>", "0", rule.rule)
        if address != rule.rule and "<" not in address:
            for method in (rule.methods or set()) & {"GET", "POST"}:
                told[method, address] = client.open(address, method=method, headers=headers).status_code

    assert len(told) > 60
    assert {asked: status for asked, status in told.items() if status != 404} == {}
