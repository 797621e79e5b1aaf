"""The file of an import is kept as long as the workspace says, and can be had again until then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.accounts import workspaces
from app.customers.imports import keeping, steps
from app.kernel.database import Database
from app.kernel.refusals import NotFound
from tests.factories import NOON
from tests.factories.customers import import_file
from tests.factories.workspaces import WorkspaceForTests

CSV = b"email,first_name\nada@example.com,Ada\n"
JSON = b'{"email": "ada@example.com"}\n'


def keep_for(database: Database, workspace: WorkspaceForTests, days: int) -> None:
    with database.transaction(workspace.id) as session:
        workspaces.get(session, workspace.id).import_file_days = days


def count(database: Database, workspace: WorkspaceForTests) -> int:
    with database.transaction(workspace.id) as session:
        counted = text("SELECT count(*) FROM import_files WHERE workspace_id = :w")
        return session.scalar(counted, {"w": workspace.id}) or 0


def test_a_file_is_gone_with_its_import_unless_it_is_to_be_kept(
    database: Database, workspace: WorkspaceForTests
) -> None:
    done = import_file(database, workspace.id, CSV)

    assert count(database, workspace) == 0
    with database.transaction(workspace.id) as session:
        assert keeping.kept_until(session, done) is None
    with pytest.raises(NotFound):
        keeping.pieces(database, done)


@pytest.mark.parametrize("content", [CSV, JSON])
def test_a_kept_file_is_the_one_that_was_uploaded_until_its_time_is_over(
    client, database: Database, workspace: WorkspaceForTests, content: bytes
) -> None:
    keep_for(database, workspace, 30)
    done = import_file(database, workspace.id, content)

    assert count(database, workspace) == 1
    assert client.get(f"/customers/imports/{done.id}/file").data == content
    assert f"/customers/imports/{done.id}/file" in client.get(f"/customers/imports/{done.id}").text
    for now, left in ((NOON + timedelta(days=29), 1), (NOON + timedelta(days=30), 0)):
        with database.transaction(workspace.id) as session:
            assert (keeping.kept_until(session, steps.get(session, workspace.id, done.id)) is not None) or not left
            keeping.forget_expired(session, workspace.id, now=now)
        assert count(database, workspace) == left
    assert client.get(f"/customers/imports/{done.id}/file").status_code == 404
    assert f"/customers/imports/{done.id}/file" not in client.get(f"/customers/imports/{done.id}").text


def test_who_shortens_the_time_has_older_files_deleted(database: Database, workspace: WorkspaceForTests) -> None:
    keep_for(database, workspace, 365)
    import_file(database, workspace.id, CSV)
    keep_for(database, workspace, 0)
    with database.transaction(workspace.id) as session:
        keeping.forget_expired(session, workspace.id, now=NOON)

    assert count(database, workspace) == 0
