"""The segments a workspace keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.kernel.database import Base, Numbered


class Segment(Numbered, Base):
    """A rule with a name. Who matches is asked anew each time; the count is a memory of the latest time."""

    __tablename__ = "segments"
    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("name <> ''", name="has_name"),
    )

    name: Mapped[str]
    rules: Mapped[dict[str, Any]]
    latest_count: Mapped[int | None]
    counted_at: Mapped[datetime | None]
    created_by: Mapped[int | None]
    updated_at: Mapped[datetime]
