"""Whoever may not see personal data sees nobody's name or address on any page there is, and is offered none to edit."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from app.accounts import api_keys
from app.accounts.sign_in import sessions
from app.accounts.views.sign_in import authentication
from app.customers.models import Address, Customer
from app.kernel.services import Services
from tests.factories import NOON
from tests.factories.accounts import a_member
from tests.factories.customers import a_customer
from tests.factories.furnished import Furnished, furnish
from tests.factories.workspaces import WorkspaceForTests

# Examples in the documentation of the API name somebody of these tests by chance.
_EXAMPLES = ("/api/v1/docs", "/api/v1/openapi.json")
# What shows nobody's data to staff or programs: pages for visitors, who hold a token, and what a program signs.
_NOT_FOR_STAFF = ("public", "token", "webhook", "staff")
_KEPT_IN_FORM = re.compile(r"<(?:input|textarea)\b[^>]*value=\"[^\"]*•••")


@pytest.fixture
def furnished(services: Services, workspace: WorkspaceForTests) -> Furnished:
    made = furnish(services, workspace)
    with services.database.transaction(workspace.id) as session:
        for number in range(3):
            named = {"first_name": f"Zwetlana{number}", "last_name": f"Quixano{number}"}
            address = f"zwetlana{number}@canary.example"
            a_customer(session, workspace.id, address, **named)
    return made


def browser_of(app: Flask, services: Services, workspace: WorkspaceForTests, personal_data: str) -> FlaskClient:
    with services.database.transaction(workspace.id) as session:
        member = a_member(session, workspace.id, role="marketer", now=NOON, personal_data=personal_data)
        token = sessions.open_for(session, member.id, workspace_id=workspace.id, now=services.clock.now())
    browser = app.test_client()
    browser.set_cookie(authentication.COOKIE, token)
    return browser


def personal_values(services: Services, workspace: WorkspaceForTests) -> set[str]:
    """Every name and address of the workspace's people that no other word could be."""
    with services.database.transaction(workspace.id) as session:
        columns = (Customer.first_name, Customer.last_name, Customer.email)
        rows = session.execute(select(*columns).where(Customer.workspace_id == workspace.id))
        found = {value for row in rows for value in row if value}
        addresses = session.scalars(select(Address.value).where(Address.workspace_id == workspace.id))
        found |= {line.strip() for value in addresses for line in value.splitlines()}
    return {value for value in found if len(value) > 3}


def rules_of(app: Flask, furnished: Furnished) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        is_left_out = rule.rule.startswith(("/static", "/style", "/logout", *_EXAMPLES))
        if "GET" in (rule.methods or ()) and rule.arguments <= {*furnished.values} and not is_left_out:
            yield rule


def shown(text: str, values: set[str]) -> set[str]:
    return {value for value in values if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text)}


def test_no_page_names_anybody_to_whom_personal_data_is_masked(app, services, workspace, furnished):
    browser = browser_of(app, services, workspace, "masked")
    values = personal_values(services, workspace)
    leaks, prefilled, looked = [], [], 0
    for rule in rules_of(app, furnished):
        if app.view_functions[rule.endpoint].guard.kind in _NOT_FOR_STAFF:
            continue
        answer = browser.get(furnished.address(rule))
        looked += answer.status_code == 200
        leaks += [f"{rule.rule}: {value}" for value in shown(answer.text, values)]
        if _KEPT_IN_FORM.search(answer.text):
            prefilled.append(rule.rule)

    assert looked > 40
    assert not leaks, "\n".join(sorted(leaks))
    assert not prefilled, f"these forms would write what is masked: {prefilled}"


def test_every_route_that_shows_somebody_is_one_that_masks(app, client, services, workspace, furnished):
    """Guards of members and of programs mask; whoever reads the others holds a token of their own, or sees nobody."""
    values = personal_values(services, workspace)
    naming = {
        rule.endpoint: app.view_functions[rule.endpoint].guard.kind
        for rule in rules_of(app, furnished)
        if shown(client.get(furnished.address(rule)).data.decode(errors="replace"), values)
    }

    assert len(naming) > 10
    assert {endpoint for endpoint, kind in naming.items() if kind not in ("role", "api_key", "token")} == set()


def test_a_key_that_masks_names_nobody(app, services, workspace, furnished):
    with services.database.transaction(workspace.id) as session:
        _key, text = api_keys.create(
            session, workspace.id, name="Board", staff_id=None, now=NOON, personal_data="masked"
        )
    program = app.test_client()
    answer = program.get(
        "/api/v1/customers?email=zwetlana1%40canary.example", headers={"Authorization": f"Bearer {text}"}
    )

    assert answer.status_code == 200
    assert "z•••@canary.example" in answer.json["email"]
    assert not shown(answer.text, personal_values(services, workspace))
