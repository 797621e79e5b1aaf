"""One request to sign up is worth one message, also where two jobs lay it at the same moment."""

from alembic import op
from sqlalchemy import text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "uq_messages_request",
        "messages",
        ["workspace_id", text("((extra ->> 'request_id')::bigint)")],
        unique=True,
        postgresql_where=text("extra ? 'request_id'"),
    )


def downgrade() -> None:
    op.drop_index("uq_messages_request", table_name="messages")
