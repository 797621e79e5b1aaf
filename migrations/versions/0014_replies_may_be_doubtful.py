"""A reply may be a request to stop, and may be a stranger's; those to one message are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("replies", sa.Column("is_verified", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.create_index("ix_replies_message", "replies", ["workspace_id", "message_id"])
    op.drop_constraint(op.f("ck_replies_known_class"), "replies")
    known = "class IN ('human', 'auto', 'unsubscribe', 'possible_unsubscribe')"
    op.create_check_constraint(op.f("ck_replies_known_class"), "replies", known)


def downgrade() -> None:
    op.execute("UPDATE replies SET class = 'human' WHERE class = 'possible_unsubscribe'")
    op.drop_constraint(op.f("ck_replies_known_class"), "replies")
    op.create_check_constraint(op.f("ck_replies_known_class"), "replies", "class IN ('human', 'auto', 'unsubscribe')")
    op.drop_index("ix_replies_message", table_name="replies")
    op.drop_column("replies", "is_verified")
