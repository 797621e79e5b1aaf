"""A connection kept for a hot path is as atomic, and as much one workspace's, as every other transaction."""

from __future__ import annotations

import psycopg
import pytest

from app.kernel.database import KeptConnection
from app.kernel.services import Services
from tests.factories.workspaces import WorkspaceForTests

_COUNT = "SELECT count(*) FROM lanes"
_ADD = "INSERT INTO lanes (workspace_id, identity_id, provider) SELECT %s, id, 'test' FROM sending_identities LIMIT 1"


def test_what_a_block_wrote_is_kept_when_it_ends_well_and_only_then(
    services: Services, workspace: WorkspaceForTests
) -> None:
    kept = KeptConnection(services.database, workspace.id)
    with kept.transaction() as connection:
        before = connection.execute(_COUNT).fetchall()
        connection.execute(_ADD, (workspace.id,))
    with pytest.raises(RuntimeError), kept.transaction() as connection:
        connection.execute("DELETE FROM lanes")
        raise RuntimeError
    with kept.transaction() as connection:
        assert connection.execute(_COUNT).fetchall() == [(before[0][0] + 1,)]
    kept.close()


def test_it_sees_one_workspace_and_carries_nothing_over(services: Services, workspace: WorkspaceForTests) -> None:
    other = KeptConnection(services.database, workspace.id + 1)
    with other.transaction() as connection:
        assert connection.execute(_COUNT).fetchone() == (0,)
        pooled = connection
    assert pooled.execute("SELECT current_setting('app.workspace_id')").fetchone() == ("",)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), other.transaction() as connection:
        connection.execute(
            "INSERT INTO lanes (workspace_id, identity_id, provider) VALUES (%s, 1, 'x')", (workspace.id,)
        )
    other.close()


def test_a_broken_connection_is_replaced(services: Services, workspace: WorkspaceForTests) -> None:
    kept = KeptConnection(services.database, workspace.id)
    with pytest.raises(psycopg.OperationalError), kept.transaction() as connection:
        connection.close()
    with kept.transaction() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    kept.close()
