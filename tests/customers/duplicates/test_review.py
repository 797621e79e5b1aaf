"""The search for duplicates, and the queue in which staff merge pairs, tell them apart or leave them for later."""

from __future__ import annotations

import importlib.util
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.customers import jobs
from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.duplicates import finding, reviewing
from app.customers.duplicates.models import DuplicatePair
from app.customers.merging import aliases, merge, undoing
from app.customers.merging.merge import Decision
from tests.factories import NOON
from tests.factories.customers import a_customer

PHONE = NewAddress("phone", "+49 30 1234567")


def with_phone(session, workspace, name, **fields):
    person = a_customer(session, workspace.id, f"{name}@example.com", **fields)
    changes.add(session, person, PHONE, source="staff:1", now=NOON)
    return person


@pytest.fixture
def pair(database, workspace):
    """Two of the same name and phone, whose pair waits: its number, and theirs."""
    with database.transaction(workspace.id) as session:
        one = with_phone(session, workspace, "ada", first_name="Ada", last_name="Lovelace", city="Rome")
        other = with_phone(session, workspace, "a", first_name="Ada", last_name="Lovelace", city="Oslo")
        finding.find_hard(session, workspace.id, now=NOON)
        (waiting,) = reviewing.list_waiting(session, workspace.id)
    return waiting.id, one.id, other.id


def survivor(database, workspace, former_id):
    with database.transaction(workspace.id) as session:
        return aliases.current_id(session, workspace.id, former_id)


def test_who_shares_a_phone_is_a_pair_but_not_a_family(session, workspace):
    with_phone(session, workspace, "ada", first_name="Ada", last_name="Lovelace")
    with_phone(session, workspace, "william", first_name="William", last_name="Lovelace")
    with_phone(session, workspace, "a", first_name="ada", last_name="Lovelace")

    assert finding.find_hard(session, workspace.id, now=NOON) == 1
    assert finding.find_hard(session, workspace.id, now=NOON) == 0
    assert [each.one for each in reviewing.list_waiting(session, workspace.id)] == ["Ada Lovelace"]


def test_an_office_phone_tells_nobody_apart(session, workspace):
    for number in range(7):
        with_phone(session, workspace, f"p{number}")

    assert finding.find_hard(session, workspace.id, now=NOON) == 0


def test_who_has_what_was_another_ones_verified_email_is_a_pair(session, workspace):
    ada = a_customer(session, workspace.id, "ada@example.com")
    changes.verify(session, workspace.id, ada.id, ada.address_digest, now=NOON)
    changes.change_email(session, ada, email="ada@new.example", source="staff:1", now=NOON)
    a_customer(session, workspace.id, "ada@example.com")

    assert finding.find_hard(session, workspace.id, now=NOON) == 1


def test_what_a_shop_calls_one_and_we_another_is_a_pair(session, workspace):
    one = a_customer(session, workspace.id, last_name="Byron", external_ref="4711")
    other = a_customer(session, workspace.id, last_name="byron")
    row = {"w": workspace.id, "c": other.id, "now": NOON}
    insertion = "INSERT INTO shop_records (workspace_id, connection_id, kind, external_id, row_id, told_at)"
    session.execute(text(f"{insertion} VALUES (:w, 1, 'customer', '4711', :c, :now)"), row)

    assert finding.find_hard(session, workspace.id, now=NOON) == 1
    assert one.id < other.id


def test_staff_merge_a_pair_and_take_it_back(client, database, workspace, pair):
    pair_id, one, other = pair
    shown = client.get("/customers/duplicates").text
    assert "Oslo" in shown
    assert "Phone: the same" in shown
    done = client.post(f"/customers/duplicates/{pair_id}", data={"decision": "merge", "survivor": str(other)})

    assert done.status_code == 303
    assert survivor(database, workspace, one) == other
    assert "Nothing to review" in client.get("/customers/duplicates").text


def test_who_is_not_the_same_is_remembered_and_later_comes_again(client, database, workspace, pair):
    pair_id, *_ = pair
    client.post(f"/customers/duplicates/{pair_id}", data={"decision": "later"})
    assert "Oslo" in client.get("/customers/duplicates?state=later").text
    client.post(f"/customers/duplicates/{pair_id}", data={"decision": "distinct"})
    with database.transaction(workspace.id) as session:
        finding.find_hard(session, workspace.id, now=NOON)
        assert reviewing.list_waiting(session, workspace.id) == []
        reviewing.restore(
            session, workspace.id, {"pair_id": pair_id, "state": "open"}, staff_id=workspace.owner_id, now=NOON
        )
        assert reviewing.count_open(session, workspace.id) == 1


def test_nobody_is_merged_unasked_unless_an_owner_says_so(services, client, workspace, pair):
    _, one, other = pair
    jobs.find_duplicates_of(services, workspace_id=workspace.id)
    assert survivor(services.database, workspace, other) == other

    client.post("/customers/duplicates/rule", data={"merged_from": "0.97"})
    jobs.find_duplicates_of(services, workspace_id=workspace.id)
    assert survivor(services.database, workspace, other) == one


def test_home_says_how_many_wait(client, pair):
    assert "may be one person" in client.get("/").text


@pytest.mark.skipif(importlib.util.find_spec("splink") is None, reason="record linkage is an extra")
def test_linkage_finds_who_only_looks_alike(session, workspace):
    values = {"last_name": "Lovelace", "birth_date": "1985-12-10", "city": "London"}
    for email, first in (("ada.lovelace@example.com", "Ada"), ("ada.lovelace@mail.example", "Ada")):
        a_customer(session, workspace.id, email, first_name=first, **values)
    for number in range(20):
        a_customer(session, workspace.id, first_name=f"Name{number}", last_name=f"Other{number}")
    pairs = finding.linkage.find_pairs(finding.read_people(session, workspace.id), least=finding.LEAST_LINKED)

    assert finding.keep_soft(session, workspace.id, pairs, now=NOON) == 1
    assert reviewing.list_waiting(session, workspace.id)[0].kind == "soft"


def test_what_staff_take_back_no_program_merges_again(database, workspace, pair):
    pair_id, _one, other = pair
    with database.transaction(workspace.id) as session:
        reviewing.set_merged_from(session, workspace.id, Decimal("0.9"), staff_id=workspace.owner_id, now=NOON)
        assert reviewing.merge_unasked(session, workspace.id, pair_id, now=NOON)
        made = undoing.merges_of(session, workspace.id, aliases.current_id(session, workspace.id, other))[0]
        undoing.take_back(session, workspace.id, made.id, staff_id=workspace.owner_id, now=NOON)

    with database.transaction(workspace.id) as session:
        assert reviewing.list_certain(session, workspace.id) == []
        assert not reviewing.merge_unasked(session, workspace.id, pair_id, now=NOON)
        assert [each.id for each in reviewing.list_waiting(session, workspace.id, state="later")] == [pair_id]


def test_whom_staff_told_apart_from_one_they_told_apart_from_both(session, workspace):
    ada, bob, eve = (a_customer(session, workspace.id) for _ in range(3))
    for one, other, state in ((ada, eve, "open"), (bob, eve, "distinct")):
        session.add(DuplicatePair(workspace_id=workspace.id, one_id=one.id, other_id=other.id, probability=1,
                                  kind="hard", evidence={}, state=state, found_at=NOON))  # fmt: skip
    session.flush()
    merge.merge(session, workspace.id, Decision(ada.id, bob.id), now=NOON)

    session.expire_all()
    assert [(each.one_id, each.other_id, each.state) for each in session.query(DuplicatePair)] == [
        (ada.id, eve.id, "distinct")
    ]
