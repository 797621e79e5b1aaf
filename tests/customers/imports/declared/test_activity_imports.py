"""A file of events: any name with properties, once each, undone, exported alike; nothing starts by what is past."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from app.customers.exporting import activities as exporting
from app.customers.exporting.formats import FORMATS
from app.customers.imports.models import Import
from app.kernel.database import Database
from tests.customers.imports.test_import_repeats import looked_through
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file, undo_import
from tests.factories.workspaces import WorkspaceForTests

HEAD = "email,event,timestamp,event id,Plan,Seats,properties\n"
FILE = HEAD + (
    "ada@x.org,Trial begun,2026-01-02T10:00:00Z,E1,gold,3,\n"
    'bob@x.org,Visited,2026-01-03,,,,shop: Leeds; with: "{a}"\n'
    'bob@x.org,Visited,2026-01-03,,,,shop: Leeds; with: "{a}"\n'
    'ada@x.org,Trial ended,2026-02-02,,,,"{""reason"": ""price"", ""days"": 30}"\n'
)


@pytest.fixture(autouse=True)
def folk(database: Database, workspace: WorkspaceForTests) -> None:
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, "ada@x.org")
        a_customer(session, workspace.id, "bob@x.org")


def happened(database: Database, workspace_id: int) -> list[tuple[Any, ...]]:
    statement = """SELECT c.email, a.name, CAST(a.at AS text), a.facts -> 'data', a.source FROM activities a
        JOIN customers c ON c.workspace_id = :w AND c.id = a.customer_id
        WHERE a.workspace_id = :w ORDER BY a.at, a.id"""
    with database.transaction(workspace_id) as session:
        return [tuple(row) for row in session.execute(text(statement), {"w": workspace_id})]


def waiting(database: Database, workspace_id: int) -> set[str]:
    with database.transaction(workspace_id) as session:
        return set(session.scalars(text("SELECT name FROM outbox")))


def taken(database: Database, workspace: WorkspaceForTests, content: str, **options: Any) -> Import:
    found: Import = looked_through(database, workspace.id, content, kind="activities", **options)
    assert found.counts == found.rehearsal["counts"]
    return found


def test_events_are_recorded_once_with_their_properties_and_start_nothing(
    database: Database, workspace: WorkspaceForTests
) -> None:
    before = waiting(database, workspace.id)
    assert taken(database, workspace, FILE).counts == {"created": 3, "repeated": 1}
    begun, visited, ended = happened(database, workspace.id)
    assert begun[:2] == ("ada@x.org", "Trial begun")
    assert begun[3:] == ({"Plan": "gold", "Seats": "3"}, "import")
    assert visited[3] == {"shop": "Leeds", "with": '"{a}"'}
    assert ended[3] == {"reason": "price", "days": 30}
    assert not {job for job in waiting(database, workspace.id) - before if job.startswith("journeys")}
    assert taken(database, workspace, FILE).counts == {"unchanged": 3, "repeated": 1}
    assert len(happened(database, workspace.id)) == 3


def test_bad_rows_are_refused(database: Database, workspace: WorkspaceForTests) -> None:
    rows = (
        "new@x.org,Visited,2026-01-01,,,,\nada@x.org,opened,2026-01-01,,,,\nada@x.org,,2026-01-01,,,,\n"
        "ada@x.org,Visited,,,,,\nada@x.org,Visited,1950-01-01,,,,\nada@x.org,Visited,2026-01-01,,,,no colon\n"
        'ada@x.org,Visited,soon,,,,\nada@x.org,Visited,2026-01-01,,,,"{""a"": [1]}"\n,Visited,2026-01-01,,,,\n'
        'ada@x.org,Visited,2026-01-01,,,,"{""a"": ""\\u0000""}"\n'
        'ada@x.org,Visited,2026-01-01,,,,"{""a"": ""\\ud800""}"\n'
        'ada@x.org,Visited,2026-01-01,,,,"{""a"": NaN}"\n'
    )
    done = taken(database, workspace, HEAD + rows)
    assert [each["reason"] for each in done.rehearsal["errors"]] == [
        *("unknown", "event_reserved", "event", "date", "event_time", "properties", "date", "properties", "nobody"),
        *("properties", "properties", "properties"),
    ]
    assert happened(database, workspace.id) == []


def test_an_undo_leaves_the_tables_as_they_were(database: Database, workspace: WorkspaceForTests) -> None:
    import_file(database, workspace.id, FILE, kind="activities")
    before = happened(database, workspace.id)
    done = import_file(database, workspace.id, FILE + "bob@x.org,Left,2026-03-03,E9,,,\n", kind="activities")
    assert (done.counts["created"], done.counts["unchanged"]) == (1, 3)
    undone = undo_import(database, workspace.id, done.id, now=NOON)

    assert undone.undo["counts"] == {"activities_removed": 1}
    assert happened(database, workspace.id) == before
    again = import_file(database, workspace.id, HEAD + "bob@x.org,Left,2026-03-03,E9,,,\n", kind="activities")
    assert again.counts == {"created": 1}


@pytest.mark.parametrize("form", FORMATS)
def test_what_was_exported_comes_back_alike(database: Database, workspace: WorkspaceForTests, form: str) -> None:
    taken(database, workspace, FILE)
    before = happened(database, workspace.id)
    content = b"".join(FORMATS[form].write(exporting.rows(database, workspace.id, 0, NOON)))
    with database.transaction(workspace.id) as session:
        for name in ("activities", "activity_refs"):
            session.execute(text(f"DELETE FROM {name} WHERE workspace_id = :w"), {"w": workspace.id})

    assert import_file(database, workspace.id, content, kind="activities").counts == {"created": 3}
    assert happened(database, workspace.id) == before
    assert import_file(database, workspace.id, content, kind="activities").counts == {"unchanged": 3}


HOSTILE = HEAD + (
    'ada@x.org,A,2026-01-02,,,,"{""\\ud800"": 1}"\n'
    'ada@x.org,B,2026-01-02,,,,"{""a\\u0000b"": 1}"\n'
    "ada@x.org,\x01,2026-01-02,,,,\n"
    "ada@x.org,D,2026-01-02,\x01,,,\n"
)


def test_names_that_no_database_keeps_cost_their_own_row(database: Database, workspace: WorkspaceForTests) -> None:
    """Half a character or none at all, as the name of a property or of the event itself."""
    found = taken(database, workspace, HOSTILE)

    assert [(each["row"], each["reason"]) for each in found.rehearsal["errors"]] == [
        (2, "properties"), (3, "properties"), (4, "event"),
    ]  # fmt: skip
    assert [row[1] for row in happened(database, workspace.id)] == ["D"]
