"""A journey knows when a mail was laid for who stands at it, to wait for its leaving, and that it is being edited."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrolments", sa.Column("mail_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("journeys", sa.Column("is_edited", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    # The program before finds those who wait at their mail, lays none down twice, and moves them on.
    op.drop_column("journeys", "is_edited")
    op.drop_column("enrolments", "mail_at")
