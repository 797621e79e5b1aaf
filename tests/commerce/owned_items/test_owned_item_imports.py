"""A file of owned items: found by number, serial number or what it is; refused by row, undone, exported alike."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.commerce.exporting import tables
from app.commerce.owned_items import items
from app.commerce.owned_items.items import ItemAccount
from app.customers.exporting.formats import FORMATS
from app.customers.imports.models import Import
from app.kernel.database import Database
from tests.customers.imports.test_import_repeats import looked_through
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file, undo_import
from tests.factories.workspaces import WorkspaceForTests

LATER = NOON + timedelta(hours=1)
HEAD = "email,customer number,item id,sku,item,pieces,condition,owned since,life in days,warranty until,serial\n"
FILE = HEAD + (
    "ada@x.org,,I1,W1,Washer,1,new,2024-01-31,365,31.01.2027,S-1\n"
    ",2,,,Bicycle,2,second hand,2020-05-01,,,\n"
    "bob@x.org,,,W1,,,,2021-01-01,,,S-9\n"
)
NAMES = "ref, name, quantity, condition, since_on, due_on, life_days, warranty_until, serial_number, source"


@pytest.fixture(autouse=True)
def folk(database: Database, workspace: WorkspaceForTests) -> None:
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@x.org", external_ref="1")
        a_customer(session, workspace.id, "bob@x.org", external_ref="2")


def owned(database: Database, workspace_id: int, names: str = NAMES) -> list[tuple[Any, ...]]:
    with database.transaction(workspace_id) as session:
        statement = text(f"SELECT {names} FROM owned_items WHERE workspace_id = :w ORDER BY id")
        return [tuple(row) for row in session.execute(statement, {"w": workspace_id})]


def taken(database: Database, workspace: WorkspaceForTests, content: str, **options: Any) -> Import:
    found: Import = looked_through(database, workspace.id, content, kind="owned_items", date_order="dmy", **options)
    assert found.counts == found.rehearsal["counts"]
    return found


def test_a_file_says_what_people_own_and_taken_twice_changes_nothing(
    database: Database, workspace: WorkspaceForTests
) -> None:
    assert taken(database, workspace, FILE).counts == {"created": 3}
    washer, bicycle, other = owned(database, workspace.id)
    days = date(2024, 1, 31), date(2025, 1, 30), 365, date(2027, 1, 31)
    assert washer == ("I1", "Washer", 1, "new", *days, "S-1", "import")
    assert bicycle[1:4] == ("Bicycle", 2, "used")
    assert other[1] == "Washer"
    before = owned(database, workspace.id, "*")
    assert taken(database, workspace, FILE).counts == {"unchanged": 3}
    assert owned(database, workspace.id, "*") == before


def test_bad_rows_are_refused(database: Database, workspace: WorkspaceForTests) -> None:
    taken(database, workspace, FILE)
    rows = (
        "new@x.org,,,,Kettle,,,,,,\nbob@x.org,,I1,,Kettle,,,,,,\nada@x.org,2,,,Kettle,,,,,,\nada@x.org,,,,,,,,,,\n"
        "ada@x.org,,,,Kettle,0,,,,,\nada@x.org,,,,Kettle,,rusty,,,,\nada@x.org,,,,Kettle,,,1492-10-12,,,\n"
        ",,,,Kettle,,,,,,\nada@x.org,,I7,,,,,,,,\nada@x.org,,,,Kettle,,,,99999,,\n"
    )
    done = taken(database, workspace, HEAD + rows)
    assert [(each["row"], each["reason"]) for each in done.rehearsal["errors"]] == [
        *((2, "unknown"), (3, "item_of_other"), (4, "two_people"), (5, "item_name"), (6, "items"), (7, "condition")),
        *((8, "date"), (9, "nobody"), (10, "item_name"), (11, "life_days")),
    ]


def test_an_undo_leaves_the_tables_as_they_were(database: Database, workspace: WorkspaceForTests) -> None:
    import_file(database, workspace.id, FILE, kind="owned_items", date_order="dmy")
    before = owned(database, workspace.id, "*")
    rows = "ada@x.org,,I1,,Better washer,,used,,10,,\nbob@x.org,,,N1,New,,,2024-01-01,,,\n"
    content = HEAD + rows + ",2,,,Bicycle,3,,2020-05-01,,,\n"
    done = import_file(database, workspace.id, content, kind="owned_items", now=LATER)
    assert done.counts == {"created": 1, "updated": 2}

    undone = undo_import(database, workspace.id, done.id, now=LATER)
    assert owned(database, workspace.id, "*") == before
    assert undone.undo["counts"] == {"restored": 2, "items_removed": 1, "products_removed": 1}


def test_what_staff_said_since_stays(database: Database, workspace: WorkspaceForTests) -> None:
    done = import_file(database, workspace.id, FILE, kind="owned_items", date_order="dmy")
    with database.transaction(workspace.id) as session:
        item = items.hold(session, workspace.id, owned(database, workspace.id, "id")[0][0])
        items.rewrite(session, item, ItemAccount(name="Mine"), source="staff", now=LATER)
    undone = undo_import(database, workspace.id, done.id, now=LATER)

    assert undone.undo["counts"] == {"items_removed": 2, "products_removed": 1, "kept_changed": 1}
    assert [row[0] for row in owned(database, workspace.id, "name")] == ["Mine"]


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_exported_comes_back_alike(database: Database, workspace: WorkspaceForTests, form: str) -> None:
    taken(database, workspace, FILE)
    before = owned(database, workspace.id)
    content = b"".join(FORMATS[form].write(tables.owned_item_rows(database, workspace.id, 0, NOON)))
    assert import_file(database, workspace.id, content, kind="owned_items").counts == {"unchanged": 3}
    with database.transaction(workspace.id) as session:
        session.execute(text("DELETE FROM owned_items WHERE workspace_id = :w"), {"w": workspace.id})

    assert import_file(database, workspace.id, content, kind="owned_items").counts == {"created": 3}
    assert owned(database, workspace.id) == before


@pytest.mark.parametrize("mark", ["serial", "item id"])
def test_two_alike_with_marks_of_their_own_are_two(
    database: Database, workspace: WorkspaceForTests, mark: str
) -> None:
    head = f"email,sku,item,owned since,{mark}\n"
    taken(database, workspace, head + "ada@x.org,W1,Washer,2024-01-31,\n")
    content = head + "ada@x.org,W1,Washer,2024-01-31,S-1\nada@x.org,W1,Washer,2024-01-31,S-2\n"

    assert taken(database, workspace, content).counts == {"updated": 1, "created": 1}
    assert taken(database, workspace, content).counts == {"unchanged": 2}
