"""Files of people tell gender, birth date, work and how they want to be reached; what is known may be left as it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.customers.imports import steps
from app.customers.imports.mapping import guessing
from app.customers.imports.undoing import undo
from app.customers.models import Customer
from app.kernel.clock import FixedClock
from app.kernel.database import Database
from app.rendering import sample_people
from tests.customers.imports.test_import_repeats import looked_through
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file
from tests.factories.workspaces import WorkspaceForTests

HEAD = "E-Mail,Geschlecht,Geburtsdatum,Beruf,Job title,Customer type,Preferred channel\n"


def of(database: Database, workspace: WorkspaceForTests, email: str = "ada@example.com") -> dict[str, Any]:
    names = ["gender", "birth_date", "occupation", "position", "kind", "preferred_channel"]
    names += ["first_name", "city", "tags"]
    with database.transaction(workspace.id) as session:
        found = session.query(Customer).filter_by(workspace_id=workspace.id, email_key=email).one()
        return {name: getattr(found, name) for name in names}


def test_what_a_person_is_comes_with_the_file_and_goes_with_its_undo(
    database: Database, workspace: WorkspaceForTests
) -> None:
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@example.com", city="London", gender="other")
    before = of(database, workspace)
    content = HEAD + "ada@example.com,Frau,10.12.1815,Mathematikerin,Leitung,B2B,SMS\n"
    content = content.replace("1815", "1915")
    done = import_file(database, workspace.id, content, date_order="dmy")

    told = of(database, workspace)
    assert (told["gender"], told["birth_date"], told["kind"]) == ("female", date(1915, 12, 10), "business")
    assert (told["occupation"], told["position"], told["preferred_channel"]) == ("Mathematikerin", "Leitung", "text")
    assert import_file(database, workspace.id, content + "\n", date_order="dmy").counts == {"unchanged": 1}
    with database.transaction(workspace.id) as session:
        undo.ask(session, steps.held(session, workspace.id, done.id))
    undo.run(database, FixedClock(NOON), workspace.id, done.id)
    assert of(database, workspace) == before


def test_new_people_have_it_and_mails_may_say_it(database: Database, workspace: WorkspaceForTests) -> None:
    import_file(database, workspace.id, HEAD + "new@example.com,m,2001-02-03,,Chef,private,\n")

    told = of(database, workspace, "new@example.com")
    assert (told["gender"], told["birth_date"], told["position"], told["kind"]) == (
        *("male", date(2001, 2, 3), "Chef"), "consumer"
    )
    with database.transaction(workspace.id) as session:
        found = session.query(Customer.id).filter_by(workspace_id=workspace.id, email_key="new@example.com")
        customer_id = found.scalar()
        shown = sample_people.shown(session, workspace.id, customer_id)["customer"]
    assert (shown["birth_date"], shown["position"], shown["occupation"]) == ("2001-02-03", "Chef", None)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x@example.com,robot,,,,,", "gender"),
        ("x@example.com,,1899-12-31,,,,", "birth_date"),
        ("x@example.com,,2999-01-01,,,,", "birth_date"),
        ("x@example.com,,yesterday,,,,", "birth_date"),
        ("x@example.com,,,,,alien,", "kind"),
        ("x@example.com,,,,,,pigeon", "preferred_channel"),
        (f"x@example.com,,,{'y' * 201},,,", "too_long"),
    ],
)
def test_what_is_none_of_its_kind_is_refused(
    database: Database, workspace: WorkspaceForTests, row: str, reason: str
) -> None:
    done = import_file(database, workspace.id, HEAD + row + "\n")

    with database.transaction(workspace.id) as session:
        assert [each.reason for each in steps.list_refused(session, done)] == [reason]


def test_columns_are_known_by_their_headings_and_cells() -> None:
    targets = [(name, name) for name in ("email", "gender", "birth_date", "position", "kind")]
    header = ["Mail", "Anrede", "DOB", "Job title", "Kind"]
    told = guessing.columns(header, targets, [["a@b.co", "Herr", "1.2.1990", "x", "green"]])

    assert told == {"0": "email", "1": "gender", "2": "birth_date", "3": "position"}


@pytest.mark.parametrize("match_by", ["email", "external_ref"])
def test_what_is_known_stays_where_the_file_only_fills_what_is_empty(
    database: Database, workspace: WorkspaceForTests, match_by: str
) -> None:
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@example.com", external_ref="C1", first_name="Ada", tags=["old"])
    email = "ada@example.com" if match_by == "email" else "other@example.com"
    content = f"email,external_ref,first_name,city,tags\n{email},C1,Augusta,London,new\n"
    done = looked_through(database, workspace.id, content, match_by=match_by, conflict="fill")

    told = of(database, workspace)
    assert (told["first_name"], told["city"], told["tags"]) == ("Ada", "London", ["new", "old"])
    assert done.rehearsal["changed_fields"] == {"city": 1, "tags": 1}
    assert done.rehearsal["counts"] == done.counts == {"updated": 1}
