"""A file of organisations with which belongs to which: previewed, taken over once, exported alike, and undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.customers.exporting import belonging
from app.customers.exporting.formats import FORMATS
from app.customers.imports.models import Import
from app.customers.organisations import organisations
from app.kernel.database import Database
from tests.customers.imports.test_import_repeats import looked_through
from tests.factories import NOON
from tests.factories.customers import a_customer, a_member, an_organisation, import_file, undo_import
from tests.factories.workspaces import WorkspaceForTests, a_workspace

HEAD = "Company,Company ID,Parent,Industry,Size,Website,Domain,City,Country\n"
FILE = HEAD + (
    "Shop,3,Holding,retail,12,shop.example,shop.example; store.example,Leeds,UK\n"
    "Works,2,1,,,,,,\n"
    "Holding,1,,finance,5000,,,,Germany\n"
)
LATER = NOON + timedelta(hours=1)


def table(database: Database, workspace_id: int) -> list[dict[str, Any]]:
    with database.transaction(workspace_id) as session:
        statement = text("SELECT * FROM organisations WHERE workspace_id = :w ORDER BY external_ref, name, id")
        return [dict(row) for row in session.execute(statement, {"w": workspace_id}).mappings()]


def tree(database: Database, workspace_id: int) -> dict[str, str | None]:
    rows = table(database, workspace_id)
    names = {row["id"]: row["name"] for row in rows}
    return {row["name"]: names.get(row["parent_id"]) for row in rows}


def taken(database: Database, workspace: WorkspaceForTests, content: str, **options: Any) -> Import:
    found: Import = looked_through(database, workspace.id, content, kind="organisations", **options)
    assert found.counts == found.rehearsal["counts"]
    return found


def refused(found: Import) -> list[tuple[int, str]]:
    return [(each["row"], each["reason"]) for each in found.rehearsal["errors"]]


def test_a_file_brings_organisations_below_one_another_whatever_their_order(
    database: Database, workspace: WorkspaceForTests
) -> None:
    assert taken(database, workspace, FILE).counts == {"created": 3}
    assert tree(database, workspace.id) == {"Holding": None, "Works": "Holding", "Shop": "Holding"}
    shop = table(database, workspace.id)[2]
    assert (shop["employees"], shop["website"], shop["country"]) == (12, "https://shop.example", "GB")
    assert shop["domains"] == ["shop.example", "store.example"]
    before = table(database, workspace.id)
    assert taken(database, workspace, FILE).counts == {"unchanged": 3}
    assert table(database, workspace.id) == before


def test_bad_rows_are_refused_and_with_them_what_would_stand_below(
    database: Database, workspace: WorkspaceForTests
) -> None:
    with database.transaction(workspace.id) as session:
        for _ in range(2):
            an_organisation(session, workspace.id, "Twin")
    rows = (
        "A,a,B,,,,,,\nB,b,C,,,,,,\nC,c,A,,,,,,\n"  # a circle
        "Orphan,,Nobody,,,,,,\nChild,,Orphan,,,,,,\nTwin,,,,,,,,\nUnder,,twin,,,,,,\n"
        ",9,,,,,,,\n,,,x,,,,,\nBig,,,,many,,,,\nWeb,,,,,javascript:1,,,\nDom,,,,,,no domain!,,\nFine,,,,,,,,Nowhere\n"
    )
    done = taken(database, workspace, HEAD + rows)

    assert refused(done) == [
        *((row, "organisation_cycle") for row in (2, 3, 4)),
        *((5, "organisation_parent"), (6, "organisation_parent")),
        *((7, "organisation_unclear"), (8, "organisation_unclear"), (9, "organisation_name"), (10, "nobody")),
        *((11, "employees"), (12, "url"), (13, "domains"), (14, "country")),
    ]
    assert [row["name"] for row in table(database, workspace.id)] == ["Twin", "Twin"]


def test_nothing_comes_to_stand_above_itself_or_too_deep_with_what_is_below_it(
    database: Database, workspace: WorkspaceForTests
) -> None:
    chain = "".join(f"L{n},{n},{n - 1 if n > 1 else ''},,,,,,\n" for n in range(1, 11))
    assert taken(database, workspace, HEAD + chain).counts == {"created": 10}
    # L1 could stand below Top only if L5 left it, which would stand above itself.
    deeper = "Top,t,,,,,,,\nL1,1,t,,,,,,\nL11,11,10,,,,,,\nL5,5,9,,,,,,\n"
    done = taken(database, workspace, HEAD + deeper)
    assert refused(done) == [(row, "organisation_cycle") for row in (3, 4, 5)]

    done = taken(database, workspace, HEAD + "L10,10,t,,,,,,\nL1,1,t,,,,,,\nL11,11,10,,,,,,\nL2,2,10,,,,,,\n")
    assert done.counts == {"updated": 3, "created": 1}
    found = tree(database, workspace.id)
    assert [found[name] for name in ("L10", "L1", "L11", "L2")] == ["Top", "Top", "L10", "L10"]


def test_two_change_places(database: Database, workspace: WorkspaceForTests) -> None:
    taken(database, workspace, HEAD + "A,a,,,,,,,\nB,b,a,,,,,,\nC,c,b,,,,,,\n")
    before = table(database, workspace.id)
    done = looked_through(database, workspace.id, HEAD + "A,a,b,,,,,,\nB,b,c,,,,,,\n", kind="organisations")
    assert refused(done) == [(2, "organisation_cycle"), (3, "organisation_cycle")]
    moved = import_file(database, workspace.id, "company,parent\nC,A\nB,C\n", kind="organisations", now=LATER)

    assert tree(database, workspace.id) == {"A": None, "B": "C", "C": "A"}
    undo_import(database, workspace.id, moved.id, now=LATER)
    assert table(database, workspace.id) == before


def test_an_undo_leaves_the_tables_as_they_were(database: Database, workspace: WorkspaceForTests) -> None:
    taken(database, workspace, HEAD + "Old,1,,retail,,,old.example,,\nOther,,,,,,,,\n")
    before = table(database, workspace.id)
    rows = "Renamed,1,New,,7,,new.example,Leeds,FR\nOther,5,1,,,,,,\nNew,2,,,,,,,\nNewer,3,2,,,,,,\n,,gone,,,,,,\n"
    content = HEAD + rows
    done = import_file(database, workspace.id, content, kind="organisations", now=LATER)
    assert done.counts == {"created": 2, "updated": 2, "refused": 1}

    undone = undo_import(database, workspace.id, done.id, now=LATER)
    assert table(database, workspace.id) == before
    assert undone.undo["counts"] == {"restored": 2, "organisations_removed": 2}


def test_what_was_changed_or_joined_since_stays(database: Database, workspace: WorkspaceForTests) -> None:
    taken(database, workspace, HEAD + "Old,1,,,,,,,\nMoved,4,,,,,,,\n")
    content = HEAD + "Old,1,,retail,,,,,\nMoved,4,1,,,,,,\nJoined,2,,,,,,,\nGone,3,,,,,,,\n"
    done = import_file(database, workspace.id, content, kind="organisations", now=LATER)
    with database.transaction(workspace.id) as session:
        old = organisations.find_by_ref(session, workspace.id, "1")
        joined = organisations.find_by_ref(session, workspace.id, "2")
        assert old
        assert joined
        organisations.change(session, old, {"city": "Leeds"}, now=LATER + timedelta(hours=1))
        a_member(session, a_customer(session, workspace.id), joined)
    undone = undo_import(database, workspace.id, done.id, now=LATER)

    assert undone.undo["counts"] == {"restored": 1, "organisations_removed": 1, "kept_changed": 2}
    assert [row["name"] for row in table(database, workspace.id)] == ["Old", "Joined", "Moved"]


def test_a_file_that_fills_leaves_what_is_known(database: Database, workspace: WorkspaceForTests) -> None:
    taken(database, workspace, HEAD + "A,a,,retail,,,a.example,,\nB,b,A,,,,,,\n")
    done = taken(database, workspace, HEAD + "A,a,,farming,3,,b.example,,\nB,b,C,x,,,,,\nC,c,,,,,,,\n", conflict="fill")

    assert done.rehearsal["changed_fields"] == {"employees": 1, "industry": 1}
    assert tree(database, workspace.id)["B"] == "A"
    assert table(database, workspace.id)[0]["domains"] == ["a.example"]


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_exported_comes_back_alike(database: Database, workspace: WorkspaceForTests, form: str) -> None:
    other = a_workspace(database, name="Copy", now=NOON).id
    taken(database, workspace, FILE + "=Odd,,Works,a;b,,,,,\n")
    content = b"".join(FORMATS[form].write(belonging.organisation_rows(database, workspace.id, 0, NOON)))

    assert import_file(database, other, content, kind="organisations").counts == {"created": 4}
    assert tree(database, other) == tree(database, workspace.id)
    alike = [{k: v for k, v in row.items() if k not in ("id", "workspace_id", "parent_id", "import_id")}
             for row in table(database, other)]
    assert alike == [{k: v for k, v in row.items() if k not in ("id", "workspace_id", "parent_id", "import_id")}
                     for row in table(database, workspace.id)]
