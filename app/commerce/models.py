"""The tables of the commerce room: what a company sells, and what customers ordered and sent back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered


class Product(Numbered, Base):
    """One product, by the number or name its shop has for it (`ref`).

    `category` is a path such as "Garden > Roses"; `life_days` is how long one lasts. A product no longer sold stays.
    """

    __tablename__ = "products"
    __table_args__ = (
        UniqueConstraint("workspace_id", "ref", name="uq_products_ref"),
        CheckConstraint("price IS NULL OR currency IS NOT NULL", name="price_has_currency"),
        CheckConstraint("life_days BETWEEN 1 AND 36500", name="life_is_sane"),
        Index("ix_products_category", "workspace_id", "category", postgresql_ops={"category": "text_pattern_ops"}),
        Index("ix_products_name", "workspace_id", func.lower(text("name"))),
    )

    ref: Mapped[str]
    name: Mapped[str]
    category: Mapped[str] = mapped_column(server_default="", default="")
    price: Mapped[Decimal | None]
    currency: Mapped[str | None]
    url: Mapped[str | None]
    image_url: Mapped[str | None]
    stock: Mapped[int | None]
    life_days: Mapped[int | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)
    is_sold: Mapped[bool] = mapped_column(server_default="true", default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Order(Base):
    """One order of one customer. The order's own number makes recording it twice harmless.

    No foreign keys: whoever records an order has just found its customer, files bring them by the hundred thousand, and
    row-level security ties each to its workspace. `product` names what was ordered, for lists; `refunded` is the sum of
    its refunds.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("workspace_id", "order_ref", name="uq_orders_order_ref"),
        CheckConstraint("refunded = 0 OR refunded BETWEEN 0 AND amount", name="refunded_is_within_amount"),
        Index("ix_orders_customer", "workspace_id", "customer_id", "purchased_at"),
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
    discount: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    refunded: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    channel: Mapped[str | None]
    shop: Mapped[str | None]
    payment_method: Mapped[str | None]
    import_id: Mapped[int | None]
    import_row: Mapped[int | None]


class OrderLine(Base):
    """One product in an order. Customer, time and currency are those of the order, written with it."""

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity >= 1", name="quantity_is_some"),
        CheckConstraint("returned BETWEEN 0 AND quantity", name="returned_is_within_quantity"),
        Index(
            "ix_order_lines_product",
            *("workspace_id", "product_id", "purchased_at"),
            postgresql_include=["customer_id"],
        ),
        Index("ix_order_lines_customer", "workspace_id", "customer_id"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    product_id: Mapped[int]
    customer_id: Mapped[int]
    purchased_at: Mapped[datetime]
    currency: Mapped[str]
    quantity: Mapped[int]
    amount: Mapped[Decimal]
    discount: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    cost: Mapped[Decimal | None]
    returned: Mapped[int] = mapped_column(server_default="0", default=0)


class Refund(Base):
    """Money given back for an order; its own number makes telling it twice harmless."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_is_not_negative"),
        ForeignKeyConstraint(["workspace_id", "order_id"], ["orders.workspace_id", "orders.id"], ondelete="CASCADE"),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ref: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[Decimal]
    items: Mapped[int] = mapped_column(server_default="0", default=0)
    refunded_at: Mapped[datetime]
    reason: Mapped[str | None]
