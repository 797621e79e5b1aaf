"""An address that somebody else put in the place of one that had agreed stays silent until its owner agrees."""

from alembic import op

from app.consent import ddl

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in ddl.NEW_ADDRESSES:
        op.execute(statement)


def downgrade() -> None:
    for statement in ddl.UNDO_NEW_ADDRESSES:
        op.execute(statement)
