"""A job in the outbox says whose it is, so that no workspace has more than a few of a queue under way at once."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("tenant_id", sa.BigInteger(), nullable=True))
    op.execute("UPDATE outbox SET tenant_id = CAST(args ->> 'workspace_id' AS bigint)")
    op.create_index(
        "ix_outbox_turn", "outbox", ["queue", "tenant_id", "id"], postgresql_where=sa.text("failed_at IS NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_turn", table_name="outbox")
    op.drop_column("outbox", "tenant_id")
