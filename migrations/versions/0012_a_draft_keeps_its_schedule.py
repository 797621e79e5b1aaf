"""A draft keeps when it shall leave; a campaign too late to be sent unasked is held; a deleted draft can come back."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_DELETED = "ck_campaigns_only_drafts_are_deleted"
_STATES = "state IN ('draft', 'scheduled', 'sending', 'paused', 'cancelled', 'sent')"
_STATES_NOW = "state IN ('draft', 'scheduled', 'held', 'sending', 'paused', 'cancelled', 'sent')"


def upgrade() -> None:
    later = sa.Column("send_later", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    op.add_column("campaigns", later)
    op.add_column("campaigns", sa.Column("deleted_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE campaigns SET send_later = true WHERE state = 'scheduled'")
    _check("known_state", _STATES_NOW)
    _check("scheduled_has_time", "state NOT IN ('scheduled', 'held') OR scheduled_at IS NOT NULL")
    op.create_check_constraint(op.f(_DELETED), "campaigns", "deleted_at IS NULL OR state = 'draft'")


def downgrade() -> None:
    op.execute("DELETE FROM campaigns WHERE deleted_at IS NOT NULL")
    op.execute("UPDATE campaigns SET state = 'draft', scheduled_at = NULL WHERE state = 'held'")
    op.drop_constraint(op.f(_DELETED), "campaigns")
    _check("known_state", _STATES)
    _check("scheduled_has_time", "state <> 'scheduled' OR scheduled_at IS NOT NULL")
    op.drop_column("campaigns", "deleted_at")
    op.drop_column("campaigns", "send_later")


def _check(name: str, says: str) -> None:
    op.drop_constraint(op.f(f"ck_campaigns_{name}"), "campaigns")
    op.create_check_constraint(op.f(f"ck_campaigns_{name}"), "campaigns", says)
