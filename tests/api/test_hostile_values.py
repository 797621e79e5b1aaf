"""Whatever a program sends in any field is taken or refused with a documented problem."""

from __future__ import annotations

from random import Random

import pytest
from flask import Flask

from app.accounts import api_keys
from app.kernel.database import Database
from tests.factories import NOON
from tests.factories.hostile.values import NASTY_JSON
from tests.factories.workspaces import WorkspaceForTests

CUSTOMER = ("external_ref", "email", "first_name", "language", "country", "time_zone", "tags", "custom", "consent")
PURCHASE = {
    "customer": '{"email":"a@example.com"}', "order_ref": '"1"', "amount": "1", "currency": '"EUR"',
    "purchased_at": '"2026-03-01T12:00:00Z"', "items": "1", "product": '"Tea"',
}


@pytest.fixture
def secret(database: Database, workspace: WorkspaceForTests) -> str:
    with database.transaction(workspace.id) as session:
        return api_keys.create(session, workspace.id, name="Shop", staff_id=None, now=NOON)[1]


def calls() -> list[tuple[str, str, str]]:
    """Some of every field with every value: (method, path, body)."""
    found = []
    for value in NASTY_JSON:
        found += [("PUT", "customers", value), ("POST", "events", value)]
        found.append(("PUT", "customers", f'{{"email":"a@example.com","custom":{{"size":{value}}}}}'))
        found += [("PUT", "customers", f'{{"email":"a@example.com","{name}":{value}}}') for name in CUSTOMER]
        for name in PURCHASE:
            parts = ",".join(f'"{key}":{told}' for key, told in (PURCHASE | {name: value}).items())
            found.append(("POST", "orders", f"{{{parts}}}"))
    return Random(7).sample(found, 120)


def test_no_value_breaks_the_api(app: Flask, secret: str) -> None:
    """NUL, halves of characters, numbers without end: 2xx or a documented refusal."""
    machine, told = app.test_client(), {}
    for number, (method, path, body) in enumerate(calls()):
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        headers["Idempotency-Key"] = f"key-{number}"
        answer = machine.open(f"/api/v1/{path}", method=method, data=body.encode(), headers=headers)
        told[path, body[:200]] = answer.status_code

    documented = {200, 201, 400, 409, 413, 422}
    assert {call: status for call, status in told.items() if status not in documented} == {}


@pytest.mark.parametrize("currency", ["ZZZ", "XYZ", "XXX", "XTS", "XAU", "eur", "ABC", ""])
def test_a_currency_nobody_pays_with_is_refused(app: Flask, secret: str, currency: str) -> None:
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "1"}
    machine = app.test_client()
    machine.put("/api/v1/customers", json={"email": "a@example.com"}, headers=headers)
    body = {
        "customer": {"email": "a@example.com"}, "order_ref": "1", "amount": "1", "currency": currency,
        "purchased_at": "2026-03-01T12:00:00Z",
    }
    refused = machine.post("/api/v1/orders", json=body, headers=headers)

    assert refused.status_code == 422
    assert refused.json["errors"][0]["pointer"] == "/currency"
