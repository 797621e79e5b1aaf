"""The tables of tracking: links, spool positions, replies, and websites with what they report."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered, Tenant


class Link(Numbered, Base):
    """One target of one send. Tokens name its position, never its URL, so there is no open redirect."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("workspace_id", "send_id", "position"),
        CheckConstraint("url ~* '^https?://'", name="url_is_web"),
    )

    send_id: Mapped[int]
    position: Mapped[int] = mapped_column(SmallInteger)
    url: Mapped[str]
    created_at: Mapped[datetime]


class SpoolPosition(Base):
    """How far one workspace's lines of one spool file are stored; workspace 0 stands for all of them.

    Not a tenant table: it holds no business value, and it commits together with what was read.
    """

    __tablename__ = "spool_positions"

    file: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offset: Mapped[int]


class UntrackedHits(Tenant, Base):
    """Hits of people who did not allow tracking: counted per send, related to nobody."""

    __tablename__ = "untracked_hits"

    send_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class MessageHits(Tenant, Base):
    """How often a message was clicked or opened: one by one up to a limit, beyond it only counted.

    There is a row once a message was hit more than once within minutes; most never are.
    """

    __tablename__ = "message_hits"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
    )

    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    stored: Mapped[int]
    beyond: Mapped[int]
    latest_at: Mapped[datetime]


class Website(Numbered, Base):
    """A website whose visitors' browsers report events with its public key; `secret` (sealed) signs who they are."""

    __tablename__ = "websites"
    __table_args__ = (UniqueConstraint("workspace_id", "public_key", name="uq_websites_public_key"),)
    audit_kind: ClassVar[str] = "website"

    public_key: Mapped[str]
    origins: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret: Mapped[bytes]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    def audit_details(self) -> dict[str, Any]:
        """Return what names it in the audit log."""
        return {"name": self.origins[0]}


class WebsiteReport(Tenant, Base):
    """How many events of a kind a website reported with one outcome, and when the latest: related to nobody."""

    __tablename__ = "website_reports"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "website_id"], ["websites.workspace_id", "websites.id"], ondelete="CASCADE"
        ),
    )

    website_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    latest_at: Mapped[datetime]


class ReplyClass(StrEnum):
    """Who wrote a reply: a person, a machine, a person who wants us to stop, or one who may want that."""

    HUMAN = "human"
    AUTO = "auto"
    UNSUBSCRIBE = "unsubscribe"
    POSSIBLE_UNSUBSCRIBE = "possible_unsubscribe"


class Reply(Numbered, Base):
    """One answer to a message, waiting for somebody of the staff until it is done."""

    __tablename__ = "replies"
    __table_args__ = (
        CheckConstraint("class IN ('human', 'auto', 'unsubscribe', 'possible_unsubscribe')", name="known_class"),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
        Index("uq_replies_reference", "workspace_id", "reference", unique=True),
        Index("ix_replies_message", "workspace_id", "message_id"),
        Index("ix_replies_waiting", "workspace_id", "at", postgresql_where=text("done_at IS NULL")),
    )

    customer_id: Mapped[int]
    message_id: Mapped[int | None]
    at: Mapped[datetime]
    subject: Mapped[str]
    excerpt: Mapped[str]
    reply_class: Mapped[str] = mapped_column("class")
    # Whether it came from the address we wrote to, or to one that only our mail names; strangers can answer for nobody.
    is_verified: Mapped[bool] = mapped_column(server_default=text("true"))
    # A digest of the mail's own Message-ID: a server that hands it over twice is heard once.
    reference: Mapped[bytes | None]
    done_at: Mapped[datetime | None]
