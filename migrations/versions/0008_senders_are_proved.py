"""A sending identity keeps what its DNS records came to, and since when its domain is proved."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TIMES = ("proved_at", "proof_seen_at", "check_requested_at", "checked_at")


def upgrade() -> None:
    token = sa.text("replace(gen_random_uuid()::text, '-', '')")
    op.add_column("sending_identities", sa.Column("proof_token", sa.Text(), server_default=token, nullable=False))
    for name in _TIMES:
        op.add_column("sending_identities", sa.Column(name, postgresql.TIMESTAMP(timezone=True), nullable=True))
    findings = sa.Column("dns_findings", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)
    op.add_column("sending_identities", findings)


def downgrade() -> None:
    for name in ("dns_findings", *reversed(_TIMES), "proof_token"):
        op.drop_column("sending_identities", name)
