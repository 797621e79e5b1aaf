"""The tables of accounts. Workspaces and staff stand above tenants; everything else belongs to one workspace."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered, Tenant


class Workspace(Base):
    """One company and what its mail says about itself. `digest_key` keys the digests of its customers' addresses."""

    __tablename__ = "workspaces"
    __table_args__ = (
        CheckConstraint("activity_months = 0 OR activity_months BETWEEN 13 AND 240", name="activity_months"),
        CheckConstraint("import_file_days BETWEEN 0 AND 3650", name="import_file_days"),
        CheckConstraint("daily_people BETWEEN 0 AND 10000000", name="daily_people"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    legal_name: Mapped[str]
    sender_name: Mapped[str]
    sender_address: Mapped[str]
    reply_to: Mapped[str | None]
    postal_address: Mapped[str]
    time_zone: Mapped[str]
    language: Mapped[str]
    digest_key: Mapped[bytes]
    # In which the sums of purchases are made and shown: that of the first purchase.
    currency: Mapped[str | None]
    # How long what happened with customers is kept; 0 stands for always.
    activity_months: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    # How long imported files are kept after their import; 0 stands for not at all.
    import_file_days: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    # Of how many people one of the staff may read in lists and exports a day; 0 stands for any number.
    daily_people: Mapped[int] = mapped_column(server_default="0", default=0)
    created_at: Mapped[datetime]


class Staff(Base):
    """One person who logs in. What they may do is decided per workspace, by membership."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    language: Mapped[str | None]
    password_changed_at: Mapped[datetime]
    created_at: Mapped[datetime]


class Membership(Tenant, Base):
    """One of the staff in one workspace. Its owner sees it from outside the workspace, to be able to switch."""

    __tablename__ = "memberships"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'marketer', 'viewer')", name="known_role"),
        CheckConstraint("personal_data IN ('masked', 'shown', 'exported')", name="known_personal_data"),
        CheckConstraint("role <> 'owner' OR personal_data = 'exported'", name="owner_sees_all"),
        Index("ix_memberships_staff", "staff_id"),
    )

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]
    # How far it reaches into personal data; a marketer or viewer who may export it is a data steward.
    personal_data: Mapped[str] = mapped_column(server_default="exported", default="exported")


class PersonalRead(Tenant, Base):
    """Of how many people one of the staff read in lists and exports on a day; `noted` of them are in the audit log."""

    __tablename__ = "personal_reads"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    on_day: Mapped[date] = mapped_column(primary_key=True)
    people: Mapped[int]
    noted: Mapped[int]


class StaffSession(Base):
    """One browser that is logged in. Only the digest of its cookie is kept."""

    __tablename__ = "staff_sessions"
    __table_args__ = (
        Index("ix_staff_sessions_staff", "staff_id"),
        Index("ix_staff_sessions_expiry", "expires_at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    active_workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspaces.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Invitation(Numbered, Base):
    """An address asked to join a workspace. It is open until accepted, withdrawn or out of date."""

    __tablename__ = "invitations"
    audit_kind: ClassVar[str] = "invitation"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'marketer', 'viewer')", name="known_role"),
        Index(
            "uq_invitations_open",
            "workspace_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    email: Mapped[str]
    role: Mapped[str]
    invited_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    def audit_details(self) -> dict[str, Any]:
        """Return what names it in the audit log."""
        return {"role": self.role, "email": self.email}


class MailAllowance(Base):
    """How many mails of a kind a mailbox (its digest) or a workspace (its number) was worth on a day.

    Above tenants, because who is written to does not care which workspace asked for it.
    """

    __tablename__ = "mail_allowances"

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    on_day: Mapped[date] = mapped_column(primary_key=True)
    mailed_count: Mapped[int]


class ApiKey(Numbered, Base):
    """A secret that lets a machine act in one workspace. `prefix` is enough to recognise it, not to use it."""

    __tablename__ = "api_keys"
    audit_kind: ClassVar[str] = "api_key"
    __table_args__ = (CheckConstraint("personal_data IN ('masked', 'shown')", name="known_personal_data"),)

    name: Mapped[str]
    # Whether its answers name people, or mask them.
    personal_data: Mapped[str] = mapped_column(server_default="shown", default="shown")
    prefix: Mapped[str]
    digest: Mapped[bytes]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    def audit_details(self) -> dict[str, Any]:
        """Return what names it in the audit log."""
        return {"name": self.name, "prefix": self.prefix}


class SendingIdentity(Numbered, Base):
    """A domain and address a workspace sends from, with its signing keys and relay. Secrets are sealed (see vault)."""

    __tablename__ = "sending_identities"
    audit_kind: ClassVar[str] = "identity"
    __table_args__ = (
        UniqueConstraint("workspace_id", "from_address", name="uq_sending_identities_address"),
        CheckConstraint("NOT signs OR dkim_rsa_key IS NOT NULL", name="signing_needs_keys"),
    )

    domain: Mapped[str]
    from_name: Mapped[str]
    from_address: Mapped[str]
    reply_to: Mapped[str | None]
    smtp_url: Mapped[bytes | None]
    dkim_selector: Mapped[str | None]
    dkim_rsa_key: Mapped[bytes | None]
    dkim_ed25519_selector: Mapped[str | None]
    dkim_ed25519_key: Mapped[bytes | None]
    # Keys that do not sign yet: their records are awaited in the DNS.
    next_dkim_selector: Mapped[str | None]
    next_dkim_rsa_key: Mapped[bytes | None]
    next_dkim_ed25519_selector: Mapped[str | None]
    next_dkim_ed25519_key: Mapped[bytes | None]
    next_dkim_made_at: Mapped[datetime | None]
    signs: Mapped[bool] = mapped_column(server_default=text("false"))
    rate_per_second: Mapped[int | None]
    max_connections: Mapped[int] = mapped_column(server_default=text("4"))
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    proof_token: Mapped[str] = mapped_column(server_default=text("replace(gen_random_uuid()::text, '-', '')"))
    # Since when its mail may leave: the domain was shown to be the workspace's, or this installation does not ask.
    proved_at: Mapped[datetime | None]
    proof_seen_at: Mapped[datetime | None]
    check_requested_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    dns_findings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))

    def audit_details(self) -> dict[str, Any]:
        """Return what names it in the audit log."""
        return {"address": self.from_address}


class AuditEntry(Numbered, Base):
    """Something one of the staff did, or the system did in their name. Only ever inserted."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_audit_entries_staff_id", ondelete="SET NULL"),
    )

    at: Mapped[datetime]
    staff_id: Mapped[int | None]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[int | None]
    details: Mapped[dict[str, Any]]


class UndoStep(Numbered, Base):
    """What one of the staff took away and may put back within a day, as plain values of the room it came from."""

    __tablename__ = "undo_steps"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    kind: Mapped[str]
    values: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
