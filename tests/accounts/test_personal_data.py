"""How far a member reaches into personal data is an owner's to say; what leaves is counted, noted and limited a day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts import audit, memberships, personal_reads, workspaces
from app.accounts.personal_reads import NOTED_EVERY, DailyLimitReached
from app.accounts.sign_in import sessions
from app.accounts.views.sign_in import authentication
from tests.factories import NOON
from tests.factories.accounts import a_member
from tests.factories.customers import a_customer

EXPORT = {"what": "people", "format": "csv", "purpose": "Tax adviser"}


@pytest.fixture
def people(database, workspace):
    with database.transaction(workspace.id) as session:
        named = {"first_name": "Zoe", "last_name": "Quist"}
        return [a_customer(session, workspace.id, f"zoe{number}@x.de", **named) for number in range(3)]


def browser_of(app, services, workspace, personal_data):
    with services.database.transaction(workspace.id) as session:
        member = a_member(session, workspace.id, role="marketer", now=NOON, personal_data=personal_data)
        token = sessions.open_for(session, member.id, workspace_id=workspace.id, now=services.clock.now())
    browser = app.test_client()
    browser.set_cookie(authentication.COOKIE, token)
    return browser


def limit(session, workspace, people):
    workspaces.hold(session, workspace.id).daily_people = people
    session.flush()


def entries(session, workspace, action):
    return [entry.details for entry in audit.list_entries(session, workspace.id) if entry.action == action]


@pytest.mark.parametrize(
    ("reach", "names", "edits", "exports"), [("masked", 0, 403, 403), ("shown", 1, 200, 403), ("exported", 1, 200, 200)]
)
def test_each_reach_opens_what_it_says(app, services, workspace, people, reach, names, edits, exports):
    browser, one = browser_of(app, services, workspace, reach), f"/customers/{people[0].id}"

    for page in ("/customers", one, f"{one}/card", "/search?q=zoe"):
        assert ("Quist" in browser.get(page).text) == bool(names), page
    assert browser.get(f"{one}/edit").status_code == edits
    assert browser.post("/customers/export", data=EXPORT).status_code == exports
    assert ("/customers/export" in browser.get("/customers").text) == (exports == 200)


def test_owners_say_who_sees_what_and_see_everything_themselves(client, database, workspace):
    with database.transaction(workspace.id) as session:
        member = a_member(session, workspace.id, role="marketer", now=NOON)
    url = f"/settings/staff/{member.id}/role"
    assert client.post(url, data={"role": "viewer", "personal_data": "masked"}).status_code == 303
    with database.transaction(workspace.id) as session:
        found = {each.staff_id: each for each in memberships.list_members(session, workspace.id)}[member.id]
        assert (found.role, found.personal_data) == ("viewer", "masked")
        assert entries(session, workspace, "staff.role_changed")[0]["personal_data"] == "masked"
    client.post(url, data={"role": "owner", "personal_data": "masked"})
    with database.transaction(workspace.id) as session:
        found = {each.staff_id: each for each in memberships.list_members(session, workspace.id)}[member.id]
    assert (found.role, found.personal_data) == ("owner", "exported")


def test_an_export_says_what_for_and_how_many_left(client, database, workspace, people):
    assert client.post("/customers/export", data={**EXPORT, "purpose": ""}).status_code == 422
    assert client.post("/customers/export", data=EXPORT).text.count("@x.de") == 3
    with database.transaction(workspace.id) as session:
        assert entries(session, workspace, "personal_data.exported") == [{"people": 3, "purpose": "Tax adviser"}]


def test_no_more_people_leave_than_the_workspace_allows_a_day(client, database, services, workspace, people):
    with database.transaction(workspace.id) as session:
        limit(session, workspace, 4)
    assert client.post("/customers/export", data=EXPORT).status_code == 200
    refused = client.post("/customers/export", data=EXPORT)
    assert (refused.status_code, "more people than the 1 you may still read" in refused.text) == (422, True)
    assert client.get("/customers").status_code == 200
    refused = client.get("/customers")
    assert (refused.status_code, "your workspace allows 4 a day" in refused.text) == (429, True)

    services.clock.advance(timedelta(days=1))
    assert client.get("/customers").status_code == 200


def test_lists_are_told_to_the_audit_log_now_and_then(session, workspace):
    for _ in range(2 * NOTED_EVERY // 50 + 1):
        personal_reads.note(session, workspace.id, workspace.owner_id, 50, now=NOON)

    assert entries(session, workspace, "personal_data.read") == [{"people": NOTED_EVERY}, {"people": NOTED_EVERY}]
    limit(session, workspace, 1000)
    with pytest.raises(DailyLimitReached):
        personal_reads.remaining(session, workspace.id, workspace.owner_id, now=NOON)
