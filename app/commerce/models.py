"""The tables of the commerce room: what a company sells, what customers ordered, and the shops that tell of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database import Base, Numbered, Tenant


class Product(Numbered, Base):
    """One product, by the number or name its shop has for it (`ref`).

    `category` is a path such as "Garden > Roses"; `life_days` is how long one lasts. A product no longer sold stays.
    Whoever buys one that is durable, or lasts so long, owns it from then on.
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
    is_durable: Mapped[bool] = mapped_column(server_default="false", default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # The file that made it, where one did.
    import_id: Mapped[int | None]


class Order(Base):
    """One order of one customer. The order's own number makes recording it twice harmless.

    No foreign keys: whoever records an order has just found its customer, files bring them by the hundred thousand, and
    row-level security ties each to its workspace. `product` names what was ordered, for lists; `refunded` is the sum of
    its refunds. A cancelled order stays for people to see, and counts nowhere.
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
    cancelled_at: Mapped[datetime | None]
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
    # Pieces that came back, by the number of their line.
    returned: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)
    refunded_at: Mapped[datetime]
    reason: Mapped[str | None]


class OwnedItem(Numbered, Base):
    """Something a customer has, from an order line or as staff and programs say, until it ends.

    `due_on` is when it is to be replaced, kept by `owned_items`: `replace_on`, which its owner said, else so many days
    after `since_on` as it (`life_days`) or its product usually lasts.
    """

    __tablename__ = "owned_items"
    __table_args__ = (
        CheckConstraint("quantity >= 1", name="quantity_is_some"),
        CheckConstraint("condition IN ('new', 'used')", name="condition_is_known"),
        CheckConstraint("life_days BETWEEN 1 AND 36500", name="life_is_sane"),
        Index(
            "uq_owned_items_line",
            *("workspace_id", "order_id", "order_line"),
            unique=True,
            postgresql_where=text("order_id IS NOT NULL"),
        ),
        Index(
            "uq_owned_items_number", "workspace_id", "ref", unique=True, postgresql_where=text("ref IS NOT NULL")
        ),
        Index("ix_owned_items_customer", "workspace_id", "customer_id"),
        Index(
            "ix_owned_items_product",
            *("workspace_id", "product_id"),
            postgresql_include=["customer_id"],
            postgresql_where=text("ended_on IS NULL"),
        ),
        Index(
            "ix_owned_items_due",
            *("workspace_id", "due_on"),
            postgresql_include=["customer_id"],
            postgresql_where=text("ended_on IS NULL"),
        ),
    )
    audit_kind: ClassVar[str] = "owned_item"

    customer_id: Mapped[int]
    product_id: Mapped[int | None]
    ref: Mapped[str | None]
    name: Mapped[str]
    quantity: Mapped[int] = mapped_column(server_default="1", default=1)
    condition: Mapped[str | None]
    since_on: Mapped[date | None]
    warranty_until: Mapped[date | None]
    service_until: Mapped[date | None]
    finance_until: Mapped[date | None]
    life_days: Mapped[int | None]
    replace_on: Mapped[date | None]
    due_on: Mapped[date | None]
    serial_number: Mapped[str | None]
    source: Mapped[str]
    order_id: Mapped[int | None]
    order_line: Mapped[int | None] = mapped_column(SmallInteger)
    ended_on: Mapped[date | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    # The file that added it, for its undo.
    import_id: Mapped[int | None]

    def audit_details(self) -> dict[str, Any]:
        """Return what names the item."""
        return {"name": self.name}


class CustomerCost(Numbered, Base):
    """Something spent on a customer: minutes of service, a gift, anything else. Its number makes telling it twice
    harmless.
    """

    __tablename__ = "customer_costs"
    __table_args__ = (
        CheckConstraint("kind IN ('service', 'gift', 'other')", name="kind_is_known"),
        CheckConstraint("minutes IS NOT NULL OR amount IS NOT NULL", name="says_how_much"),
        Index(
            "uq_customer_costs_number", "workspace_id", "ref", unique=True, postgresql_where=text("ref IS NOT NULL")
        ),
        Index("ix_customer_costs_customer", "workspace_id", "customer_id", "spent_on"),
    )
    audit_kind: ClassVar[str] = "cost"

    customer_id: Mapped[int]
    kind: Mapped[str]
    spent_on: Mapped[date]
    minutes: Mapped[int | None]
    amount: Mapped[Decimal | None]
    currency: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="", default="")
    ref: Mapped[str | None]
    source: Mapped[str]
    staff_id: Mapped[int | None]
    created_at: Mapped[datetime]

    def audit_details(self) -> dict[str, Any]:
        """Return what names the cost."""
        return {"name": self.note or self.kind}


class CostRates(Tenant, Base):
    """What a minute of service and one mail cost a workspace, and its yearly budget for gifts to one customer."""

    __tablename__ = "cost_rates"

    service_minute: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    mail: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    gift_budget: Mapped[Decimal | None]


class CompetitorPurchase(Numbered, Base):
    """Something a customer is known to have bought elsewhere, and who says so."""

    __tablename__ = "competitor_purchases"
    __table_args__ = (
        CheckConstraint("told_by IN ('asked', 'survey', 'observed', 'bought', 'other')", name="told_by_is_known"),
        Index(
            "uq_competitor_purchases_number",
            *("workspace_id", "ref"),
            unique=True,
            postgresql_where=text("ref IS NOT NULL"),
        ),
        Index("ix_competitor_purchases_customer", "workspace_id", "customer_id"),
    )
    audit_kind: ClassVar[str] = "competitor"

    customer_id: Mapped[int]
    what: Mapped[str]
    competitor: Mapped[str] = mapped_column(server_default="", default="")
    bought_on: Mapped[date | None]
    amount: Mapped[Decimal | None]
    currency: Mapped[str]
    told_by: Mapped[str]
    ref: Mapped[str | None]
    staff_id: Mapped[int | None]
    created_at: Mapped[datetime]

    def audit_details(self) -> dict[str, Any]:
        """Return what names the purchase."""
        return {"name": self.what}


class ShopConnection(Numbered, Base):
    """A shop that tells us by signed webhooks what happens in it. An ended one is answered no more."""

    __tablename__ = "shop_connections"
    __table_args__ = (CheckConstraint("kind IN ('shopify', 'woocommerce', 'webhook')", name="kind_is_known"),)
    audit_kind: ClassVar[str] = "shop"

    kind: Mapped[str]
    name: Mapped[str]
    secret: Mapped[bytes]
    mapping: Mapped[dict[str, Any]] = mapped_column(server_default="{}", default=dict)
    created_by: Mapped[int | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    def audit_details(self) -> dict[str, Any]:
        """Return what names the connection."""
        return {"name": self.name}


class Delivery(Base):
    """One webhook as it came: answered when stored, worked off afterwards; its number makes a repetition harmless.

        waiting --> done | outdated | ignored | failed          `deliveries.work_off`
        done, outdated, ignored, failed --> waiting             `deliveries.replay`, by staff

    What cannot be done yet stays waiting with a later `due_at`. `notes` say what came of it: message ids with values.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("workspace_id", "connection_id", "ref", name="uq_webhook_deliveries_ref"),
        CheckConstraint("state IN ('waiting', 'done', 'outdated', 'ignored', 'failed')", name="state_is_known"),
        CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name="finished_has_time"),
        Index("ix_webhook_deliveries_due", "workspace_id", "due_at", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_webhook_deliveries_of_connection", "workspace_id", "connection_id", "id"),
        Index(
            "ix_webhook_deliveries_failed",
            *("workspace_id", "connection_id", "id"),
            postgresql_where=text("state = 'failed'"),
        ),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    connection_id: Mapped[int]
    ref: Mapped[str]
    topic: Mapped[str]
    body: Mapped[bytes] = mapped_column(deferred=True)
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="waiting", default="waiting")
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default="0", default=0)
    notes: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]", default=list)
    finished_at: Mapped[datetime | None]


