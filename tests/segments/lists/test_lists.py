"""A list holds whom somebody put on it, knows who and when, and gives back whom one took off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts import undo
from app.customers.models import Customer
from app.kernel.refusals import NotFound
from app.segments import jobs, segments
from app.segments.lists import adding, lists
from app.segments.lists.adding import HAND, NothingPasted, Origin, TooMuchPasted
from app.segments.models import CustomerList, ListMember
from app.segments.segments import SegmentChange
from tests.factories.conditions import Is, OnList
from tests.factories.customers import a_customer, import_file
from tests.factories.segments import NOON


@pytest.fixture
def guests(session, workspace):
    return lists.create(session, workspace.id, "Guests", staff_id=workspace.owner_id, now=NOON)


def members(session, guests):
    found = session.query(ListMember).filter_by(workspace_id=guests.workspace_id, list_id=guests.id)
    return {row.customer_id: (row.source, row.source_id, row.added_by, row.added_at) for row in found}


def put(session, workspace, guests, *people, now=NOON):
    ids = [each.id for each in people]
    return adding.add(session, workspace.id, guests.id, ids, Origin(HAND), staff_id=workspace.owner_id, now=now)


def test_it_is_asked_for_by_a_condition(session, workspace, guests):
    ada, bob = a_customer(session, workspace.id), a_customer(session, workspace.id)
    put(session, workspace, guests, ada)
    found = session.scalars(segments.matches_query(session, workspace.id, OnList(guests.id), now=NOON)).all()

    assert found == [ada.id]
    assert bob.id not in found


def test_who_was_added_first_stays_as_they_came(session, workspace, guests):
    ada = a_customer(session, workspace.id)
    assert put(session, workspace, guests, ada) == 1
    assert put(session, workspace, guests, ada, now=NOON + timedelta(days=1)) == 0

    assert members(session, guests) == {ada.id: ("hand", None, workspace.owner_id, NOON)}


def test_a_paste_says_whom_it_did_not_find(session, workspace, guests):
    ada = a_customer(session, workspace.id, email="ada@example.com")
    bob = a_customer(session, workspace.id, email="bob@example.com", external_ref="K-7")
    put(session, workspace, guests, bob)
    text = 'ADA@example.com; ada@example.com,\nK-7\n nobody@example.com \n"Ada" <ada@example.com>\0'
    done = adding.add_pasted(session, workspace.id, guests.id, text, staff_id=workspace.owner_id, now=NOON)

    assert (done.added, done.known, done.not_found) == (1, 1, ("nobody@example.com", "Ada"))
    assert members(session, guests)[ada.id][0] == "paste"


@pytest.mark.parametrize(
    ("text", "refusal"), [(" \n,;", NothingPasted), ("\n".join(map(str, range(10_001))), TooMuchPasted)]
)
def test_an_odd_paste_is_refused_in_words(session, workspace, guests, text, refusal):
    with pytest.raises(refusal):
        adding.add_pasted(session, workspace.id, guests.id, text, staff_id=None, now=NOON)


def test_a_snapshot_of_a_segment_does_not_follow_it(session, workspace, guests):
    ada = a_customer(session, workspace.id, city="Rome")
    change = SegmentChange("Romans", Is("city", "Rome"))
    rome = segments.save(session, workspace.id, change, staff_id=None, now=NOON)
    assert adding.add_segment(session, workspace.id, guests.id, rome.id, staff_id=None, now=NOON) == 1
    a_customer(session, workspace.id, city="Rome")

    assert members(session, guests) == {ada.id: ("segment", rome.id, None, NOON)}


def test_an_import_brings_whom_it_added_and_changed(database, workspace):
    with database.transaction(workspace.id) as session:
        bob = a_customer(session, workspace.id, email="bob@example.com", first_name="B").id
        carl = a_customer(session, workspace.id, email="carl@example.com", first_name="C").id
        guests = lists.create(session, workspace.id, "Guests", staff_id=None, now=NOON)
    lines = "email,first_name\nada@example.com,Ada\nbob@example.com,Bob\ncarl@example.com,C\n"
    done = import_file(database, workspace.id, lines)
    with database.transaction(workspace.id) as session:
        assert adding.add_import(session, workspace.id, guests.id, done.id, staff_id=None, now=NOON) == 2
        added = set(members(session, guests))
        assert bob in added
        assert carl not in added
        with pytest.raises(NotFound):
            adding.add_import(session, workspace.id, guests.id, 10**9, staff_id=None, now=NOON)


def test_taken_off_they_come_back_as_they_were_on_it(session, workspace, guests):
    ada, bob = a_customer(session, workspace.id), a_customer(session, workspace.id)
    put(session, workspace, guests, ada, bob)
    before = members(session, guests)
    again = adding.remove(
        session, workspace.id, guests.id, [ada.id, bob.id], staff_id=workspace.owner_id, now=NOON + timedelta(hours=1)
    )
    assert members(session, guests) == {}
    session.delete(session.get_one(Customer, (workspace.id, bob.id)))
    session.flush()
    opposite, values = undo.take(
        session, workspace.id, again.values["step_id"], staff_id=workspace.owner_id, now=NOON + timedelta(hours=2)
    )
    opposite.restore(session, workspace.id, values, staff_id=workspace.owner_id, now=NOON)

    assert members(session, guests) == {ada.id: before[ada.id]}


def test_a_deleted_list_comes_back_whole_or_goes_for_good(services, database, workspace, clock):
    with database.transaction(workspace.id) as session:
        guests = lists.create(session, workspace.id, "Guests", staff_id=None, now=NOON)
        put(session, workspace, guests, a_customer(session, workspace.id))
        list_id = guests.id
        lists.remove(session, workspace.id, list_id, staff_id=workspace.owner_id, now=NOON)
        with pytest.raises(NotFound):
            lists.get(session, workspace.id, list_id)
    with database.transaction(workspace.id) as session:
        lists.restore(session, workspace.id, {"id": list_id}, staff_id=workspace.owner_id, now=NOON)
        assert lists.count(session, workspace.id, list_id) == 1
        lists.remove(session, workspace.id, list_id, staff_id=workspace.owner_id, now=NOON)
    clock.advance(timedelta(days=2))
    jobs.delete_expired(services)
    with database.transaction(workspace.id) as session:
        assert session.get(CustomerList, (workspace.id, list_id)) is None


def test_a_deleted_list_does_not_take_back_a_name_that_is_taken(session, workspace, guests):
    lists.remove(session, workspace.id, guests.id, staff_id=workspace.owner_id, now=NOON)
    lists.create(session, workspace.id, "Guests", staff_id=None, now=NOON)

    with pytest.raises(lists.ListNameTaken):
        lists.restore(session, workspace.id, {"id": guests.id}, staff_id=workspace.owner_id, now=NOON)


def test_its_pages_add_take_off_and_say_what_is_wrong(client, database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, email="ada@example.com", first_name="Ada").id
    assert client.post("/segments/lists", data={"name": " "}).status_code == 422
    made = client.post("/segments/lists", data={"name": "Guests"})
    there = made.headers["Location"]
    twice = client.post("/segments/lists", data={"name": "Guests"})
    assert twice.status_code == 409
    assert "There is a list with this name already." in twice.text

    pasted = client.post(f"{there}/paste", data={"addresses": "ada@example.com\nnobody@example.com"})
    assert "1 person added." in pasted.text
    assert "nobody@example.com" in pasted.text
    assert client.post(f"{there}/paste", data={"addresses": ""}).status_code == 422
    assert "Guests" in client.get(f"/customers/{ada}").text

    client.post(f"{there}/remove", data={"customer_id": ada, "back_to": ada})
    assert "Nobody yet" in client.get(there).text
    added = client.post(f"/customers/{ada}/lists", data={"list_id": there.rpartition("/")[2]})
    assert added.headers["Location"].endswith(f"/customers/{ada}")
    assert "Ada" in client.get(there).text

    saved = client.post("/segments/save", data={"name": "On it", "r-match": "all", "r.0-what": "list",
                                               "r.0-op": "on_list", "r.0-list": there.rpartition("/")[2]})  # fmt: skip
    assert saved.status_code == 303
    assert client.post(f"{there}/delete").status_code == 409
    snapshot = client.post(f"{saved.headers['Location']}/snapshot", data={"name": "Kept"})
    assert "1 person is on this list." in client.get(snapshot.headers["Location"]).text
