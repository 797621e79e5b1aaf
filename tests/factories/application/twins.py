"""A neighbour whose rows bear the same numbers as ours: what forgets to name its workspace finds everything twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import Table

from app.kernel.database import Base
from tests.servers import Servers

# Who works where is shown to them; a twin of it would be seen, and rightly so.
_OURS_ALONE = {"memberships"}


@contextmanager
def a_twin(servers: Servers, database: str, workspace_id: int) -> Iterator[int]:
    """A copy of the workspace with everything in it, down to the ids of the rows; gone again at the end."""
    owner = servers.postgres.url_of(database, role="postgres")
    with psycopg.connect(owner, autocommit=True) as connection:
        # Neither triggers nor references hold for who copies: the rows need no order, and no record is new.
        connection.execute("SET session_replication_role = replica")
        found = connection.execute(_COPY_WORKSPACE, {"id": workspace_id}).fetchone()
        assert found
        tables = [table for table in Base.metadata.sorted_tables if _is_copied(table)]
        for table in tables:
            _copy(connection, table, workspace_id, found[0])
        yield found[0]
        for table in tables:
            forget = sql.SQL("DELETE FROM {} WHERE workspace_id = %s").format(sql.Identifier(table.name))
            connection.execute(forget, [found[0]])
        connection.execute("DELETE FROM workspaces WHERE id = %s", [found[0]])


_COPY_WORKSPACE = """
INSERT INTO workspaces (slug, name, legal_name, sender_name, sender_address, reply_to, postal_address, time_zone,
                        language, digest_key, created_at)
SELECT slug || '-twin', name || ' Twin', legal_name, sender_name, sender_address, reply_to, postal_address, time_zone,
       language, digest_key, created_at
FROM workspaces WHERE id = %(id)s
RETURNING id
"""


def _is_copied(table: Table) -> bool:
    return "workspace_id" in table.columns and table.name not in _OURS_ALONE


def _copy(connection: psycopg.Connection, table: Table, source: int, twin: int) -> None:
    names = [column.name for column in table.columns if column.name != "workspace_id" and column.computed is None]
    statement = sql.SQL(
        "INSERT INTO {table} (workspace_id, {columns})"
        " SELECT {twin}, {columns} FROM {table} WHERE workspace_id = {source}"
    ).format(
        table=sql.Identifier(table.name),
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        twin=sql.Literal(twin),
        source=sql.Literal(source),
    )
    connection.execute(statement)
