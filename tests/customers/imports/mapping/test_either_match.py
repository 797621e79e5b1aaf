"""A file that names people by number and by email finds each by the number where there is one, else by the email."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.customers.addresses import changes
from app.customers.addresses.changes import NewAddress
from app.customers.models import Customer
from app.kernel.database import Database
from tests.customers.imports.test_import_repeats import looked_through
from tests.factories import NOON
from tests.factories.customers import a_customer, an_uploaded_file, import_file, undo_import
from tests.factories.workspaces import WorkspaceForTests

HEAD = "customer number,email,first_name\n"


def known(database: Database, workspace_id: int) -> list[tuple[Any, ...]]:
    with database.transaction(workspace_id) as session:
        found = session.scalars(select(Customer).where(Customer.workspace_id == workspace_id))
        told = [(each.external_ref, each.email, each.first_name) for each in found]
        return sorted(told, key=str)


def refused(found: Any) -> list[tuple[int, str]]:
    return [(each["row"], each["reason"]) for each in found.rehearsal["errors"]]


@pytest.mark.parametrize("rows", [1, 1000])
def test_rows_without_an_email_are_found_by_number_and_those_without_a_number_by_email(
    database: Database, workspace: WorkspaceForTests, rows: int
) -> None:
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@x.org", external_ref="1")
        a_customer(session, workspace.id, "bob@x.org")
    content = HEAD + "1,,Ada\n,bob@x.org,Bob\n3,cy@x.org,Cy\n4,,Dee\n,,Nobody\n2,bob@x.org,Bobby\n1,new@x.org,\n"
    done = looked_through(database, workspace.id, content, match_by="either", rows=rows)

    assert refused(done) == [(6, "nobody")]
    assert known(database, workspace.id) == [
        ("1", "new@x.org", "Ada"), ("2", "bob@x.org", "Bobby"), ("3", "cy@x.org", "Cy"), ("4", None, "Dee"),
    ]


def test_two_answers_that_disagree_are_refused(database: Database, workspace: WorkspaceForTests) -> None:
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@x.org", external_ref="1")
        a_customer(session, workspace.id, "bob@x.org", external_ref="2")
    before = known(database, workspace.id)
    content = HEAD + "1,bob@x.org,X\n9,bob@x.org,X\n5,new@x.org,Y\n6,new@x.org,Z\n"
    done = looked_through(database, workspace.id, content, match_by="either")

    assert refused(done) == [(2, "two_people"), (3, "two_people"), (5, "two_people")]
    assert done.rehearsal["errors"][0]["detail"] == "1 / bob@x.org"
    assert done.counts == done.rehearsal["counts"] == {"created": 1, "refused": 3}
    assert known(database, workspace.id) == [*before, ("5", "new@x.org", "Y")]


def test_an_email_beside_the_primary_one_finds_and_changes_nothing_of_it(
    database: Database, workspace: WorkspaceForTests
) -> None:
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@x.org")
        changes.add(session, ada, NewAddress("email", "work@x.org"), source="api:1", now=NOON)
    done = looked_through(database, workspace.id, HEAD + "7,work@x.org,Ada\n", match_by="either")

    assert done.counts == {"updated": 1}
    assert known(database, workspace.id) == [("7", "ada@x.org", "Ada")]


def test_an_undo_leaves_people_as_they_were(database: Database, workspace: WorkspaceForTests) -> None:
    import_file(database, workspace.id, HEAD + "1,ada@x.org,Ada\n,bob@x.org,Bob\n", match_by="either")
    before = known(database, workspace.id)
    content = HEAD + "1,other@x.org,Augusta\n2,bob@x.org,Robert\n3,,Cy\n"
    done = import_file(database, workspace.id, content, match_by="either")
    assert done.counts == {"updated": 2, "created": 1}
    undo_import(database, workspace.id, done.id, now=NOON)

    assert known(database, workspace.id) == before


def test_the_page_proposes_it_where_a_file_has_both(
    client: Any, database: Database, workspace: WorkspaceForTests
) -> None:
    import_id = an_uploaded_file(database, workspace.id, HEAD + "1,,Ada\n")
    with database.transaction(workspace.id) as session:
        session.execute(text("UPDATE imports SET state = 'uploaded', mapping = '{}', options = '{}' WHERE id = :i"),
                        {"i": import_id})
    page = client.get(f"/customers/imports/{import_id}").text

    assert '<option selected value="either">' in page


NAMES = st.sampled_from(["", "1", "2", "3"])
EMAILS = st.sampled_from(["", "a@x.org", "b@x.org", "c@x.org"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAMES, EMAILS), max_size=5), st.lists(st.tuples(NAMES, EMAILS), min_size=1, max_size=5))
def test_no_file_stops_the_import_or_gives_a_number_or_an_email_to_two(
    database: Database,
    workspace: WorkspaceForTests,
    first: list[tuple[str, str]],
    second: list[tuple[str, str]],
) -> None:
    with database.transaction(workspace.id) as session:
        session.execute(text("DELETE FROM customers WHERE workspace_id = :w"), {"w": workspace.id})
        session.execute(text("DELETE FROM addresses WHERE workspace_id = :w"), {"w": workspace.id})
    for content in filter(None, (first, second)):
        lines = "".join(f"{number},{email},N\n" for number, email in content)
        done = looked_through(database, workspace.id, HEAD + lines, match_by="either")
        assert done.state == "done"
        assert done.counts == done.rehearsal["counts"]
    people = known(database, workspace.id)
    for place in (0, 1):
        told = [each[place] for each in people if each[place]]
        assert len(told) == len(set(told))
