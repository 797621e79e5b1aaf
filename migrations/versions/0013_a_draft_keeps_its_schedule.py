"""A draft keeps when it shall leave, and a campaign too late to be sent unasked is held."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_STATES = "state IN ('draft', 'scheduled', 'sending', 'paused', 'cancelled', 'sent')"
_STATES_NOW = "state IN ('draft', 'scheduled', 'held', 'sending', 'paused', 'cancelled', 'sent')"


def upgrade() -> None:
    later = sa.Column("send_later", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    op.add_column("campaigns", later)
    _update("send_later = true WHERE state = 'scheduled'")
    _check("known_state", _STATES_NOW)
    _check("scheduled_has_time", "state NOT IN ('scheduled', 'held') OR scheduled_at IS NOT NULL")


def downgrade() -> None:
    _update("state = 'draft', scheduled_at = NULL WHERE state = 'held'")
    _check("known_state", _STATES)
    _check("scheduled_has_time", "state <> 'scheduled' OR scheduled_at IS NOT NULL")
    op.drop_column("campaigns", "send_later")


def _check(name: str, says: str) -> None:
    op.drop_constraint(op.f(f"ck_campaigns_{name}"), "campaigns")
    op.create_check_constraint(op.f(f"ck_campaigns_{name}"), "campaigns", says)


def _update(what: str) -> None:
    """Change rows of every workspace: the tables' owner is held to no tenant meanwhile."""
    op.execute("ALTER TABLE campaigns NO FORCE ROW LEVEL SECURITY")
    op.execute(f"UPDATE campaigns SET {what}")
    op.execute("ALTER TABLE campaigns FORCE ROW LEVEL SECURITY")
