"""The application logs in as a role that may become its own two roles, and never the owner of the tables."""

from alembic import op

from app.kernel import tenancy

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(tenancy.LOGIN)


def downgrade() -> None:
    """Roles belong to the whole server: another database may still be used through this one."""
