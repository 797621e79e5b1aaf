"""The tables of follow-up: what staff are to do about a customer."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered


class Task(Numbered, Base):
    """Something one of the staff is to do about one customer: call, visit, answer.

    `source` and `source_id` name what opened it, which may be gone; rooms say what theirs are called, see `sources`.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("source ~ '^[a-z_]{1,40}$'", name="source"),
        Index("ix_tasks_open", "workspace_id", "due_on", postgresql_where=text("done_at IS NULL")),
        Index("ix_tasks_customer", "workspace_id", "customer_id"),
    )

    customer_id: Mapped[int]
    source: Mapped[str]
    source_id: Mapped[int | None]
    title: Mapped[str]
    owner_id: Mapped[int | None]
    due_on: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[int | None]
