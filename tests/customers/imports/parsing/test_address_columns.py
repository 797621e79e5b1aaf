"""A file of people brings phones, further emails and postal addresses; one is primary, the others stand beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.customers.exporting import tables
from app.customers.exporting.formats import FORMATS
from app.customers.models import Address, Customer
from app.kernel.database import Database
from tests.customers.imports.test_import_repeats import looked_through
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file, undo_import
from tests.factories.workspaces import WorkspaceForTests, a_workspace

LATER = NOON + timedelta(hours=1)
HEAD = "email,first_name,phone,email 2,postal address,country\n"
FILE = HEAD + (
    'ada@x.org,Ada,"+44 20 7946 0000; 020 7946 0999",work@x.org|home@x.org,"12 Mill Lane, Leeds ; 1 High St",GB\n'
    "bob@x.org,Bob,,,,\n"
)


def addresses(database: Database, workspace_id: int) -> set[tuple[Any, ...]]:
    with database.transaction(workspace_id) as session:
        query = select(Customer.first_name, Address).join(Customer, Customer.id == Address.customer_id)
        living = query.where(Address.workspace_id == workspace_id, Address.ended_at.is_(None))
        return {(name, each.kind, each.key, each.is_primary) for name, each in session.execute(living)}


def everything(database: Database, workspace_id: int) -> list[Any]:
    with database.transaction(workspace_id) as session:
        return [
            sorted(map(str, session.execute(text(statement), {"w": workspace_id})))
            for statement in (f"SELECT * FROM {name} WHERE workspace_id = :w" for name in ("addresses", "customers"))
        ]


def test_a_cell_may_hold_several_of_which_one_is_primary(database: Database, workspace: WorkspaceForTests) -> None:
    done = looked_through(database, workspace.id, FILE)
    assert done.counts == done.rehearsal["counts"] == {"created": 2}
    found = addresses(database, workspace.id)

    assert {each[1:] for each in found if each[0] == "Ada"} == {
        ("email", "ada@x.org", True), ("email", "work@x.org", False), ("email", "home@x.org", False),
        ("phone", "+442079460000", True), ("phone", "+442079460999", False),
        ("postal", "12 mill lane leeds", True), ("postal", "1 high st", False),
    }  # fmt: skip
    before = everything(database, workspace.id)
    assert looked_through(database, workspace.id, FILE).counts == {"unchanged": 2}
    assert everything(database, workspace.id) == before


def test_bad_cells_and_emails_of_others_are_refused(database: Database, workspace: WorkspaceForTests) -> None:
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "taken@x.org")
    many = "; ".join(f"+44207946{number:04}" for number in range(21))
    rows = (
        "a@x.org,A,call me,,,\nb@x.org,B,,nonsense,,\nc@x.org,C,,,???,\nd@x.org,D,,taken@x.org,,\n"
        f'e@x.org,E,"{many}",,,\nf@x.org,F,,g@x.org,,\ng@x.org,G,,,,\nh@x.org,H,,same@x.org,,\ni@x.org,I,,same@x.org,,\n'
    )
    mapped = {"0": "email", "1": "first_name", "2": "phone_numbers", "3": "other_emails", "4": "postal_addresses"}
    done = looked_through(database, workspace.id, HEAD + rows, mapped=mapped)

    assert done.counts == done.rehearsal["counts"] == {"created": 2, "refused": 7}
    assert [(each["row"], each["reason"]) for each in done.rehearsal["errors"]] == [
        *((2, "phone"), (3, "address"), (4, "postal"), (5, "taken"), (6, "addresses"), (7, "taken"), (10, "taken")),
    ]


@pytest.mark.parametrize("rows", [1, 1000])
def test_an_undo_leaves_addresses_as_they_were(database: Database, workspace: WorkspaceForTests, rows: int) -> None:
    import_file(database, workspace.id, "email,first_name,phone\nada@x.org,Ada,+44 20 7946 0000\n")
    import_file(database, workspace.id, "customer number,first_name\n7,Cy\n", match_by="external_ref")
    before = everything(database, workspace.id)
    content = (
        "customer number,email,phone,email 2\n"
        ",ada@x.org,+44 20 7946 0001,work@x.org\n7,,,cy@x.org\n8,dee@x.org,123456,\n"
    )
    done = import_file(database, workspace.id, content, match_by="either", now=LATER)
    assert done.counts == {"updated": 2, "created": 1}
    assert ("Cy", "email", "cy@x.org", True) in addresses(database, workspace.id)
    undo_import(database, workspace.id, done.id, now=LATER)

    assert everything(database, workspace.id) == before


@pytest.mark.parametrize("form", FORMATS)
def test_people_who_were_exported_come_back_with_all_addresses(
    database: Database, workspace: WorkspaceForTests, form: str
) -> None:
    other = a_workspace(database, name="Copy", now=NOON).id
    looked_through(database, workspace.id, FILE)
    content = b"".join(FORMATS[form].write(tables.PEOPLE.rows(database, workspace.id, 0, NOON)))

    assert import_file(database, other, content).counts == {"created": 2}
    assert addresses(database, other) == addresses(database, workspace.id)
    assert import_file(database, workspace.id, content).counts == {"unchanged": 2}
