"""Roles and row-level-security policies as SQL, for migrations."""

from __future__ import annotations

from sqlalchemy import Connection, text

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

# For every table that the owner makes from now on; what is only ever added to is revoked where its table is made.
GRANTS = f"""
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {READER_ROLE};
"""
UNDO_GRANTS = f"""
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {APP_ROLE}, {READER_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM {APP_ROLE};
"""
# Staff see their memberships of every workspace, to choose between them.
_ALSO_SEEN = {"memberships": f"staff_id = {ACTOR}"}


def tenant_tables(connection: Connection) -> list[str]:
    """Return the names of the tables whose rows belong to a workspace, partitions included."""
    query = text(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'"
        " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    return list(connection.scalars(query))


def policies(table: str) -> list[str]:
    """Return the statements that lock a tenant table."""
    own = f"workspace_id = {WORKSPACE}"
    seen = f"{own} OR {_ALSO_SEEN[table]}" if table in _ALSO_SEEN else own
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {table} TO {APP_ROLE} USING ({seen}) WITH CHECK ({OWN})",
        f"CREATE POLICY reader ON {table} FOR SELECT TO {READER_ROLE} USING (true)",
    ]
