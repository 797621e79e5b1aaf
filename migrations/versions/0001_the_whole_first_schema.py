"""The whole first schema: tables, who may read and write them, and the triggers that keep the ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.consent.ledger import triggers
from app.kernel import tenancy

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Locked to their workspace by row-level security.
TENANT_TABLES = (
    "activities",
    "api_keys",
    "audit_entries",
    "batches",
    "cadence_policies",
    "campaigns",
    "confirmation_allowances",
    "consent_evidence",
    "consent_heads",
    "consent_ledger",
    "consent_state",
    "custom_fields",
    "customer_engagement",
    "customer_traits",
    "customers",
    "enrolments",
    "idempotency_keys",
    "import_errors",
    "import_files",
    "imports",
    "invitations",
    "journey_steps",
    "journeys",
    "lanes",
    "ledger_checks",
    "links",
    "memberships",
    "messages",
    "notices",
    "purchases",
    "replies",
    "segments",
    "sending_identities",
    "sends",
    "signup_forms",
    "signup_requests",
    "silent_counts",
    "staff_mails",
    "suppressions",
    "tasks",
    "topics",
)
# Read and added to, never changed.
INSERT_ONLY = (
    "consent_ledger",
    "ledger_checks",
    "notices",
)


def upgrade() -> None:
    op.execute(tenancy.ROLES)
    op.create_table(
        "activities",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("send_id", sa.BigInteger(), nullable=True),
        sa.Column("link_id", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("verdict_version", sa.SmallInteger(), nullable=True),
        sa.Column("reasons", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_activities")),
    )
    op.create_index("ix_activities_customer", "activities", ["workspace_id", "customer_id", "at", "id"], unique=False)
    op.create_index(
        "ix_activities_send",
        "activities",
        ["workspace_id", "send_id", "kind"],
        unique=False,
        postgresql_where=sa.text("send_id IS NOT NULL"),
    )
    op.create_table(
        "consent_evidence",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("personal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "seq", name=op.f("pk_consent_evidence")),
    )
    op.create_table(
        "consent_ledger",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "seq", name=op.f("pk_consent_ledger")),
        info={"insert_only": True},
    )
    op.create_index(
        "ix_consent_ledger_customer", "consent_ledger", ["workspace_id", "customer_id", "seq"], unique=False
    )
    op.create_index("ix_consent_ledger_recorded_at", "consent_ledger", ["workspace_id", "recorded_at"], unique=False)
    op.create_table(
        "consent_state",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=True),
        sa.Column("promised_limit", sa.BigInteger(), nullable=True),
        sa.Column("promised_days", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id", "purpose", "topic_id", name=op.f("pk_consent_state")),
        postgresql_with={"fillfactor": "85"},
    )
    op.create_index(
        "ix_consent_state_allowed",
        "consent_state",
        ["workspace_id", "purpose", "topic_id", "customer_id"],
        unique=False,
        postgresql_where=sa.text("allowed"),
        postgresql_include=["ledger_seq", "expires_at"],
    )
    op.create_table(
        "cron_ticks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cron_ticks")),
    )
    op.create_table(
        "customer_engagement",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sent_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("latest_sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("latest_open_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("latest_click_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("latest_reply_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("latest_human_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("open_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("click_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("machine_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("orders", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("spent", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("items", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_purchase_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("latest_purchase_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("recent_contact_at", sa.ARRAY(sa.TIMESTAMP(timezone=True)), server_default="{}", nullable=False),
        sa.Column("recent_contact_topic", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id", name=op.f("pk_customer_engagement")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "customers",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("external_ref", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_key", sa.Text(collation="C"), nullable=True),
        sa.Column("address_digest", sa.LargeBinary(), nullable=True),
        sa.Column("provider", sa.Text(), server_default="other", nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("tags", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("custom", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("provenance", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(email_key IS NULL) = (address_digest IS NULL)", name=op.f("ck_customers_digest_follows_email")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_customers")),
        sa.UniqueConstraint("workspace_id", "email_key", name="uq_customers_email_key"),
    )
    op.create_index("ix_customers_country", "customers", ["workspace_id", "country"], unique=False)
    op.create_index(
        "ix_customers_first_name",
        "customers",
        ["workspace_id", sa.literal_column('lower(first_name) COLLATE "C"')],
        unique=False,
    )
    op.create_index(
        "ix_customers_last_name",
        "customers",
        ["workspace_id", sa.literal_column('lower(last_name) COLLATE "C"')],
        unique=False,
    )
    op.create_index("ix_customers_tags", "customers", ["tags"], unique=False, postgresql_using="gin")
    op.create_index(
        "uq_customers_external_ref",
        "customers",
        ["workspace_id", "external_ref"],
        unique=True,
        postgresql_where=sa.text("external_ref IS NOT NULL"),
    )
    op.create_table(
        "messages",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("send_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempt", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("permission_seq", sa.BigInteger(), nullable=True),
        sa.Column("contact_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("handed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("smtp_code", sa.SmallInteger(), nullable=True),
        sa.Column("smtp_reply", sa.Text(), nullable=True),
        sa.Column("extra", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("due_at IS NULL OR state = 'queued'", name=op.f("ck_messages_only_queued_waits")),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_messages_sent_has_time")),
        sa.CheckConstraint("state <> 'skipped' OR reason IS NOT NULL", name=op.f("ck_messages_skipped_has_reason")),
        sa.CheckConstraint(
            "state IN ('queued', 'handed', 'sent', 'refused', 'in_doubt', 'skipped')",
            name=op.f("ck_messages_known_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('handed', 'sent') OR permission_seq IS NOT NULL", name=op.f("ck_messages_no_record_no_send")
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_messages")),
        sa.UniqueConstraint("workspace_id", "customer_id", "send_id", name="uq_messages_once"),
        postgresql_with={"fillfactor": 60},
    )
    op.create_index("ix_messages_send", "messages", ["workspace_id", "send_id"], unique=False)
    op.create_index(
        "ix_messages_waiting",
        "messages",
        ["workspace_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("args", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("run_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("is_wanted_again", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("leased_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("failed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["leased_until", "run_at"],
        unique=False,
        postgresql_where=sa.text("failed_at IS NULL"),
    )
    op.create_index("uq_outbox_key", "outbox", ["key"], unique=True, postgresql_where=sa.text("key IS NOT NULL"))
    op.create_table(
        "spool_positions",
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("owner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("file", "owner", name=op.f("pk_spool_positions")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("password_changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("sender_address", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=True),
        sa.Column("postal_address", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("digest_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("slug", name=op.f("uq_workspaces_slug")),
    )
    op.create_table(
        "api_keys",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_api_keys_created_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_api_keys_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_audit_entries_staff_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_audit_entries_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_audit_entries")),
    )
    op.create_table(
        "cadence_policies",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("cap_limit", sa.BigInteger(), nullable=True),
        sa.Column("cap_days", sa.BigInteger(), nullable=True),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("sending_days", sa.ARRAY(sa.SmallInteger()), nullable=False),
        sa.CheckConstraint("sending_days <@ '{0,1,2,3,4,5,6}'", name=op.f("ck_cadence_policies_days_of_a_week")),
        sa.CheckConstraint("(cap_limit IS NULL) = (cap_days IS NULL)", name=op.f("ck_cadence_policies_cap_is_whole")),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_until IS NULL)", name=op.f("ck_cadence_policies_quiet_is_whole")
        ),
        sa.CheckConstraint(
            "cap_limit BETWEEN 1 AND 40 AND cap_days BETWEEN 1 AND 366", name=op.f("ck_cadence_policies_cap_in_range")
        ),
        sa.CheckConstraint("cardinality(sending_days) BETWEEN 1 AND 7", name=op.f("ck_cadence_policies_some_day")),
        sa.CheckConstraint("quiet_from <> quiet_until", name=op.f("ck_cadence_policies_quiet_ends")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_cadence_policies_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_cadence_policies")),
    )
    op.create_table(
        "confirmation_allowances",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("address_digest", sa.LargeBinary(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mailed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("mailed_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_confirmation_allowances_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "address_digest", "topic_id", name=op.f("pk_confirmation_allowances")),
    )
    op.create_table(
        "consent_heads",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_consent_heads_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_consent_heads")),
    )
    op.create_table(
        "custom_fields",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("choices", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,39}$'", name=op.f("ck_custom_fields_key")),
        sa.CheckConstraint(
            "kind IN ('text', 'number', 'date', 'boolean', 'choice')", name=op.f("ck_custom_fields_kind")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_custom_fields_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_custom_fields")),
        sa.UniqueConstraint("workspace_id", "key", name="uq_custom_fields_key"),
    )
    op.create_table(
        "customer_traits",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recency", sa.SmallInteger(), nullable=False),
        sa.Column("frequency", sa.SmallInteger(), nullable=False),
        sa.Column("monetary", sa.SmallInteger(), nullable=False),
        sa.Column("value_tier", sa.Text(), nullable=False),
        sa.Column("revenue_share", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("segment_label", sa.Text(), nullable=False),
        sa.Column("inferred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "recency BETWEEN 1 AND 5 AND frequency BETWEEN 1 AND 5 AND monetary BETWEEN 1 AND 5",
            name=op.f("ck_customer_traits_quintiles"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_customer_traits_workspace_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id", name=op.f("pk_customer_traits")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_idempotency_keys_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_age", "idempotency_keys", ["workspace_id", "created_at"], unique=False)
    op.create_table(
        "imports",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="uploaded", nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("delimiter", sa.Text(), nullable=False),
        sa.Column("header", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("rows_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("rehearsal", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('people', 'purchases')", name=op.f("ck_imports_kind")),
        sa.CheckConstraint("source IN ('own', 'external')", name=op.f("ck_imports_source")),
        sa.CheckConstraint(
            "state IN ('uploaded', 'mapped', 'checking', 'checked', 'running', 'done', 'failed')",
            name=op.f("ck_imports_state"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_imports_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_imports")),
    )
    op.create_table(
        "invitations",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("invited_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("accepted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'marketer', 'viewer')", name=op.f("ck_invitations_known_role")),
        sa.ForeignKeyConstraint(["invited_by"], ["staff.id"], name=op.f("fk_invitations_invited_by")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_invitations_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_invitations")),
    )
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["workspace_id", "email"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_table(
        "ledger_checks",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("head_seq", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.Text(), nullable=False),
        sa.Column("problems", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_ledger_checks_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_ledger_checks")),
        info={"insert_only": True},
    )
    op.create_table(
        "links",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("send_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("url ~* '^https?://'", name=op.f("ck_links_url_is_web")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_links_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_links")),
        sa.UniqueConstraint("workspace_id", "send_id", "position", name=op.f("uq_links_workspace_id_send_id_position")),
    )
    op.create_table(
        "memberships",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'marketer', 'viewer')", name=op.f("ck_memberships_known_role")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_memberships_staff_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_memberships_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "staff_id", name=op.f("pk_memberships")),
    )
    op.create_index("ix_memberships_staff", "memberships", ["staff_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_notices_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "workspace_id", "kind", "language", "version", name=op.f("uq_notices_workspace_id_kind_language_version")
        ),
        info={"insert_only": True},
    )
    op.create_index("ix_notices_sha256", "notices", ["workspace_id", "sha256"], unique=False)
    op.create_table(
        "purchases",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("order_ref", sa.Text(), nullable=False),
        sa.Column("purchased_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("items", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("import_id", sa.BigInteger(), nullable=True),
        sa.Column("import_row", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_purchases_workspace_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_purchases")),
        sa.UniqueConstraint("workspace_id", "order_ref", name="uq_purchases_order_ref"),
    )
    op.create_index("ix_purchases_customer", "purchases", ["workspace_id", "customer_id", "purchased_at"], unique=False)
    op.create_table(
        "replies",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("reference", sa.LargeBinary(), nullable=True),
        sa.Column("done_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("class IN ('human', 'auto', 'unsubscribe')", name=op.f("ck_replies_known_class")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_replies_workspace_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_replies_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_replies")),
    )
    op.create_index(
        "ix_replies_waiting",
        "replies",
        ["workspace_id", "at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index("uq_replies_reference", "replies", ["workspace_id", "reference"], unique=True)
    op.create_table(
        "segments",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("latest_count", sa.BigInteger(), nullable=True),
        sa.Column("counted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_segments_has_name")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_segments_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_segments")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_segments_workspace_id_name")),
    )
    op.create_table(
        "sending_identities",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("from_address", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=True),
        sa.Column("smtp_url", sa.LargeBinary(), nullable=True),
        sa.Column("dkim_selector", sa.Text(), nullable=True),
        sa.Column("dkim_rsa_key", sa.LargeBinary(), nullable=True),
        sa.Column("dkim_ed25519_selector", sa.Text(), nullable=True),
        sa.Column("dkim_ed25519_key", sa.LargeBinary(), nullable=True),
        sa.Column("signs", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("rate_per_second", sa.BigInteger(), nullable=True),
        sa.Column("max_connections", sa.BigInteger(), server_default=sa.text("4"), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("paused_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "NOT signs OR dkim_rsa_key IS NOT NULL", name=op.f("ck_sending_identities_signing_needs_keys")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_sending_identities_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sending_identities")),
        sa.UniqueConstraint("workspace_id", "from_address", name="uq_sending_identities_address"),
    )
    op.create_table(
        "signup_forms",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("introduction", sa.Text(), server_default="", nullable=False),
        sa.Column("topic_ids", postgresql.ARRAY(sa.BIGINT()), nullable=False),
        sa.Column("asks", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("asks_name", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_signup_forms_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_signup_forms")),
        sa.UniqueConstraint("workspace_id", "slug", name=op.f("uq_signup_forms_workspace_id_slug")),
    )
    op.create_table(
        "signup_requests",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("address_digest", sa.LargeBinary(), nullable=False),
        sa.Column("topic_ids", postgresql.ARRAY(sa.BIGINT()), nullable=False),
        sa.Column("choices", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("personal", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("confirmed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'confirmed' OR confirmed_at IS NOT NULL", name=op.f("ck_signup_requests_confirmed_has_time")
        ),
        sa.CheckConstraint(
            "state IN ('pending','unmailed','confirmed','denied','rejected_abuse')",
            name=op.f("ck_signup_requests_known_state"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_signup_requests_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_signup_requests")),
    )
    op.create_index(
        "ix_signup_requests_form", "signup_requests", ["workspace_id", "form_id", "requested_at"], unique=False
    )
    op.create_index(
        "ix_signup_requests_network", "signup_requests", ["workspace_id", "network", "requested_at"], unique=False
    )
    op.create_table(
        "silent_counts",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("send_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_silent_counts_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "send_id", "kind", name=op.f("pk_silent_counts")),
    )
    op.create_table(
        "staff_mails",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_staff_mails_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_staff_mails")),
    )
    op.create_index(
        "ix_staff_mails_open",
        "staff_mails",
        ["workspace_id", "id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("active_workspace_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["active_workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_staff_sessions_active_workspace_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_sessions_digest")),
    )
    op.create_index("ix_staff_sessions_expiry", "staff_sessions", ["expires_at"], unique=False)
    op.create_index("ix_staff_sessions_staff", "staff_sessions", ["staff_id"], unique=False)
    op.create_table(
        "suppressions",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("address_digest", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_suppressions_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "address_digest", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "topics",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("promised_limit", sa.BigInteger(), nullable=False),
        sa.Column("promised_days", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("promised_limit > 0 AND promised_days > 0", name=op.f("ck_topics_promise_is_positive")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_topics_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_topics")),
        sa.UniqueConstraint("workspace_id", "key", name=op.f("uq_topics_workspace_id_key")),
    )
    op.create_table(
        "import_errors",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("import_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("cells", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_id"],
            ["imports.workspace_id", "imports.id"],
            name=op.f("fk_import_errors_workspace_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "import_id", "row", name=op.f("pk_import_errors")),
    )
    op.create_table(
        "import_files",
        sa.Column("workspace_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("import_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "import_id"],
            ["imports.workspace_id", "imports.id"],
            name=op.f("fk_import_files_workspace_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "import_id", "position", name=op.f("pk_import_files")),
    )
    op.create_table(
        "journeys",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("trigger_kind", sa.Text(), nullable=False),
        sa.Column("trigger_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("interest_title", sa.Text(), nullable=True),
        sa.Column("interest_owner_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state = 'draft' OR version > 0", name=op.f("ck_journeys_published_has_version")),
        sa.CheckConstraint("state IN ('draft', 'live', 'paused')", name=op.f("ck_journeys_known_state")),
        sa.CheckConstraint("trigger_kind IN ('segment', 'topic')", name=op.f("ck_journeys_known_trigger")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "identity_id"],
            ["sending_identities.workspace_id", "sending_identities.id"],
            name=op.f("fk_journeys_workspace_id_identity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "topic_id"],
            ["topics.workspace_id", "topics.id"],
            name=op.f("fk_journeys_workspace_id_topic_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_journeys_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_journeys")),
    )
    op.create_table(
        "lanes",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("rate_per_second", sa.BigInteger(), nullable=True),
        sa.Column("paused_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("setbacks", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("paused_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("paused_at IS NULL OR pause_reason IS NOT NULL", name=op.f("ck_lanes_pause_has_reason")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "identity_id"],
            ["sending_identities.workspace_id", "sending_identities.id"],
            name=op.f("fk_lanes_workspace_id_identity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_lanes_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_lanes")),
        sa.UniqueConstraint("workspace_id", "identity_id", "provider", name="uq_lanes_way"),
    )
    op.create_table(
        "sends",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("launched_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind = 'notice' OR topic_id IS NOT NULL", name=op.f("ck_sends_marketing_has_topic")),
        sa.CheckConstraint("kind IN ('campaign', 'journey', 'notice', 'api')", name=op.f("ck_sends_known_kind")),
        sa.CheckConstraint("state <> 'paused' OR pause_reason IS NOT NULL", name=op.f("ck_sends_pause_has_reason")),
        sa.CheckConstraint(
            "state IN ('preparing', 'running', 'paused', 'cancelled', 'done')", name=op.f("ck_sends_known_state")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "identity_id"],
            ["sending_identities.workspace_id", "sending_identities.id"],
            name=op.f("fk_sends_workspace_id_identity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_sends_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_sends")),
    )
    op.create_index("ix_sends_source", "sends", ["workspace_id", "kind", "source_id"], unique=False)
    op.create_table(
        "batches",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("send_id", sa.BigInteger(), nullable=False),
        sa.Column("lane_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("attempt", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("message_count", sa.BigInteger(), nullable=False),
        sa.Column("message_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.CheckConstraint(
            "state <> 'leased' OR (lease_until IS NOT NULL AND holder IS NOT NULL)",
            name=op.f("ck_batches_lease_is_held"),
        ),
        sa.CheckConstraint("state IN ('queued', 'leased', 'done')", name=op.f("ck_batches_known_state")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "lane_id"],
            ["lanes.workspace_id", "lanes.id"],
            name=op.f("fk_batches_workspace_id_lane_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "send_id"],
            ["sends.workspace_id", "sends.id"],
            name=op.f("fk_batches_workspace_id_send_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_batches_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_batches")),
    )
    op.create_index(
        "ix_batches_of_send",
        "batches",
        ["workspace_id", "send_id"],
        unique=False,
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.create_index(
        "ix_batches_open",
        "batches",
        ["workspace_id", "lane_id"],
        unique=False,
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.create_table(
        "campaigns",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("segment_id", sa.BigInteger(), nullable=True),
        sa.Column("is_for_everyone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("identity_id", sa.BigInteger(), nullable=True),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("scheduled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("launched_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("send_id", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("format IN ('markdown', 'mjml', 'html')", name=op.f("ck_campaigns_known_format")),
        sa.CheckConstraint(
            "state <> 'scheduled' OR scheduled_at IS NOT NULL", name=op.f("ck_campaigns_scheduled_has_time")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'scheduled', 'sending', 'paused', 'cancelled', 'sent')",
            name=op.f("ck_campaigns_known_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('sending', 'paused', 'sent') OR send_id IS NOT NULL",
            name=op.f("ck_campaigns_launched_has_send"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "identity_id"],
            ["sending_identities.workspace_id", "sending_identities.id"],
            name=op.f("fk_campaigns_workspace_id_identity_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "segment_id"],
            ["segments.workspace_id", "segments.id"],
            name=op.f("fk_campaigns_workspace_id_segment_id"),
            ondelete="SET NULL (segment_id)",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "send_id"],
            ["sends.workspace_id", "sends.id"],
            name=op.f("fk_campaigns_workspace_id_send_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "topic_id"],
            ["topics.workspace_id", "topics.id"],
            name=op.f("fk_campaigns_workspace_id_topic_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_campaigns_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_campaigns")),
    )
    op.create_index("ix_campaigns_updated", "campaigns", ["workspace_id", "updated_at"], unique=False)
    op.create_index(
        "uq_campaigns_send",
        "campaigns",
        ["workspace_id", "send_id"],
        unique=True,
        postgresql_where=sa.text("send_id IS NOT NULL"),
    )
    op.create_table(
        "enrolments",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("journey_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stop_reason", sa.Text(), nullable=True),
        sa.Column("entered_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'active') = (due_at IS NOT NULL)", name=op.f("ck_enrolments_active_has_due")),
        sa.CheckConstraint(
            "(state = 'stopped') = (stop_reason IS NOT NULL)", name=op.f("ck_enrolments_stopped_has_reason")
        ),
        sa.CheckConstraint("state IN ('active', 'done', 'stopped')", name=op.f("ck_enrolments_known_state")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "journey_id"],
            ["journeys.workspace_id", "journeys.id"],
            name=op.f("fk_enrolments_workspace_id_journey_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_enrolments_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("workspace_id", "journey_id", "customer_id", name="uq_enrolments_once"),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_enrolments_customer", "enrolments", ["workspace_id", "customer_id"], unique=False)
    op.create_index(
        "ix_enrolments_due",
        "enrolments",
        ["workspace_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "journey_steps",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("journey_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("wait_days", sa.SmallInteger(), nullable=True),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("preheader", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("send_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(kind = 'wait') = (wait_days IS NOT NULL)", name=op.f("ck_journey_steps_wait_has_days")),
        sa.CheckConstraint(
            "kind <> 'send' OR (subject IS NOT NULL AND source IS NOT NULL)",
            name=op.f("ck_journey_steps_send_has_content"),
        ),
        sa.CheckConstraint("kind IN ('send', 'wait', 'task')", name=op.f("ck_journey_steps_known_kind")),
        sa.CheckConstraint("wait_days BETWEEN 1 AND 365", name=op.f("ck_journey_steps_wait_is_sane")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "journey_id"],
            ["journeys.workspace_id", "journeys.id"],
            name=op.f("fk_journey_steps_workspace_id_journey_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "send_id"],
            ["sends.workspace_id", "sends.id"],
            name=op.f("fk_journey_steps_workspace_id_send_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_journey_steps_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_journey_steps")),
        sa.UniqueConstraint(
            "workspace_id",
            "journey_id",
            "version",
            "position",
            deferrable=True,
            initially="DEFERRED",
            name="uq_journey_steps_place",
        ),
    )
    op.create_table(
        "tasks",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("journey_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("done_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("done_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "journey_id"],
            ["journeys.workspace_id", "journeys.id"],
            name=op.f("fk_tasks_workspace_id_journey_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_tasks_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_tasks")),
    )
    op.create_index("ix_tasks_customer", "tasks", ["workspace_id", "customer_id"], unique=False)
    op.create_index(
        "ix_tasks_open", "tasks", ["workspace_id", "due_on"], unique=False, postgresql_where=sa.text("done_at IS NULL")
    )
    for statement in (*triggers.LEDGER, *triggers.EVIDENCE, *triggers.NOTICES):
        op.execute(statement)
    for table in TENANT_TABLES:
        also = f"staff_id = {tenancy.ACTOR}" if table == "memberships" else ""
        for statement in tenancy.policies(table, also=also):
            op.execute(statement)
    op.execute(tenancy.GRANTS)
    for table in INSERT_ONLY:
        op.execute(tenancy.insert_only(table))


def downgrade() -> None:
    op.drop_index("ix_tasks_open", table_name="tasks", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_index("ix_tasks_customer", table_name="tasks")
    op.drop_table("tasks")
    op.drop_table("journey_steps")
    op.drop_index("ix_enrolments_due", table_name="enrolments", postgresql_where=sa.text("state = 'active'"))
    op.drop_index("ix_enrolments_customer", table_name="enrolments")
    op.drop_table("enrolments")
    op.drop_index("uq_campaigns_send", table_name="campaigns", postgresql_where=sa.text("send_id IS NOT NULL"))
    op.drop_index("ix_campaigns_updated", table_name="campaigns")
    op.drop_table("campaigns")
    op.drop_index("ix_batches_open", table_name="batches", postgresql_where=sa.text("state <> 'done'"))
    op.drop_index("ix_batches_of_send", table_name="batches", postgresql_where=sa.text("state <> 'done'"))
    op.drop_table("batches")
    op.drop_index("ix_sends_source", table_name="sends")
    op.drop_table("sends")
    op.drop_table("lanes")
    op.drop_table("journeys")
    op.drop_table("import_files")
    op.drop_table("import_errors")
    op.drop_table("topics")
    op.drop_table("suppressions")
    op.drop_index("ix_staff_sessions_staff", table_name="staff_sessions")
    op.drop_index("ix_staff_sessions_expiry", table_name="staff_sessions")
    op.drop_table("staff_sessions")
    op.drop_index("ix_staff_mails_open", table_name="staff_mails", postgresql_where=sa.text("sent_at IS NULL"))
    op.drop_table("staff_mails")
    op.drop_table("silent_counts")
    op.drop_index("ix_signup_requests_network", table_name="signup_requests")
    op.drop_index("ix_signup_requests_form", table_name="signup_requests")
    op.drop_table("signup_requests")
    op.drop_table("signup_forms")
    op.drop_table("sending_identities")
    op.drop_table("segments")
    op.drop_index("uq_replies_reference", table_name="replies")
    op.drop_index("ix_replies_waiting", table_name="replies", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("replies")
    op.drop_index("ix_purchases_customer", table_name="purchases")
    op.drop_table("purchases")
    op.drop_index("ix_notices_sha256", table_name="notices")
    op.drop_table("notices")
    op.drop_index("ix_memberships_staff", table_name="memberships")
    op.drop_table("memberships")
    op.drop_table("links")
    op.drop_table("ledger_checks")
    op.drop_index(
        "uq_invitations_open",
        table_name="invitations",
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.drop_table("invitations")
    op.drop_table("imports")
    op.drop_index("ix_idempotency_keys_age", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("customer_traits")
    op.drop_table("custom_fields")
    op.drop_table("consent_heads")
    op.drop_table("confirmation_allowances")
    op.drop_table("cadence_policies")
    op.drop_table("audit_entries")
    op.drop_table("api_keys")
    op.drop_table("workspaces")
    op.drop_table("staff")
    op.drop_table("spool_positions")
    op.drop_index("uq_outbox_key", table_name="outbox", postgresql_where=sa.text("key IS NOT NULL"))
    op.drop_index("ix_outbox_due", table_name="outbox", postgresql_where=sa.text("failed_at IS NULL"))
    op.drop_table("outbox")
    op.drop_index("ix_messages_waiting", table_name="messages", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_index("ix_messages_send", table_name="messages")
    op.drop_table("messages")
    op.drop_index(
        "uq_customers_external_ref", table_name="customers", postgresql_where=sa.text("external_ref IS NOT NULL")
    )
    op.drop_index("ix_customers_tags", table_name="customers", postgresql_using="gin")
    op.drop_index("ix_customers_last_name", table_name="customers")
    op.drop_index("ix_customers_first_name", table_name="customers")
    op.drop_index("ix_customers_country", table_name="customers")
    op.drop_table("customers")
    op.drop_table("customer_engagement")
    op.drop_table("cron_ticks")
    op.drop_index(
        "ix_consent_state_allowed",
        table_name="consent_state",
        postgresql_where=sa.text("allowed"),
        postgresql_include=["ledger_seq", "expires_at"],
    )
    op.drop_table("consent_state")
    op.drop_index("ix_consent_ledger_recorded_at", table_name="consent_ledger")
    op.drop_index("ix_consent_ledger_customer", table_name="consent_ledger")
    op.drop_table("consent_ledger")
    op.drop_table("consent_evidence")
    op.drop_index("ix_activities_send", table_name="activities", postgresql_where=sa.text("send_id IS NOT NULL"))
    op.drop_index("ix_activities_customer", table_name="activities")
    op.drop_table("activities")
    for statement in triggers.UNDO:
        op.execute(statement)
