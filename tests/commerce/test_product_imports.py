"""A file of products fills the catalogue: guessed, previewed, taken over once, refused by the cell, and undone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from app.commerce.imports.catalogue import undoing
from app.customers.imports import steps
from app.customers.imports.models import Import
from app.customers.imports.undoing import undo
from app.kernel.clock import FixedClock
from app.kernel.database import Database
from tests.customers.imports.test_import_repeats import looked_through
from tests.factories import NOON
from tests.factories.customers import import_file
from tests.factories.workspaces import WorkspaceForTests

HEAD = "SKU,Product name,Category,Price,Currency,Link,Image,Stock,Lifetime,Attributes,Active\n"
TEAPOT = (
    'T1,Teapot,Kitchen / Tea,"1,234.50",EUR,https://shop.example/t1,//cdn.example/t1.png,12,2y,'
    "colour: red; size: 3,yes\n"
)
FILE = HEAD + TEAPOT + "T2,Cup,Kitchen > Tea,3,,,,,,,no\n"


def catalogue(database: Database, workspace: WorkspaceForTests) -> list[dict[str, Any]]:
    with database.transaction(workspace.id) as session:
        rows = session.execute(text("SELECT * FROM products WHERE workspace_id = :w ORDER BY ref"), {"w": workspace.id})
        return [dict(row) for row in rows.mappings()]


def taken(database: Database, workspace: WorkspaceForTests, content: str, **options: Any) -> Import:
    found: Import = looked_through(database, workspace.id, content, kind="products", **options)
    return found


def undone(database: Database, workspace: WorkspaceForTests, found: Import) -> dict[str, int]:
    with database.transaction(workspace.id) as session:
        undo.ask(session, steps.held(session, workspace.id, found.id))
    undo.run(database, FixedClock(NOON), workspace.id, found.id)
    with database.transaction(workspace.id) as session:
        counts: dict[str, int] = steps.get(session, workspace.id, found.id).undo["counts"]
    return {name: number for name, number in counts.items() if number}


def test_a_file_fills_the_catalogue_and_taken_twice_changes_nothing(
    database: Database, workspace: WorkspaceForTests
) -> None:
    done = taken(database, workspace, FILE, currency="USD")
    teapot, cup = catalogue(database, workspace)

    assert done.counts == done.rehearsal["counts"] == {"created": 2}
    assert (teapot["name"], teapot["category"], teapot["price"]) == ("Teapot", "Kitchen > Tea", Decimal("1234.50"))
    assert (teapot["stock"], teapot["life_days"], teapot["image_url"]) == (12, 730, "https://cdn.example/t1.png")
    assert (teapot["attributes"], teapot["is_sold"]) == ({"colour": "red", "size": "3"}, True)
    assert (cup["currency"], cup["is_sold"], cup["stock"]) == ("USD", False, None)
    before = catalogue(database, workspace)
    assert taken(database, workspace, FILE + "\n", currency="USD").counts == {"unchanged": 2}
    assert catalogue(database, workspace) == before


def test_what_a_row_leaves_open_stays_and_the_preview_says_what_changes(
    database: Database, workspace: WorkspaceForTests
) -> None:
    taken(database, workspace, FILE)
    done = taken(database, workspace, "sku,price,attributes\nT1,5,colour: blue\nT3,,\n")

    assert done.counts == {"updated": 1, "created": 1}
    assert done.rehearsal["changed_fields"] == {"price": 1, "attributes": 1}
    [[row, who, values]] = done.rehearsal["samples"]["updated"]
    assert (row, who, values["price"]) == (2, "T1", [1234.5, 5])
    teapot = catalogue(database, workspace)[0]
    assert (teapot["name"], teapot["attributes"]) == ("Teapot", {"colour": "blue", "size": "3"})
    filled = taken(database, workspace, "sku,name,price\nT1,Pot,9\nT3,Tray,4\n", conflict="fill")
    assert filled.counts == {"unchanged": 1, "updated": 1}
    assert [(each["name"], each["price"]) for each in catalogue(database, workspace)] == [
        ("Teapot", 5), ("Cup", 3), ("Tray", 4),
    ]


@pytest.mark.parametrize("rows", [1, 1000])
def test_an_undo_leaves_the_catalogue_as_it_was(database: Database, workspace: WorkspaceForTests, rows: int) -> None:
    taken(database, workspace, FILE)
    before = catalogue(database, workspace)
    content = "sku,name,price,life\nT1,Pot,6,9\nT9,New,1,\nT1,Kettle,7,10\nT9,Newer,,\n"
    done = looked_through(database, workspace.id, content, kind="products", rows=rows)
    assert (done.counts["created"], done.counts["updated"], done.counts["repeated"]) == (1, 1, 2)
    assert [each["name"] for each in catalogue(database, workspace)] == ["Kettle", "Cup", "Newer"]

    told = undone(database, workspace, done)
    assert catalogue(database, workspace) == before
    assert told == {"restored": 1, "products_removed": 1}


def test_what_was_changed_or_sold_since_stays(database: Database, workspace: WorkspaceForTests) -> None:
    taken(database, workspace, FILE)
    done = taken(database, workspace, "sku,price\nT1,6\nT9,1\nT8,1\n")
    later = import_file(database, workspace.id, "sku,price\nT1,7\n", kind="products", now=NOON + timedelta(minutes=1))
    import_file(
        database, workspace.id, "email,order number,date,amount,sku\na@b.co,1,2026-01-01,5,T9\n",
        kind="purchases", unknown="create",
    )

    told = undone(database, workspace, done)
    assert told == {"kept_changed": 2, "products_removed": 1}
    left = [(each["ref"], each["price"]) for each in catalogue(database, workspace)]
    assert left == [("T1", 7), ("T2", 3), ("T9", 1)]
    undone(database, workspace, later)
    assert catalogue(database, workspace)[0]["price"] == 6


def test_owned_items_follow_what_a_file_says_of_how_long_things_last(
    database: Database, workspace: WorkspaceForTests
) -> None:
    import_file(
        database, workspace.id, "email,order number,date,amount,sku\na@b.co,1,2026-01-01,5,T1\n",
        kind="purchases", unknown="create",
    )
    done = taken(database, workspace, "sku,life\nT1,2y\n")
    with database.transaction(workspace.id) as session:
        undoing.follow(session, workspace.id, done.id, now=NOON)
        owned = text("SELECT count(*) FROM owned_items WHERE workspace_id = :w")
        assert session.scalar(owned, {"w": workspace.id}) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Nameless,,,,,,,,,", "product"),
        (f"{'x' * 201},,,,,,,,,,", "product"),
        (f"A,{'x' * 201},,,,,,,,,", "too_long"),
        ("A,,,cheap,,,,,,,", "amount"),
        ("A,,,-1,,,,,,,", "amount"),
        ("A,,,1e400,,,,,,,", "amount"),
        ("A,,,1,XXQ,,,,,,", "currency"),
        ("A,,,,,javascript:alert(1),,,,,", "url"),
        ("A,,,,,,ftp://x,,,,", "url"),
        ("A,,,,,,,many,,,", "stock"),
        ("A,,,,,,,1.5,,,", "stock"),
        ("A,,,,,,,,0,,", "life_days"),
        ("A,,,,,,,,9999999,,", "life_days"),
        ("A,,,,,,,,,no colon,", "attributes"),
        ('A,,,,,,,,,"{""a"": [1]}",', "attributes"),
        ('A,,,,,,,,,"{""a"": ""\\u0000""}",', "attributes"),
        ('A,,,,,,,,,"{""a"": NaN}",', "attributes"),
        ('A,,,,,,,,,"{""a"": 1e999}",', "attributes"),
        ('A,,,,,,,,,"{""a"": ""\\ud800""}",', "attributes"),
        ("A,,,,,,,,,{broken,", "attributes"),
        ("A,,,,,,,,,,perhaps", "truth"),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    database: Database, workspace: WorkspaceForTests, row: str, reason: str
) -> None:
    mapped = dict(enumerate(("ref", "name", "category", "price", "currency", "url", "image_url", "stock", "life_days")))
    meant = {str(place): target for place, target in mapped.items()} | {"9": "attributes", "10": "is_sold"}
    done = import_file(database, workspace.id, HEAD + row + "\nB,,,,,,,,,,\n", kind="products", mapped=meant)

    with database.transaction(workspace.id) as session:
        assert [each.reason for each in steps.list_refused(session, done)] == [reason]
    assert [each["ref"] for each in catalogue(database, workspace)] == ["B"]


def test_attributes_that_add_up_to_too_many_are_refused(database: Database, workspace: WorkspaceForTests) -> None:
    def some(letter: str) -> str:
        return "; ".join(f"{letter}{n}: x" for n in range(30))

    taken(database, workspace, f"sku,attributes\nT1,{some('a')}\n")
    done = taken(database, workspace, f"sku,attributes\nT1,{some('b')}\n")
    assert done.counts == done.rehearsal["counts"] == {"refused": 1}
