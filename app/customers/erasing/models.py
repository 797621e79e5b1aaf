"""The table of erasures that were asked for and are not carried out yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Tenant


class AskedErasure(Tenant, Base):
    """Somebody is to be erased at `due_at`: asked -> taken back, or carried out; either way the row goes."""

    __tablename__ = "asked_erasures"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
        CheckConstraint("asked_by IN ('staff', 'person')", name="asked_by"),
        Index("ix_asked_erasures_due", "workspace_id", "due_at"),
    )

    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    asked_by: Mapped[str]
    staff_id: Mapped[int | None]
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    # The hashes of their emails that were suppressed for it, which an undo lets be written to again.
    silenced: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary))