class ShopRecord(Base):
    """Which row of ours is a thing of a shop, and when the shop last told of it; `parts` are the ids of its lines."""

    __tablename__ = "shop_records"
    __table_args__ = (Index("ix_shop_records_row", "workspace_id", "kind", "row_id"),)

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    connection_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    row_id: Mapped[int | None]
    told_at: Mapped[datetime]
    parts: Mapped[list[str]] = mapped_column(JSONB, server_default="[]", default=list)


class Cart(Base):
    """What somebody has put into a cart. It is left while no order has come of it; `connection_id` 0 is the API."""

    __tablename__ = "carts"
    __table_args__ = (
        UniqueConstraint("workspace_id", "connection_id", "ref", name="uq_carts_ref"),
        Index("ix_carts_customer", "workspace_id", "customer_id", "changed_at"),
        Index(
            "ix_carts_left",
            *("workspace_id", "changed_at"),
            postgresql_include=["customer_id"],
            postgresql_where=text("ordered_at IS NULL"),
        ),
    )

    workspace_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    connection_id: Mapped[int] = mapped_column(server_default="0", default=0)
    ref: Mapped[str]
    customer_id: Mapped[int]
    amount: Mapped[Decimal]
    currency: Mapped[str]
    items: Mapped[int]
    lines: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]", default=list)
    url: Mapped[str | None]
    started_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    ordered_at: Mapped[datetime | None]
