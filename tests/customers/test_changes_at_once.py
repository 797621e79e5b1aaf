"""Two who tell different things about one record at once: what was acknowledged is kept."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import api_keys, workspaces
from app.cadence import policies
from app.customers.models import Customer
from app.customers.profiles import fields, people
from app.kernel.database import Database
from tests.factories import NOON
from tests.factories.customers import a_customer
from tests.factories.waiting_locks import until_somebody_waits
from tests.factories.workspaces import WorkspaceForTests

AT_ONCE = 6
SEEN = re.compile(r'name="seen"[^>]*value="([^"]*)"')


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """Begin all of it in the same moment, each in a thread of its own."""
    start = Barrier(AT_ONCE)

    def one(number: int) -> Any:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def seen(page: str) -> str:
    """What the page's form remembers to have shown."""
    found = SEEN.search(page)
    assert found
    return html.unescape(found[1])


@pytest.mark.parametrize("is_new", [False, True])
def test_acknowledged_updates_of_programs_are_all_kept(
    app: Flask, database: Database, workspace: WorkspaceForTests, is_new: bool
) -> None:
    """Each call sets a field of its own and a tag of its own; all answer yes, so all must be there."""
    with database.transaction(workspace.id) as session:
        for number in range(AT_ONCE):
            fields.create(session, workspace.id, key=f"own{number}", label="Own", kind="number")
        if not is_new:
            a_customer(session, workspace.id, "ada@example.com", tags=["old"])
        _key, secret = api_keys.create(session, workspace.id, name="Shop", staff_id=None, now=NOON)

    def put(turn: int) -> int:
        body = {"email": "ada@example.com", "custom": {f"own{turn}": turn}, "tags": [f"tag{turn}"]}
        headers = {"Authorization": f"Bearer {secret}"}
        return app.test_client().put("/api/v1/customers", json=body, headers=headers).status_code

    for _round in range(3):
        assert set(at_once(put)) <= {200, 201}

    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@example.com")
        assert ada
        assert ada.custom == {f"own{number}": number for number in range(AT_ONCE)}
        assert set(ada.tags) == {f"tag{number}" for number in range(AT_ONCE)} | (set() if is_new else {"old"})
        assert {f"custom.own{number}" for number in range(AT_ONCE)} <= set(ada.provenance)


def test_who_changes_a_person_sees_what_was_changed_while_they_waited(
    database: Database, workspace: WorkspaceForTests
) -> None:
    """A person read before another's change was committed is read anew once the row is held."""
    with database.transaction(workspace.id) as session:
        ada_id = a_customer(session, workspace.id, "ada@example.com").id

    def tag() -> None:
        with database.transaction(workspace.id) as session:
            ada = people.get(session, workspace.id, ada_id)
            change = {"tags": ["second"], "city": "Rome"}
            people.change(session, ada, values_by_name=change, source="api:2", now=NOON, adds_tags=True)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            ada = people.get(session, workspace.id, ada_id)
            people.change(session, ada, values_by_name={"tags": ["first"]}, source="api:1", now=NOON, adds_tags=True)
            waiting = pool.submit(tag)
            until_somebody_waits(database, session)
        waiting.result()

    with database.transaction(workspace.id) as session:
        found = session.get_one(Customer, (workspace.id, ada_id))
        assert (found.tags, found.city) == (["first", "second"], "Rome")


@pytest.mark.parametrize(("name", "value"), [("external_ref", "C-1"), ("email", "new@example.com")])
def test_two_who_give_the_same_number_or_address_are_told(
    app: Flask, database: Database, workspace: WorkspaceForTests, name: str, value: str
) -> None:
    """One of them gets it, the others a sentence at the field, and nobody a crash."""
    with database.transaction(workspace.id) as session:
        ids = [a_customer(session, workspace.id).id for _ in range(AT_ONCE)]
    browsers = [app.test_client() for _ in range(AT_ONCE)]
    for browser in browsers:
        browser.post("/login", data={"email": workspace.owner_email, "password": workspace.password})

    answers = at_once(lambda turn: browsers[turn].post(f"/customers/{ids[turn]}/edit", data={name: value}))
    assert sorted(answer.status_code for answer in answers) == [303] + [422] * (AT_ONCE - 1)
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert "Another customer has this" in refused.text
    # Somebody who comes later is told the same.
    loser = ids[0] if answers[0].status_code == 422 else ids[1]
    late = browsers[0].post(f"/customers/{loser}/edit", data={name: value})
    assert late.status_code == 422


