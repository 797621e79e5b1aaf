"""The tables of tracking: links, spool positions and replies."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint, text
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
