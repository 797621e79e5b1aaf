"""The end of a chain never moves back, and what staff did is only ever added to: by privilege, and by trigger."""

from alembic import op

from app.accounts import audit_ddl
from app.consent.ledger import triggers
from app.kernel.database import APP_ROLE

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in (*triggers.HEADS, *audit_ddl.AUDIT):
        op.execute(statement)
    op.execute(f"REVOKE DELETE, TRUNCATE ON consent_heads FROM {APP_ROLE}")
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM {APP_ROLE}")


def downgrade() -> None:
    op.execute(f"GRANT UPDATE, DELETE ON audit_entries TO {APP_ROLE}")
    op.execute(f"GRANT DELETE ON consent_heads TO {APP_ROLE}")
    for statement in (*audit_ddl.UNDO, *triggers.UNDO_HEADS):
        op.execute(statement)
