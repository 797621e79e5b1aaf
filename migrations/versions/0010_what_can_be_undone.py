"""What staff can take back is kept for a day, whatever its size."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "undo_steps",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_undo_steps_staff_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_undo_steps_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_undo_steps")),
    )
    own = "nullif(current_setting('app.workspace_id', true), '')::bigint"
    for statement in (
        "ALTER TABLE undo_steps ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE undo_steps FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON undo_steps TO assent_app USING (workspace_id = {own})"
        f" WITH CHECK (workspace_id = (SELECT {own}))",
        "CREATE POLICY reader ON undo_steps FOR SELECT TO assent_reader USING (true)",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON undo_steps TO assent_app",
        "GRANT SELECT ON undo_steps TO assent_reader",
    ):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("undo_steps")
