"""A written row is held against the workspace that was looked up once for its statement, not once for each row."""

from alembic import op

from app.kernel import tenancy

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = "SELECT tablename FROM pg_policies WHERE schemaname = 'public' AND policyname = 'tenant' ORDER BY tablename"


def upgrade() -> None:
    _check_with(f"workspace_id = (SELECT {tenancy.WORKSPACE})")


def downgrade() -> None:
    _check_with(f"workspace_id = {tenancy.WORKSPACE}")


def _check_with(condition: str) -> None:
    for (table,) in op.get_bind().exec_driver_sql(_TABLES).fetchall():
        op.execute(f"ALTER POLICY tenant ON {table} WITH CHECK ({condition})")
