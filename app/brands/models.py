"""The tables of brands: the kit of a workspace, and its images."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, Integer, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered, Tenant

# A column of images is called as the type is.
Digest = bytes


class Image(Numbered, Base):
    """One picture of the library. `token` names the file that is served; a changed picture has a new one.

    The focal point, in percent from the left and the top, is what a narrower cut keeps in sight.
    """

    __tablename__ = "images"
    __table_args__ = (
        UniqueConstraint("workspace_id", "token"),
        CheckConstraint("token ~ '^[a-z2-7]{26}$'", name="token"),
        CheckConstraint("format IN ('jpg', 'png', 'gif')", name="format"),
        CheckConstraint("width > 0 AND height > 0 AND bytes > 0", name="size"),
        CheckConstraint("focal_x BETWEEN 0 AND 100 AND focal_y BETWEEN 0 AND 100", name="focal_point"),
        Index("ix_images_sha256", "workspace_id", "sha256", postgresql_where=text("removed_at IS NULL")),
    )
    audit_kind: ClassVar[str] = "image"

    token: Mapped[str]
    name: Mapped[str]
    alt: Mapped[str] = mapped_column(server_default=text("''"))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    format: Mapped[str]
    bytes: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[Digest]
    focal_x: Mapped[int] = mapped_column(SmallInteger, server_default=text("50"))
    focal_y: Mapped[int] = mapped_column(SmallInteger, server_default=text("50"))
    created_at: Mapped[datetime]
    created_by: Mapped[int | None]
    removed_at: Mapped[datetime | None]

    def audit_details(self) -> dict[str, Any]:
        """Name the picture by its file."""
        return {"name": self.name}


class StoredKit(Tenant, Base):
    """The look a workspace chose; without a row the defaults hold."""

    __tablename__ = "brand_kits"
    __table_args__ = (CheckConstraint("button_radius BETWEEN 0 AND 40", name="button_radius"),)

    logo_image_id: Mapped[int | None]
    logo_alt: Mapped[str] = mapped_column(server_default=text("''"))
    colors: Mapped[dict[str, str]] = mapped_column(JSONB)
    heading_font: Mapped[str]
    body_font: Mapped[str]
    button_radius: Mapped[int] = mapped_column(SmallInteger)
    social: Mapped[list[list[str]]] = mapped_column(JSONB)
    footer_text: Mapped[str]
    changed_at: Mapped[datetime]
