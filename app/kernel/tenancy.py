"""Roles and row-level-security policies as SQL, for migrations and checks."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, text

from app.kernel.database import APP_ROLE, LOGIN_ROLE, READER_ROLE

WORKSPACE = "nullif(current_setting('app.workspace_id', true), '')::bigint"
ACTOR = "nullif(current_setting('app.actor_id', true), '')::bigint"
# What a written row is held against. As a subquery it is looked up once for a statement, not once for each of its rows.
OWN = f"workspace_id = (SELECT {WORKSPACE})"

# The application may become the reader, but must not inherit from it: an inherited role's open policies would apply.
# Roles belong to the whole server, so two databases set up at the same time must take turns.
ROLES = f"""
DO $$ BEGIN
  PERFORM pg_advisory_xact_lock(7271);
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
    CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{READER_ROLE}') THEN
    CREATE ROLE {READER_ROLE} NOLOGIN NOSUPERUSER NOBYPASSRLS; END IF;
  EXECUTE format('GRANT {APP_ROLE}, {READER_ROLE} TO %I', session_user);
END $$;
GRANT USAGE ON SCHEMA public TO {APP_ROLE}, {READER_ROLE};
GRANT {READER_ROLE} TO {APP_ROLE};
"""

# It has no password until the operator gives it one, so nobody logs in as it over a network before that.
LOGIN = f"""
DO $$ BEGIN
  PERFORM pg_advisory_xact_lock(7271);
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{LOGIN_ROLE}') THEN
    CREATE ROLE {LOGIN_ROLE} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOINHERIT; END IF;
END $$;
GRANT {APP_ROLE}, {READER_ROLE} TO {LOGIN_ROLE};
"""

GRANTS = f"""
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER_ROLE};
"""


def policies(table: str, *, also: str = "") -> list[str]:
    """Return the statements that lock a tenant table. `also` widens what may be read, never what may be written."""
    own = f"workspace_id = {WORKSPACE}"
    seen = f"{own} OR {also}" if also else own
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {table} TO {APP_ROLE} USING ({seen}) WITH CHECK ({OWN})",
        f"CREATE POLICY reader ON {table} FOR SELECT TO {READER_ROLE} USING (true)",
    ]


def insert_only(table: str) -> str:
    """Return the statement that takes every way of changing a written row from the application."""
    return f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP_ROLE}"


def protect(connection: Connection, metadata: MetaData) -> None:
    """Create the roles, lock every tenant table and grant what the application may do; run as the owner.

    A table whose `info` says `insert_only` may be read and added to, never changed.
    """
    connection.execute(text(ROLES))
    for table in metadata.sorted_tables:
        if "workspace_id" not in table.columns:
            continue
        also = f"staff_id = {ACTOR}" if table.name == "memberships" else ""
        for statement in policies(table.name, also=also):
            connection.execute(text(statement))
    connection.execute(text(GRANTS))
    for table in metadata.sorted_tables:
        if table.info.get("insert_only"):
            connection.execute(text(insert_only(table.name)))
