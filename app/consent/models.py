"""The tables of permission. The ledger's own three are private to this room: nobody else reads or writes them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, SmallInteger, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.kernel.database import Base, Numbered, Tenant


class Topic(Numbered, Base):
    """Something one can subscribe to, and how often at most it will be written about."""

    __tablename__ = "topics"
    __table_args__ = (
        UniqueConstraint("workspace_id", "key"),
        CheckConstraint("promised_limit > 0 AND promised_days > 0", name="promise_is_positive"),
    )

    key: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    promised_limit: Mapped[int]
    promised_days: Mapped[int]
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=sql("true"))


class ConsentText(Numbered, Base):
    """One version of a wording in one language, exactly as people saw it. Never changed, only followed by another."""

    __tablename__ = "consent_texts"
    __table_args__ = (
        UniqueConstraint("workspace_id", "kind", "language", "version"),
        Index("ix_consent_texts_sha256", "workspace_id", "sha256"),
    )

    kind: Mapped[str]
    version: Mapped[int]
    language: Mapped[str]
    text: Mapped[str]
    sha256: Mapped[str]
    created_at: Mapped[datetime]


class _Plain:
    """Mixin: a tenant table that is written by the ten thousand and checked by the chain instead of by foreign keys."""

    @declared_attr
    def workspace_id(cls) -> Mapped[int]:
        return mapped_column(primary_key=True, autoincrement=False, sort_order=-2)


class LedgerRecord(_Plain, Base):
    """One answer somebody gave, chained to the one before. `record` holds the exact bytes that were hashed."""

    __tablename__ = "consent_ledger"
    __table_args__ = (
        Index("ix_consent_ledger_customer", "workspace_id", "customer_id", "seq"),
        # Records come in the order of time, so a summary of each stretch finds a period, at next to no cost a record.
        Index("ix_consent_ledger_recorded_at", "recorded_at", postgresql_using="brin"),
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recorded_at: Mapped[datetime]
    event: Mapped[str]
    customer_id: Mapped[int]
    purpose: Mapped[str]
    topic_id: Mapped[int]
    record: Mapped[str]
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]


class LedgerEvidence(_Plain, Base):
    """The personal values behind a record, which holds their keyed digest: erasing them leaves the chain whole."""

    __tablename__ = "consent_evidence"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    salt: Mapped[bytes]
    personal: Mapped[str]


class LedgerHead(Tenant, Base):
    """Where a workspace's chain ends. Whoever appends locks this row, so numbers have no gaps."""

    __tablename__ = "consent_heads"

    seq: Mapped[int]
    hash: Mapped[bytes]


class LedgerCheck(Numbered, Base):
    """One look over a workspace's ledger: how far it reached, what it found, and the head it can be held to later."""

    __tablename__ = "ledger_checks"

    at: Mapped[datetime]
    head_seq: Mapped[int]
    head_hash: Mapped[str]
    problems: Mapped[list[str]] = mapped_column(ARRAY(Text))


class ConsentStateRow(_Plain, Base):
    """The latest answer per person, purpose and topic (0: all topics): a fold of the ledger, for the gate to read."""

    __tablename__ = "consent_state"
    __table_args__ = (
        Index(
            "ix_consent_state_allowed",
            "workspace_id",
            "purpose",
            "topic_id",
            "customer_id",
            postgresql_where=sql("allowed"),
            postgresql_include=["ledger_seq", "expires_at"],
        ),
        {"postgresql_with": {"fillfactor": "85"}},
    )

    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str]
    allowed: Mapped[bool]
    basis: Mapped[str]
    method: Mapped[str]
    ledger_seq: Mapped[int]
    consent_text_id: Mapped[int | None]
    promised_limit: Mapped[int | None]
    promised_days: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    since: Mapped[datetime]


class Suppression(Tenant, Base):
    """An address never to be written to, kept as a keyed digest so that it stays so after its person is erased.

    `import_ids` are the files that name it, whoever else put it on the list.
    """

    __tablename__ = "suppressions"

    address_digest: Mapped[bytes] = mapped_column(primary_key=True)
    reason: Mapped[str]
    source: Mapped[str]
    at: Mapped[datetime]
    import_ids: Mapped[list[int]] = mapped_column(ARRAY(BIGINT), default=list, server_default="{}")


class SignupForm(Numbered, Base):
    """A public form: which topics it offers and which other purposes it asks for."""

    __tablename__ = "signup_forms"
    __table_args__ = (UniqueConstraint("workspace_id", "slug"),)

    slug: Mapped[str]
    name: Mapped[str]
    introduction: Mapped[str] = mapped_column(default="", server_default="")
    topic_ids: Mapped[list[int]] = mapped_column(ARRAY(BIGINT))
    asks: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    # What it asks for beside the address, in its order: `asked_fields.asked.AskedField` as plain values.
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default=sql("'[]'"))
    language: Mapped[str]
    is_open: Mapped[bool] = mapped_column(default=True, server_default=sql("true"))
    created_at: Mapped[datetime]


class PreferencePage(Tenant, Base):
    """What a workspace's preference page shows of a person and asks them, and how much at once."""

    __tablename__ = "preference_pages"
    __table_args__ = (CheckConstraint("questions_at_once BETWEEN 0 AND 10", name="questions_at_once"),)

    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    questions_at_once: Mapped[int] = mapped_column(SmallInteger)


class SignupRequest(Numbered, Base):
    """Somebody typed an address into a form; only the mailbox's owner can turn it into consent."""

    __tablename__ = "signup_requests"
    __table_args__ = (
        CheckConstraint("state IN ('pending','unmailed','confirmed','denied','rejected_abuse')", name="known_state"),
        CheckConstraint("state <> 'confirmed' OR confirmed_at IS NOT NULL", name="confirmed_has_time"),
        Index("ix_signup_requests_form", "workspace_id", "form_id", "requested_at"),
        Index("ix_signup_requests_network", "workspace_id", "network", "requested_at"),
    )

    form_id: Mapped[int]
    customer_id: Mapped[int]
    address_digest: Mapped[bytes]
    topic_ids: Mapped[list[int]] = mapped_column(ARRAY(BIGINT))
    choices: Mapped[dict[str, Any]]
    language: Mapped[str]
    network: Mapped[str]
    personal: Mapped[dict[str, Any]]
    state: Mapped[str]
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class ConfirmationAllowance(Tenant, Base):
    """How many confirmation mails one address has got for one topic since its owner last acted."""

    __tablename__ = "confirmation_allowances"

    address_digest: Mapped[bytes] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mailed_at: Mapped[datetime]
    mailed_count: Mapped[int]
