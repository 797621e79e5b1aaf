"""Mail to staff is counted per mailbox and day, and an invitation is from the installation, not from a workspace."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("staff_mails", "identity_id", nullable=True)
    op.create_table(
        "mail_allowances",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("mailed_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", "on_day", name=op.f("pk_mail_allowances")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON mail_allowances TO assent_app")
    op.execute("GRANT SELECT ON mail_allowances TO assent_reader")


def downgrade() -> None:
    op.drop_table("mail_allowances")
    op.execute("DELETE FROM staff_mails WHERE identity_id IS NULL")
    op.alter_column("staff_mails", "identity_id", nullable=False)
