"""The tables of the commerce room: what customers bought."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base


class Purchase(Base):
    """One order of one customer. The order's own number makes recording it twice harmless.

    No foreign keys: whoever records an order has just found its customer, files bring them by the hundred thousand, and
    row-level security ties each to its workspace.
    """

    __tablename__ = "purchases"
    __table_args__ = (
        UniqueConstraint("workspace_id", "order_ref", name="uq_purchases_order_ref"),
        Index("ix_purchases_customer", "workspace_id", "customer_id", "purchased_at"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    customer_id: Mapped[int]
    order_ref: Mapped[str]
    purchased_at: Mapped[datetime]
    amount: Mapped[Decimal]
    currency: Mapped[str]
    items: Mapped[int] = mapped_column(server_default="1", default=1)
    product: Mapped[str | None]
    import_id: Mapped[int | None]
    import_row: Mapped[int | None]
