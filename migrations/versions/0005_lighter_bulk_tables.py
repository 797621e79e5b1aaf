"""Tables written by the hundred thousand keep only the indexes that questions use, and no key written twice."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_consent_ledger_recorded_at", table_name="consent_ledger")
    # Records come in the order of time: a summary of each stretch of the table finds a period as well as a tree does.
    op.create_index("ix_consent_ledger_recorded_at", "consent_ledger", ["recorded_at"], postgresql_using="brin")
    op.drop_constraint("fk_purchases_workspace_id_customer_id", "purchases", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(
        "fk_purchases_workspace_id_customer_id",
        "purchases",
        "customers",
        ["workspace_id", "customer_id"],
        ["workspace_id", "id"],
        ondelete="CASCADE",
    )
    op.drop_index("ix_consent_ledger_recorded_at", table_name="consent_ledger")
    op.create_index("ix_consent_ledger_recorded_at", "consent_ledger", ["workspace_id", "recorded_at"])
