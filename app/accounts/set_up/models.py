"""The table of the guided set-up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Tenant


class SetUpAnswer(Tenant, Base):
    """What a workspace answered to one step of its set-up, or that it passes it over."""

    __tablename__ = "set_up_answers"
    __table_args__ = (CheckConstraint("is_skipped OR answer <> ''", name="answered_or_skipped"),)

    step: Mapped[str] = mapped_column(primary_key=True)
    answer: Mapped[str]
    is_skipped: Mapped[bool]
    answered_at: Mapped[datetime]
