"""Several rows of one person: the person chooses what they come to, and is told whom it concerns, with both rows."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select

from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.imports import running, steps
from app.customers.imports.occurrences import Occurrences
from app.customers.imports.previewing import checking
from app.customers.models import Customer
from app.kernel.clock import FixedClock
from tests.factories import NOON
from tests.factories.customers import a_customer, an_uploaded_file, outcome_of
from tests.factories.workspaces import a_workspace

HEAD = "email,first_name,city,tags\n"
TWICE = HEAD + "ada@example.com,Ada,London,a\nbob@example.com,Bob,,\nADA@example.com,Augusta,,b\n"
APART = [1, 2, 1000]


def looked_through(database, workspace_id, content, *, rows=1000, **options):
    """The preview of a file, then the import of it."""
    import_id = an_uploaded_file(database, workspace_id, content, **options)
    with database.transaction(workspace_id) as session:
        found = steps.get(session, workspace_id, import_id)
        found.state = "mapped"
        steps.check(session, found)
    checking.check(database, FixedClock(NOON), workspace_id, import_id, rows=rows)
    with database.transaction(workspace_id) as session:
        steps.start(session, steps.get(session, workspace_id, import_id))
    running.run(database, FixedClock(NOON), workspace_id, import_id, rows=rows)
    return outcome_of(database, workspace_id, import_id)


def known(database, workspace_id):
    with database.transaction(workspace_id) as session:
        return {c.email_key: (c.first_name, c.city, c.tags) for c in session.scalars(select(Customer))}


@pytest.mark.parametrize("rows", APART)
def test_a_second_row_that_renames_somebody_is_told_with_both_rows(database, workspace, rows):
    """Whether the two stand in one batch or in two; a name is compared where they stand together."""
    done = looked_through(database, workspace.id, TWICE, rows=rows)

    differs = [["first_name", "Ada", "Augusta"]] if rows == 1000 else []
    assert done.repeats == done.rehearsal["repeats"] == [[4, 2, "ADA@example.com", differs]]
    assert done.counts == done.rehearsal["counts"] == {"created": 2, "repeated": 1}


@pytest.mark.parametrize("rows", APART)
@pytest.mark.parametrize(
    ("repeats", "ada"),
    [
        ("merge", ("Augusta", "London", ["a", "b"])),
        ("first", ("Ada", "London", ["a"])),
        ("last", ("Augusta", None, ["b"])),
    ],
)
def test_the_chosen_row_counts_however_far_apart_they_are(database, workspace, rows, repeats, ada):
    done = looked_through(database, workspace.id, TWICE, rows=rows, repeats=repeats)

    assert known(database, workspace.id)["ada@example.com"] == ada
    assert done.counts == done.rehearsal["counts"] == {"created": 2, "repeated": 1}


@pytest.mark.parametrize("rows", [1, 2, 1000])
@pytest.mark.parametrize(
    ("repeats", "ada"),
    [
        ("merge", ("Augusta", "London", ["a", "b", "old"])),
        ("first", ("Ada", "London", ["a", "old"])),
        ("last", ("Augusta", "Old", ["b", "old"])),
    ],
)
def test_rows_that_name_somebody_by_two_emails_are_rows_of_one_person(database, workspace, repeats, ada, rows):
    """The file's choice counts as for rows of the same email, and each row is told."""
    with database.transaction(workspace.id) as session:
        known_one = a_customer(session, workspace.id, "ada@example.com", city="Old", tags=["old"])
        other = NewAddress(kind="email", value="work@example.com")
        changes.add(session, known_one, other, source="test", now=NOON)
    content = HEAD + "ada@example.com,Ada,London,a\nbob@example.com,Bob,,\nWORK@example.com,Augusta,,b\n"
    done = looked_through(database, workspace.id, content, rows=rows, repeats=repeats)

    assert known(database, workspace.id)["ada@example.com"] == ada
    # What rows far apart say is not compared.
    differs = [["first_name", "Ada", "Augusta"]] if rows == 1000 else []
    assert done.repeats == done.rehearsal["repeats"] == [[4, 2, "WORK@example.com", differs]]
    assert (done.counts["created"], done.counts["repeated"], done.counts.get("refused")) == (1, 1, None)
    if rows == 1000:
        assert done.counts == done.rehearsal["counts"] == {"created": 1, "updated": 1, "repeated": 1}


@pytest.mark.parametrize("clears_empty", [False, True])
@pytest.mark.parametrize("repeats", ["merge", "first", "last"])
def test_the_size_of_a_batch_changes_nothing(database, repeats, clears_empty):
    """Also where an import was killed and went on."""
    chance = random.Random(f"{repeats} {clears_empty}")
    people = [f"p{n}@example.com" for n in range(4)]
    lines = [f"{chance.choice(people)},{chance.choice(('', 'A', 'B'))},{chance.choice(('', 'X'))}," for _ in range(14)]
    found = []
    for rows in (3, 1000):
        workspace_id = a_workspace(database, name="Sizes", now=NOON).id
        with database.transaction(workspace_id) as session:
            old = a_customer(session, workspace_id, people[0], first_name="Old", city="Town")
            second = NewAddress(kind="email", value=people[1])
            changes.add(session, old, second, source="test", now=NOON)
        options = {"repeats": repeats, "clears_empty": clears_empty}
        done = looked_through(database, workspace_id, HEAD + "\n".join(lines), rows=rows, **options)
        found.append((known(database, workspace_id), {name: done.counts.get(name) for name in ("created", "repeated")}))

    assert found[0] == found[1]


class _Killed(Exception):
    """What a test raises where a process would have died."""


class _Clock(FixedClock):
    """Dies when it is asked for the time of the third row, in the middle of the transaction that writes it."""

    asked = 0

    def now(self):
        self.asked += 1
        if self.asked == 4:
            raise _Killed
        return super().now()


def test_a_killed_import_still_knows_whom_it_met(database, workspace):
    import_id = an_uploaded_file(database, workspace.id, TWICE, repeats="first")
    with pytest.raises(_Killed):
        running.run(database, _Clock(NOON), workspace.id, import_id, rows=1)
    running.run(database, FixedClock(NOON), workspace.id, import_id, rows=1)

    assert known(database, workspace.id)["ada@example.com"] == ("Ada", "London", ["a"])
    assert outcome_of(database, workspace.id, import_id).counts == {"created": 2, "repeated": 1}


def test_rows_that_would_give_somebody_too_many_tags_come_back(database, workspace):
    """Whether the tags come together in the file or with those known; nobody ends up with more than can be edited."""
    first, second = (";".join(f"{name}{n}" for n in range(30)) for name in "ab")
    content = f"email,tags\nada@example.com,{first}\nada@example.com,{second}\nbob@example.com,{first}\n"
    one = looked_through(database, workspace.id, content)
    other = looked_through(database, workspace.id, f"email,tags\nbob@example.com,{second}\n")

    assert (one.counts, other.counts) == ({"created": 2, "refused": 1}, {"refused": 1})
    assert all(len(tags) == 30 for _, _, tags in known(database, workspace.id).values())


def test_whoever_is_met_is_remembered_by_the_first_row():
    met, plain = Occurrences(), {}
    chance = random.Random(7)
    for row in range(1, 30_000):
        who = f"p{chance.randrange(15_000)}"
        assert met.first(who, row) == plain.setdefault(who, row)
    met.note("p1", 99)

    assert (met.find("p1"), met.find("nobody")) == (99, None)
