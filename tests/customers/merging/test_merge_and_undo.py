"""Two customers become one, and two again: every row moves, and every row comes back."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.consent.ledger import verification
from app.customers.addresses import changes, queries
from app.customers.merging import aliases, merge, undoing
from app.customers.merging.merge import Decision
from app.customers.profiles import engagement, fields, people
from app.customers.profiles.fields import FieldDraft
from app.kernel.refusals import NotFound
from tests.factories import NOON
from tests.factories.customers import a_customer
from tests.factories.people.known_people import a_known_person, contents

# What an undo only adds to; marks say whom a job is to look at.
ADDED_TO = ("consent_ledger", "consent_heads", "audit_entries", "consent_evidence", "life_cycle_marks")


@pytest.fixture
def two(session, workspace):
    return a_known_person(session, workspace, 1), a_known_person(session, workspace, 2)


def join(session, one, other, **choices):
    return merge.merge(session, one.workspace_id, Decision(one.id, other.id, choices=choices), now=NOON)


def test_a_merge_and_its_undo_leave_every_table_as_it_was(session, workspace, two):
    before = contents(session, workspace.id, without=ADDED_TO)
    made = join(session, *two)
    after = contents(session, workspace.id, without=ADDED_TO)
    undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)

    assert after != before
    assert contents(session, workspace.id, without=ADDED_TO) == before
    assert verification.check(session, workspace.id) == []


def test_nothing_of_the_former_one_is_left_behind_but_what_says_so(session, workspace, two):
    one, other = two
    join(session, one, other)
    left = {
        table
        for table, rows in contents(session, workspace.id, without=("life_cycle_marks",)).items()
        if any(f'"customer_id": {other.id},' in row or f'"related_id": {other.id},' in row for row in rows)
    }

    assert left == {"consent_ledger", "messages", "merge_changes"}
    assert aliases.all_ids(session, workspace.id, one.id) == [one.id, other.id]
    assert verification.check(session, workspace.id) == []


def test_every_row_is_the_survivors(session, workspace, two):
    one, other = two
    tables = ("orders", "order_lines", "activities", "enrolments", "addresses", "messages", "organisation_members")
    join(session, one, other)
    counts = {
        table: session.scalar(text(f"SELECT count(*) FROM {table} WHERE customer_id = :c"), {"c": one.id})
        for table in tables
    }

    assert list(counts.values()) == [2, 2, 2, 2, 4, 3, 2]
    assert engagement.get(session, workspace.id, one.id).orders == 2
    kept = people.get(session, workspace.id, one.id)
    assert (kept.first_name, kept.city, kept.tags) == ("First1", "City1", ["t1", "t2"])
    assert people.find_by_email(session, workspace.id, "person2@example.com").id == one.id
    assert people.find_by_ref(session, workspace.id, "C-2").id == one.id


def test_what_staff_choose_stays(session, workspace, two):
    one, other = two
    made = join(session, one, other, city="former", email="former", external_ref="former")
    kept = people.get(session, workspace.id, one.id)

    assert (kept.city, kept.first_name, kept.email) == ("City2", "First1", "person2@example.com")
    assert people.find_by_ref(session, workspace.id, "C-1").id == one.id
    undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)
    assert people.get(session, workspace.id, one.id).email == "person1@example.com"


def test_an_empty_value_gives_way(session, workspace):
    bare, full = a_customer(session, workspace.id), a_customer(session, workspace.id, city="Rome")
    join(session, bare, full)

    assert people.get(session, workspace.id, bare.id).city == "Rome"


def test_merges_are_refused_where_they_make_no_sense(session, workspace, two):
    one, other = two
    third = a_customer(session, workspace.id)
    with pytest.raises(merge.SamePerson):
        join(session, one, one)
    first = join(session, one, other)
    with pytest.raises(merge.MergedAlready):
        join(session, third, other)
    with pytest.raises(NotFound):
        merge.merge(session, workspace.id, Decision(one.id, 2**40), now=NOON)
    second = join(session, third, one)

    assert aliases.all_ids(session, workspace.id, third.id) == [third.id, one.id, other.id] or set(
        aliases.all_ids(session, workspace.id, third.id)
    ) == {third.id, one.id, other.id}
    with pytest.raises(undoing.UndoLaterFirst):
        undoing.take_back(session, workspace.id, first.id, staff_id=None, now=NOON)
    undoing.take_back(session, workspace.id, second.id, staff_id=None, now=NOON)
    undoing.take_back(session, workspace.id, first.id, staff_id=None, now=NOON)
    assert aliases.former_ids(session, workspace.id, one.id) == []


def test_fields_that_point_to_the_former_one_point_to_the_survivor(session, workspace):
    fields.add(session, workspace.id, "adviser", FieldDraft("Adviser", "reference", refers_to="customer"))
    one, other, third = (a_customer(session, workspace.id, f"{name}@example.com") for name in ("ada", "bob", "eve"))
    told = {"adviser": "bob@example.com"}
    people.change(session, third, values_by_name=told, source="staff:1", now=NOON)
    made = join(session, one, other)
    assert people.get(session, workspace.id, third.id).custom["adviser"] == one.id
    both = undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)

    assert people.get(session, workspace.id, third.id).custom["adviser"] == both[1]


@pytest.mark.parametrize("gone", ["customer_lists", "segments", "organisations", "households", "journeys"])
def test_what_is_gone_since_does_not_keep_them_one(session, workspace, two, gone):
    one, other = two
    made = join(session, one, other)
    session.execute(text(f"DELETE FROM {gone} WHERE workspace_id = :w"), {"w": workspace.id})
    both = undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)

    assert both == (one.id, other.id)
    assert people.get(session, workspace.id, other.id).email == "person2@example.com"


@pytest.mark.parametrize("email", ["person1@example.com", "person2@example.com"])
def test_an_address_that_ended_since_stays_ended(session, workspace, two, email):
    one, other = two
    made = join(session, one, other)
    survivor = people.get(session, workspace.id, one.id)
    found = changes.find(session, survivor, queries.EMAIL, email)
    changes.end(session, survivor, found.id, staff_id=None, source="staff:1", now=NOON)
    undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)
    reached = [people.get(session, workspace.id, each.id).email for each in two]

    assert email not in reached
    assert len([each for each in reached if each]) == 1


def test_an_undo_that_could_not_bring_the_former_one_back_is_refused(session, workspace, two):
    """Their number was given away since: all stays as it is."""
    one, other = two
    made = join(session, one, other)
    people.change(session, people.get(session, workspace.id, one.id), values_by_name={"external_ref": "C-2"},
                  source="staff:1", now=NOON)  # fmt: skip
    session.flush()
    with pytest.raises(undoing.CannotUndo):
        undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)

    assert [each.id for each in undoing.merges_of(session, workspace.id, one.id)] == [made.id]
    assert aliases.current_id(session, workspace.id, other.id) == one.id
