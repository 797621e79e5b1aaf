"""A shop's key to the API, and calls with it."""

from __future__ import annotations

import itertools

import pytest

from app.accounts import api_keys
from tests.factories import NOON

_numbers = itertools.count(1)


@pytest.fixture
def key(database, workspace):
    with database.transaction(workspace.id) as session:
        return api_keys.create(session, workspace.id, name="Shop", staff_id=None, now=NOON)


@pytest.fixture
def api(app, key):
    """Calls the API as the shop: (method, path, body) -> answer; POSTs get a fresh key unless given one."""

    def call(method, path, body=None, *, headers=None, client=None):
        given = {"Authorization": f"Bearer {key[1]}", "Idempotency-Key": f"test-{next(_numbers)}", **(headers or {})}
        return (client or app.test_client()).open(f"/api/v1{path}", method=method, json=body, headers=given)

    return call
