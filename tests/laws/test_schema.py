"""What every table owes its tenants, and what the application's role may not do."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Index, create_engine, text
from sqlalchemy.pool import NullPool

from app.kernel.database import APP_ROLE, READER_ROLE, sqlalchemy_url
from migrations import schema
from tests import servers as running

_TENANT_TABLES = text(
    """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
           array(SELECT polname::text FROM pg_policy p WHERE p.polrelid = c.oid ORDER BY 1) AS policies
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
    """
)


def test_every_tenant_table_forces_row_level_security(database):
    with database.transaction() as session:
        rows = session.execute(_TENANT_TABLES).all()

    assert len(rows) > 30
    lax = [
        row.relname for row in rows if not (row.relrowsecurity and row.relforcerowsecurity and "tenant" in row.policies)
    ]
    assert lax == []


def test_the_application_owns_nothing_and_bypasses_nothing(database):
    with database.transaction() as session:
        assert session.scalar(text("SELECT current_user")) == APP_ROLE
        roles = session.execute(
            text(
                "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb"
                " FROM pg_roles WHERE rolname = ANY(:names)"
            ),
            {"names": [APP_ROLE, READER_ROLE]},
        ).all()
        owned = session.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relpersistence <> 't' AND pg_get_userbyid(relowner) = ANY(:names)"
                " AND relpersistence <> 't'"
            ),
            {"names": [APP_ROLE, READER_ROLE]},
        ).all()

    assert len(roles) == 2
    assert [row.rolname for row in roles if any(row[1:])] == []
    assert owned == []


def test_a_transaction_without_a_workspace_sees_no_tenant_row(database, workspace):
    with database.transaction() as session:
        tables = [row.relname for row in session.execute(_TENANT_TABLES)]
        seen = {table: session.scalar(text(f'SELECT count(*) FROM "{table}"')) for table in tables}

    assert {table: count for table, count in seen.items() if count} == {}


def test_the_reader_changes_nothing(database):
    with database.transaction() as session:
        granted = session.execute(
            text(
                "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
                " WHERE grantee = :reader AND privilege_type <> 'SELECT'"
            ),
            {"reader": READER_ROLE},
        ).all()

    assert granted == []


def test_every_tenant_key_begins_with_the_workspace():
    """Also the distribution column when the database is spread over nodes: no unique key omits it."""
    odd = [
        f"{table.name}: {sorted(column.name for column in index.columns)}"
        for table in schema.import_models().sorted_tables
        if "workspace_id" in table.primary_key.columns
        for index in (table.primary_key, *(index for index in table.indexes if index.unique))
        if "workspace_id" not in index.columns
    ]

    assert odd == []


@pytest.fixture
def own_database(servers, worker_number):
    """A database at the latest step, for tests that move the schema."""
    name = f"schema_{worker_number}"
    url = running.create_database(servers.postgres, name)
    yield url
    running.drop_database(servers.postgres, name)


def test_models_are_what_the_migrations_made(own_database):
    engine = create_engine(sqlalchemy_url(own_database), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, schema.import_models())

    # PostgreSQL spells expressions in its own words, so an index over one is compared by its name.
    unlike = [one for one in differences if not (one[0] in ("add_index", "remove_index") and _is_spelled(one[1]))]
    assert unlike == []


def _is_spelled(index: Index) -> bool:
    return any(not isinstance(expression, Column) for expression in index.expressions)


def test_the_latest_step_can_be_undone_and_done_again(own_database):
    config = schema.config(own_database)
    script = ScriptDirectory.from_config(config)

    command.downgrade(config, "-1")
    command.upgrade(config, "head")

    engine = create_engine(sqlalchemy_url(own_database), poolclass=NullPool)
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == script.get_current_head()


def test_migrations_form_one_numbered_line(own_database):
    revisions = [step.revision for step in ScriptDirectory.from_config(schema.config(own_database)).walk_revisions()]

    assert revisions == [f"{number:04d}" for number in range(len(revisions), 0, -1)]
