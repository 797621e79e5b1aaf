"""A domain that refuses our mail as such is remembered with its evidence, let alone for a while, and tried again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.kernel import tenancy

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "domain_refusals",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("recipients", postgresql.ARRAY(sa.LargeBinary()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("taken", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("began_at", _TIME, nullable=False),
        sa.Column("latest_at", _TIME, nullable=False),
        sa.Column("paused_until", _TIME, nullable=True),
        sa.Column("setbacks", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_domain_refusals_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "identity_id"],
            ["sending_identities.workspace_id", "sending_identities.id"],
            name=op.f("fk_domain_refusals_workspace_id_identity_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "identity_id", "domain", name=op.f("pk_domain_refusals")),
    )
    for statement in tenancy.policies("domain_refusals"):
        op.execute(statement)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON domain_refusals TO assent_app")
    op.execute("GRANT SELECT ON domain_refusals TO assent_reader")


def downgrade() -> None:
    op.drop_table("domain_refusals")
