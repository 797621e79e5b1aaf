"""The table of values that are known no longer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Identity, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.customers.models import Attached
from app.kernel.database import Base


class ReplacedValues(Attached, Base):
    """Values of one customer as they were before one change, with their marks; rows are only added.

    What an import replaces stands with it, in `import_changes`, for its undo needs the same.
    """

    __tablename__ = "replaced_values"
    __table_args__ = (
        PrimaryKeyConstraint("workspace_id", "customer_id", "id"),
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customers.workspace_id", "customers.id"], ondelete="CASCADE"
        ),
    )

    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    replaced_at: Mapped[datetime]
    # By name: [the value as it was, the mark it had].
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # The mark of what took their place.
    replaced_by: Mapped[list[Any]] = mapped_column(JSONB)
