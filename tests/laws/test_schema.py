"""What every table owes its tenants, and what the application's role may not do."""

from __future__ import annotations

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Index, create_engine, exc, text
from sqlalchemy.pool import NullPool

from app.accounts import audit
from app.kernel.database import APP_ROLE, LOGIN_ROLE, READER_ROLE, sqlalchemy_url
from migrations import schema
from tests import servers as running
from tests.factories import NOON

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


def test_who_logs_in_cannot_become_the_owner(database):
    """A statement smuggled in could say RESET ROLE and SET ROLE; there must be nobody worth becoming."""
    with database.transaction() as session:
        login, owner = session.execute(
            text("SELECT session_user, pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'workspaces'")
        ).one()
        may_become = session.scalars(
            text("SELECT rolname FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER') ORDER BY 1")
        ).all()

    assert login == LOGIN_ROLE != owner
    assert set(may_become) == {LOGIN_ROLE, APP_ROLE, READER_ROLE}


@pytest.mark.parametrize(
    "smuggled", ["RESET ROLE", "SET ROLE assent", "SET SESSION AUTHORIZATION assent", "SET ROLE postgres"]
)
def test_no_statement_leaves_the_applications_role_for_a_stronger_one(database, workspace, smuggled):
    with database.transaction(workspace.id) as session:
        outcomes = []
        for statement in (smuggled, "ALTER TABLE workspaces ADD COLUMN smuggled int", "DELETE FROM audit_entries"):
            try:
                with session.begin_nested():
                    session.execute(text(statement))
            except exc.DBAPIError:
                outcomes.append("refused")
            else:
                outcomes.append("done")
        seen = "refused"
        try:
            with session.begin_nested():
                seen = session.scalar(text("SELECT count(DISTINCT workspace_id) FROM sending_identities"))
        except exc.DBAPIError:
            pass
        session.rollback()

    assert outcomes[1:] == ["refused", "refused"]
    assert seen in ("refused", 1)


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"])
def test_what_staff_did_is_only_added_to(database, workspace, owner_url, statement):
    """By privilege for the application, and by trigger for whoever owns the table."""
    with database.transaction(workspace.id) as session:
        audit.record(
            *(session, workspace.id),
            staff_id=workspace.owner_id,
            action="staff.invited",
            subject_kind="test",
            subject_id=1,
            now=NOON,
        )
    with pytest.raises(exc.ProgrammingError, match="permission denied"), database.transaction(workspace.id) as session:
        session.execute(text(statement))
    with psycopg.connect(owner_url) as owner, pytest.raises(psycopg.errors.InsufficientPrivilege, match="never"):
        owner.execute("ALTER TABLE audit_entries NO FORCE ROW LEVEL SECURITY")
        owner.execute(statement)


def test_an_account_that_goes_leaves_its_audit_entries_without_a_name(database, workspace, superuser_url):
    with database.transaction(workspace.id) as session:
        audit.record(
            *(session, workspace.id),
            staff_id=workspace.owner_id,
            action="staff.invited",
            subject_kind="test",
            subject_id=1,
            now=NOON,
        )
    with psycopg.connect(superuser_url) as console:
        console.execute("DELETE FROM staff WHERE id = %s", [workspace.owner_id])
        left = console.execute("SELECT staff_id FROM audit_entries WHERE workspace_id = %s", [workspace.id]).fetchall()
        console.rollback()

    assert left
    assert {staff_id for (staff_id,) in left} == {None}


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
        context = MigrationContext.configure(connection, opts={"include_name": schema.is_modelled})
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
