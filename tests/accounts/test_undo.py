"""What was taken away can be put back, however large it is, by whoever took it away, once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.accounts import api_keys, jobs, memberships, undo
from app.kernel.clock import FixedClock
from app.kernel.database import Database
from app.kernel.services import Services
from app.segments import codec, rules, segments
from app.segments.segments import SegmentChange
from tests.factories import NOON, conditions
from tests.factories.workspaces import PASSWORD, WorkspaceForTests, a_workspace, an_account

UNDO = re.compile(r'action="(/undo/\d+)"')
# 60 conditions of 100 characters and a name: far more than a cookie holds.
LARGE = rules.AnyOf(tuple(conditions.Contains("city", f"{number:03}" * 33) for number in range(60)))


def deleted(client: FlaskClient, database: Database, workspace: WorkspaceForTests) -> tuple[int, str]:
    """Delete a large segment on its page; return its number and the address that the toast offers."""
    with database.transaction(workspace.id) as session:
        kept = segments.save(session, workspace.id, SegmentChange("Large", LARGE), staff_id=None, now=NOON)
    assert client.post(f"/segments/{kept.id}/delete").status_code == 303
    offered = UNDO.search(client.get("/segments").text)
    assert offered
    return kept.id, offered[1]


def login(app: Flask, email: str) -> FlaskClient:
    browser = app.test_client()
    assert browser.post("/login", data={"email": email, "password": PASSWORD}).status_code == 302
    return browser


def test_a_large_segment_comes_back_as_it_was(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    """What is kept to undo an action lies in the database, not in a cookie that holds four thousand characters."""
    segment_id, again = deleted(client, database, workspace)
    back = client.post(again)

    assert back.headers["Location"] == f"/segments/{segment_id}"
    assert "is restored." in client.get("/segments").text
    with database.transaction(workspace.id) as session:
        assert segments.get(session, workspace.id, segment_id).rules == codec.dump(LARGE)
    assert client.post(again).status_code == 410


def test_a_name_taken_since_stays_with_its_new_owner(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    _segment_id, again = deleted(client, database, workspace)
    with database.transaction(workspace.id) as session:
        segments.save(session, workspace.id, SegmentChange("Large", LARGE), staff_id=None, now=NOON)

    assert "Large (2)" in client.get(client.post(again).headers["Location"]).text


def test_nobody_else_takes_an_action_back(
    app: Flask, client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    """Not a colleague, not a stranger in another workspace, and nobody whose role no longer reaches the action."""
    _segment_id, again = deleted(client, database, workspace)
    with database.transaction(workspace.id) as session:
        colleague = an_account(session, now=NOON)
        memberships.grant(session, workspace.id, colleague.id, "owner")
    stranger = a_workspace(database, name="Elsewhere", now=NOON)
    assert login(app, colleague.email).post(again).status_code == 410
    assert login(app, stranger.owner_email).post(again).status_code == 410
    with database.transaction(workspace.id) as session:
        memberships.change(session, workspace.id, workspace.owner_id, "viewer", changed_by=colleague.id, now=NOON)

    assert client.post(again).status_code == 403
    with database.transaction(workspace.id) as session:
        memberships.change(session, workspace.id, workspace.owner_id, "marketer", changed_by=colleague.id, now=NOON)
    assert client.post(again).status_code == 303


def test_a_day_later_it_is_over_and_forgotten(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests, services: Services, clock: FixedClock
) -> None:
    _segment_id, again = deleted(client, database, workspace)
    jobs.sweep_undo(services)
    with database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM undo_steps")) == 1
    clock.advance(undo.KEPT_FOR + timedelta(seconds=1))

    assert client.post(again).status_code == 410
    jobs.sweep_undo(services)
    with database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM undo_steps")) == 0


@pytest.mark.parametrize("number", ["0", "9223372036854775807", "99999999999999999999"])
def test_a_number_nobody_was_given_is_no_crash(client: FlaskClient, number: str) -> None:
    assert client.post(f"/undo/{number}").status_code in (404, 410)


def test_a_revoked_key_works_again_when_that_is_undone(client, app, database, workspace):
    """Revoking stops a shop's program at once; one wrong press had no way back."""
    with database.transaction(workspace.id) as session:
        key, text = api_keys.create(session, workspace.id, name="Shop", staff_id=workspace.owner_id, now=NOON)
    shop = app.test_client()
    asked = {"path": "/api/v1/customers?email=ada%40example.com", "headers": {"Authorization": f"Bearer {text}"}}

    page = client.post(f"/settings/keys/{key.id}/revoke", follow_redirects=True).text
    assert shop.get(**asked).status_code == 401
    client.post(UNDO.search(page)[1])

    # Who is asked for is not known; that the key is, shows in its being said.
    assert shop.get(**asked).status_code == 404
