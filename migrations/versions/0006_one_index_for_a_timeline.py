"""The key of an activity is what its timeline is read by, so that each click and open enters one index less."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("pk_activities", "activities")
    op.drop_index("ix_activities_customer", table_name="activities")
    op.create_primary_key("pk_activities", "activities", ["workspace_id", "customer_id", "at", "id"])


def downgrade() -> None:
    op.drop_constraint("pk_activities", "activities")
    op.create_primary_key("pk_activities", "activities", ["workspace_id", "id"])
    op.create_index("ix_activities_customer", "activities", ["workspace_id", "customer_id", "at", "id"])
