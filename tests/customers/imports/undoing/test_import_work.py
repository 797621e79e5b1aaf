"""What an import and its undo ask of the database grows with the file, and not with its square."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from app.customers.profiles import fields
from app.kernel.database import Database
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file, undo_import
from tests.factories.workspaces import WorkspaceForTests


@pytest.fixture
def asked(database: Database) -> Iterator[list[str]]:
    """The statements the database is asked."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def test_all_own_fields_are_joined_once_however_many_a_file_brings(
    database: Database, workspace: WorkspaceForTests, asked: list[str]
) -> None:
    joined = []
    for number, count in enumerate((3, 12)):
        keys = [f"own_{number}_{each}" for each in range(count)]
        with database.transaction(workspace.id) as session:
            for key in keys:
                fields.create(session, workspace.id, key=key, label=key, kind="text")
            a_customer(session, workspace.id, "ada@example.com")
        asked.clear()
        content = f"email,{','.join(keys)}\nada@example.com,{','.join('x' * count)}\n"
        assert import_file(database, workspace.id, content).counts == {"updated": 1}
        joined.append(sum(statement.count("|| s.custom") for statement in asked))

    assert joined[0] == joined[1] > 0


def test_a_piece_of_the_undo_of_a_catalogue_asks_of_its_own_products_alone(
    database: Database, workspace: WorkspaceForTests, asked: list[str]
) -> None:
    import_file(database, workspace.id, "sku,life\nA,9\nB,9\n", kind="products")
    done = import_file(database, workspace.id, "sku,life\nA,8\nB,8\n", kind="products")
    asked.clear()
    undo_import(database, workspace.id, done.id, now=NOON)

    former = [statement for statement in asked if "jsonb_populate_record" in statement]
    assert len(former) == 2
    assert all("row_id = ANY(" in statement for statement in former)
