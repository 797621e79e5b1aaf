"""A file of relations: people to one another, to organisations and to households; refused by row, undone, exported."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.customers.exporting import belonging
from app.customers.exporting.formats import FORMATS
from app.customers.imports.models import Import
from app.customers.organisations import members, organisations
from app.customers.profiles import people
from app.customers.relations import households
from app.kernel.database import Database
from tests.customers.imports.test_import_repeats import looked_through
from tests.factories import NOON
from tests.factories.customers import a_customer, an_organisation, import_file, undo_import
from tests.factories.workspaces import WorkspaceForTests

LATER = NOON + timedelta(hours=1)
HEAD = "email,customer number,relation,related email,related id,organisation,position,roles,since,until,household\n"
FILE = HEAD + (
    "ada@x.org,,child,bob@x.org,,,,,,,\n"
    ",2,colleague,,3,,,,,,\n"
    "ada@x.org,,,,,Works,Engineer,decision maker; user,2020-01-01,,Home 1\n"
    "bob@x.org,,,,,1,,,,,Home 1\n"
)
TABLES = ("customer_relations", "organisation_members", "household_members", "households")


@pytest.fixture(autouse=True)
def folk(database: Database, workspace: WorkspaceForTests) -> None:
    with database.transaction(workspace.id) as session:
        for number, name in enumerate(("ada", "bob", "cy", "dee"), start=1):
            a_customer(session, workspace.id, f"{name}@x.org", external_ref=str(number), first_name=name)
        an_organisation(session, workspace.id, "Works", external_ref="1")


def tables(database: Database, workspace_id: int) -> list[Any]:
    with database.transaction(workspace_id) as session:
        return [
            sorted(map(str, session.execute(text(statement), {"w": workspace_id})))
            for statement in (f"SELECT * FROM {name} WHERE workspace_id = :w" for name in TABLES)
        ]


def said(database: Database, workspace_id: int) -> set[tuple[Any, ...]]:
    """Who is what to whom, who is where as what, and who lives together, without numbers."""
    rows = list(belonging.relation_rows(database, workspace_id, 0, NOON))[1:]
    return {tuple(row[:1] + row[2:]) for row in rows}


def taken(database: Database, workspace: WorkspaceForTests, content: str, **options: Any) -> Import:
    found: Import = looked_through(database, workspace.id, content, kind="relations", **options)
    assert found.counts == found.rehearsal["counts"]
    return found


def refused(found: Import) -> list[tuple[int, str]]:
    return [(each["row"], each["reason"]) for each in found.rehearsal["errors"]]


def test_a_file_says_who_is_what_to_whom_where_they_work_and_who_lives_together(
    database: Database, workspace: WorkspaceForTests
) -> None:
    assert taken(database, workspace, FILE).counts == {"created": 4}
    assert said(database, workspace.id) == {
        ("bob@x.org", "parent", "ada@x.org", "1", "", "", "", "", "", ""),
        ("bob@x.org", "colleague", "cy@x.org", "3", "", "", "", "", "", ""),
        ("ada@x.org", "", "", "", "1", "Engineer", "user, decider", "2020-01-01", "", ""),
        ("bob@x.org", "", "", "", "1", "", "", "", "", ""),
        *((who, *[""] * 8, "Home 1") for who in ("ada@x.org", "bob@x.org")),
    }
    before = tables(database, workspace.id)
    assert taken(database, workspace, FILE).counts == {"unchanged": 4}
    assert tables(database, workspace.id) == before


def test_bad_rows_are_refused_and_the_others_go_on(database: Database, workspace: WorkspaceForTests) -> None:
    rows = (
        "ada@x.org,,parent,bob@x.org,,,,,,,\nbob@x.org,,parent,cy@x.org,,,,,,,\ncy@x.org,,parent,ada@x.org,,,,,,,\n"
        "dee@x.org,,friend,dee@x.org,,,,,,,\nnew@x.org,,friend,ada@x.org,,,,,,,\nada@x.org,,friend,new@x.org,,,,,,,\n"
        "ada@x.org,2,friend,cy@x.org,,,,,,,\nada@x.org,,nemesis,cy@x.org,,,,,,,\nada@x.org,,,cy@x.org,,,,,,,\n"
        "ada@x.org,,,,,Nowhere,,,,,\nada@x.org,,,,,Works,,boss,,,\nada@x.org,,,,,Works,,,2022-01-01,2021-01-01,\n"
        "cy@x.org,,,,,,,,,,H1\ncy@x.org,,,,,,,,,,H2\nada@x.org,,,,,,,,,,\n,,friend,cy@x.org,,,,,,,\n"
        "dee@x.org,,referred by,ada@x.org,,,,,,,\ndee@x.org,,referred by,bob@x.org,,,,,,,\n"
    )
    done = taken(database, workspace, HEAD + rows)

    assert refused(done) == [
        *((row, "relation_circle") for row in (2, 3, 4)),
        *((5, "relation_self"), (6, "unknown"), (7, "unknown"), (8, "two_people"), (9, "relation"), (10, "relation")),
        *((11, "organisation_unknown"), (12, "buying_roles"), (13, "member_dates"), (14, "household_twice")),
        *((15, "household_twice"), (16, "relation_nothing"), (17, "nobody")),
        (18 if (18, "relation_referred") in refused(done) else 19, "relation_referred"),
    ]
    assert done.counts["created"] == 1


def test_an_undo_leaves_the_tables_as_they_were(database: Database, workspace: WorkspaceForTests) -> None:
    with database.transaction(workspace.id) as session:
        other = an_organisation(session, workspace.id, "Elsewhere", external_ref="2")
        ada, bob = (people.find_by_email(session, workspace.id, f"{name}@x.org") for name in ("ada", "bob"))
        assert ada
        assert bob
        members.put(session, ada, other.id, {"position": "Clerk", "buying_roles": ["user"]}, now=NOON)
        households.put_together(session, workspace.id, [ada], name="Old home", now=NOON)
    before = tables(database, workspace.id)
    content = FILE + "ada@x.org,,,,,2,Head,buyer,,2024-01-01,\n"
    done = import_file(database, workspace.id, content, kind="relations", now=LATER)
    assert done.counts == {"created": 3, "updated": 2}

    undone = undo_import(database, workspace.id, done.id, now=LATER)
    assert tables(database, workspace.id) == before
    assert undone.undo["counts"]["restored"] == 2


def test_what_was_said_by_hand_since_stays(database: Database, workspace: WorkspaceForTests) -> None:
    done = import_file(database, workspace.id, FILE, kind="relations", now=LATER)
    with database.transaction(workspace.id) as session:
        ada = people.find_by_email(session, workspace.id, "ada@x.org")
        works = organisations.find_by_ref(session, workspace.id, "1")
        assert ada
        assert works
        members.put(session, ada, works.id, {"position": "Boss"}, now=LATER)
    undo_import(database, workspace.id, done.id, now=LATER)

    boss = ("ada@x.org", "", "", "", "1", "Boss", "user, decider", "2020-01-01", "", "")
    assert said(database, workspace.id) == {boss}


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_exported_comes_back_alike(database: Database, workspace: WorkspaceForTests, form: str) -> None:
    taken(database, workspace, FILE)
    before = said(database, workspace.id)
    content = b"".join(FORMATS[form].write(belonging.relation_rows(database, workspace.id, 0, NOON)))
    assert import_file(database, workspace.id, content, kind="relations").counts == {"unchanged": 6}
    with database.transaction(workspace.id) as session:
        for name in TABLES:
            session.execute(text(f"DELETE FROM {name} WHERE workspace_id = :w"), {"w": workspace.id})

    assert import_file(database, workspace.id, content, kind="relations").counts == {"created": 6}
    assert said(database, workspace.id) == before


def test_what_several_rows_say_of_one_membership_is_taken_together(
    database: Database, workspace: WorkspaceForTests
) -> None:
    content = HEAD + (
        "ada@x.org,,child,bob@x.org,,Works,,,2020-01-01,,\n"
        "ada@x.org,,friend,cy@x.org,,Works,Engineer,,,,\n"
        "ada@x.org,,friend,dee@x.org,,1,Director,buyer,,2021-01-01,\n"
    )
    taken(database, workspace, content)
    statement = text(
        "SELECT position, buying_roles, CAST(since AS text), CAST(until AS text), is_primary FROM organisation_members"
    )
    with database.transaction(workspace.id) as session:
        assert session.execute(statement).all() == [("Director", ["buyer"], "2020-01-01", "2021-01-01", False)]

    changed = HEAD + (
        "ada@x.org,,child,bob@x.org,,Works,,user,,,\n"
        "ada@x.org,,friend,cy@x.org,,Works,Owner,,,,\n"
    )
    taken(database, workspace, changed)
    with database.transaction(workspace.id) as session:
        assert session.execute(statement).all() == [("Owner", ["user"], "2020-01-01", "2021-01-01", False)]


def test_rows_about_the_same_people_fill_no_household_and_no_list_of_organisations(
    database: Database, workspace: WorkspaceForTests
) -> None:
    lines = []
    with database.transaction(workspace.id) as session:
        for number in range(30):
            a_customer(session, workspace.id, f"m{number}@x.org")
            lines += [f"m{number}@x.org,,friend,{name}@x.org,,Works,,,,,Home\n" for name in ("ada", "bob")]
    assert taken(database, workspace, HEAD + "".join(lines)).counts == {"created": 60}


def test_days_at_an_organisation_are_compared_as_they_will_be(database: Database, workspace: WorkspaceForTests) -> None:
    """Where a file only fills what is empty, what is known of the first or last day stays."""
    head = "email,organisation,since,until\n"
    known = head + "ada@x.org,Works,2021-01-01,\nbob@x.org,Works,2020-01-01,\n"
    taken(database, workspace, known)
    content = head + "ada@x.org,Works,2019-01-01,2020-01-01\nbob@x.org,Works,2025-01-01,2022-01-01\n"
    done = taken(database, workspace, content, conflict="fill")

    assert (refused(done), done.counts["updated"]) == ([(2, "member_dates")], 1)
