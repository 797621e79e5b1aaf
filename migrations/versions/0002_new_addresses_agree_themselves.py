"""An address that somebody else put in the place of one that had agreed stays silent until its owner agrees."""

from alembic import op

from app.consent.ledger import triggers

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in triggers.NEW_ADDRESSES:
        op.execute(statement)


def downgrade() -> None:
    for statement in triggers.UNDO_NEW_ADDRESSES:
        op.execute(statement)
