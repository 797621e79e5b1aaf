"""An import remembers which rows named somebody again, and a row given back the column at fault."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("imports", sa.Column("repeats", JSONB(), server_default="[]", nullable=False))
    op.add_column("import_errors", sa.Column("place", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("import_errors", "place")
    op.drop_column("imports", "repeats")