def test_an_edit_writes_only_what_its_author_changed(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    """The page was open while a program told more; saving it undoes nothing of that."""
    with database.transaction(workspace.id) as session:
        fields.create(session, workspace.id, key="size", label="Size", kind="number")
        ada = a_customer(session, workspace.id, "ada@example.com", city="Rome", size="4", tags=["old", "gone"])
    url = f"/customers/{ada.id}/edit"
    posted = {"email": "ada@example.com", "city": "Rome", "custom_size": "4", "tags": "old, mine", "first_name": "Ada"}
    posted["seen"] = seen(client.get(url).text)
    with database.transaction(workspace.id) as session:
        told = {"city": "Paris", "size": "5", "tags": ["theirs"], "last_name": "King"}
        people.upsert(session, workspace.id, email="ada@example.com", fields=told, source="api:1", now=NOON)
    assert client.post(url, data=posted).status_code == 303

    with database.transaction(workspace.id) as session:
        found = people.get(session, workspace.id, ada.id)
        assert (found.first_name, found.last_name, found.city, found.custom) == ("Ada", "King", "Paris", {"size": 5})
        assert found.tags == ["mine", "old", "theirs"]
        assert found.provenance["city"][0] == "api:1"


@pytest.mark.parametrize(
    ("kind", "kept"), [("number", "large"), ("choice", "XL"), ("boolean", "perhaps"), ("date", "soon")]
)
def test_a_value_from_before_its_field_changed_stays_until_somebody_changes_it(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests, kind: str, kept: str
) -> None:
    """Saving another field neither clears it nor refuses the page."""
    with database.transaction(workspace.id) as session:
        old = fields.create(session, workspace.id, key="size", label="Size", kind="text")
        ada = a_customer(session, workspace.id, "ada@example.com", size=kept)
        fields.remove(session, workspace.id, old.id)
        fields.create(session, workspace.id, key="size", label="Size", kind=kind, choices=["S", "M"])
    url = f"/customers/{ada.id}/edit"
    page = client.get(url).text
    assert f'value="{kept}"' in page
    posted = {"email": "ada@example.com", "city": "Oslo", "custom_size": kept, "seen": seen(page)}
    assert client.post(url, data=posted).status_code == 303

    with database.transaction(workspace.id) as session:
        found = people.get(session, workspace.id, ada.id)
        assert (found.city, found.custom) == ("Oslo", {"size": kept})
    assert client.post(url, data={**posted, "custom_size": "nonsense"}).status_code == 422


def test_an_edit_that_was_refused_still_knows_what_it_showed(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@example.com", city="Rome")
    url = f"/customers/{ada.id}/edit"
    posted = {"email": "ada@example.com", "city": "Oslo", "time_zone": "Nowhere", "seen": seen(client.get(url).text)}
    refused = client.post(url, data=posted)
    assert refused.status_code == 422
    assert client.post(url, data={**posted, "time_zone": "Europe/Oslo", "seen": seen(refused.text)}).status_code == 303

    with database.transaction(workspace.id) as session:
        assert people.get(session, workspace.id, ada.id).city == "Oslo"


@pytest.mark.parametrize("forged", ["", "[]", "{", '"x"', "[" * 5000, '{"city": {"a": 1}}'])
def test_what_a_form_says_it_showed_may_be_anything(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests, forged: str
) -> None:
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@example.com", city="Rome")
    answer = client.post(f"/customers/{ada.id}/edit", data={"email": "ada@example.com", "city": "Oslo", "seen": forged})

    assert answer.status_code == 303
    with database.transaction(workspace.id) as session:
        assert people.get(session, workspace.id, ada.id).city == "Oslo"


def test_two_owners_change_different_settings(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    """Each page was opened before the other was saved."""
    page = client.get("/settings").text
    with database.transaction(workspace.id) as session:
        profile = workspaces.profile_of(workspaces.get(session, workspace.id))
    posted = {name: "" if value is None else value for name, value in vars(profile).items()}
    assert client.post("/settings", data={**posted, "name": "First", "seen": seen(page)}).status_code == 303
    assert client.post("/settings", data={**posted, "legal_name": "Second", "seen": seen(page)}).status_code == 303

    with database.transaction(workspace.id) as session:
        found = workspaces.get(session, workspace.id)
        assert (found.name, found.legal_name) == ("First", "Second")


def test_two_owners_change_different_rules_of_frequency(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    days = {"sending_days": [str(day) for day in range(7)], "quiet_from": "21:00", "quiet_until": "08:00"}
    posted = {"has_cap": "y", "cap_limit": "4", "cap_days": "7", "has_quiet": "y"}
    page = client.get("/settings/frequency").text
    shown = {**posted, **days, "seen": seen(page)}
    assert client.post("/settings/frequency", data={**shown, "cap_limit": "2"}).status_code == 303
    assert client.post("/settings/frequency", data={**shown, "quiet_from": "22:00"}).status_code == 303

    with database.transaction(workspace.id) as session:
        policy = policies.get(session, workspace.id)
        assert policy.cap
        assert (policy.cap.limit, policy.hours.quiet_from.hour) == (2, 22)  # type: ignore[union-attr]


def test_the_first_rules_of_frequency_may_be_kept_twice_at_once(
    database: Database, workspace: WorkspaceForTests
) -> None:
    def keep(_turn: int) -> None:
        with database.transaction(workspace.id) as session:
            policies.change(session, workspace.id, policies.DEFAULT)

    at_once(keep)
    with database.transaction(workspace.id) as session:
        assert policies.get(session, workspace.id) == policies.DEFAULT
