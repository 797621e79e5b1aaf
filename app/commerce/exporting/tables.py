"""Products and orders as tables for export, which come back as they were when they are imported."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.commerce.models import Order, OrderLine, OwnedItem, Product
from app.customers.exporting.tables import ExportTable
from app.customers.profiles import people
from app.kernel.database import Database
from app.kernel.translatable import N_

AT_ONCE = 2_000
_PRODUCT = (
    *("ref", "name", "category", "price", "currency", "url", "image_url", "stock", "life_days", "is_durable"),
    *("is_sold", "attributes"),
)
_ORDER = ("order_ref", "purchased_at", "amount", "currency", "channel", "shop", "payment_method")
_LINE = ("product_ref", "product", "category", "items", "unit_price")
_ITEM = (
    *("quantity", "condition", "since_on", "replace_on", "life_days", "warranty_until", "service_until"),
    *("finance_until", "serial_number", "ended_on"),
)
# So fine that the price of a piece, times the pieces, is the amount again.
_FINE = Decimal("0.000001")


def product_rows(database: Database, workspace_id: int, _part: int, _now: datetime) -> Iterator[list[str]]:
    """Yield the heading and one row a product."""
    yield list(_PRODUCT)
    after = 0
    while True:
        query = select(Product).where(Product.workspace_id == workspace_id, Product.id > after)
        with database.transaction(workspace_id) as session:
            found = list(session.scalars(query.order_by(Product.id).limit(AT_ONCE)))
        if not found:
            return
        for product in found:
            yield [_cell(getattr(product, name)) for name in _PRODUCT]
        after = found[-1].id


def order_rows(database: Database, workspace_id: int, _part: int, _now: datetime) -> Iterator[list[str]]:
    """Yield the heading and a row for each product of each order; each repeats the order's total."""
    yield ["email", "external_ref", *_ORDER, *_LINE]
    after = 0
    while True:
        with database.transaction(workspace_id) as session:
            query = select(Order).where(Order.workspace_id == workspace_id, Order.id > after)
            orders = list(session.scalars(query.order_by(Order.id).limit(AT_ONCE)))
            if not orders:
                return
            lines = defaultdict(list)
            named = (
                select(OrderLine, Product.ref, Product.name, Product.category)
                .join(Product, (Product.workspace_id == workspace_id) & (Product.id == OrderLine.product_id))
                .where(OrderLine.workspace_id == workspace_id, OrderLine.order_id.in_([each.id for each in orders]))
            )
            for line, ref, name, category in session.execute(named.order_by(OrderLine.order_id, OrderLine.number)):
                price = (line.amount / line.quantity).quantize(_FINE).normalize()
                lines[line.order_id].append([ref, name, category, str(line.quantity), f"{price:f}"])
            whose = people.named_query(workspace_id).subquery()
            buyers = select(whose.c.customer_id, whose.c.email, whose.c.external_ref)
            ids = {each.customer_id for each in orders}
            known = {row[0]: row[1:] for row in session.execute(buyers.where(whose.c.customer_id.in_(ids)))}
        for order in orders:
            if order.cancelled_at is None and order.customer_id in known:
                told = [*map(_cell, known[order.customer_id]), *(_cell(getattr(order, name)) for name in _ORDER)]
                whole = [["", order.product or "", "", str(order.items), ""]]
                yield from ([*told, *line] for line in lines.get(order.id) or whole)
        after = orders[-1].id


def owned_item_rows(database: Database, workspace_id: int, _part: int, _now: datetime) -> Iterator[list[str]]:
    """Yield the heading and one row an item; what follows from orders is left out, for it follows from them."""
    yield ["email", "external_ref", "item_ref", "product_ref", "item", *_ITEM]
    after = 0
    while True:
        whose = people.named_query(workspace_id).subquery()
        query = (
            select(OwnedItem, Product.ref, whose.c.email, whose.c.external_ref)
            .join(whose, whose.c.customer_id == OwnedItem.customer_id)
            .outerjoin(Product, (Product.workspace_id == workspace_id) & (Product.id == OwnedItem.product_id))
            .where(OwnedItem.workspace_id == workspace_id, OwnedItem.id > after, OwnedItem.source != "order")
        )
        with database.transaction(workspace_id) as session:
            found = session.execute(query.order_by(OwnedItem.id).limit(AT_ONCE)).all()
        if not found:
            return
        for item, product_ref, email, number in found:
            told = [email, number, item.ref, product_ref, item.name]
            yield [*map(_cell, told), *(_cell(getattr(item, name)) for name in _ITEM)]
        after = found[-1][0].id


def _cell(value: Any) -> str:
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


PRODUCTS = ExportTable("products", N_("Products"), product_rows)
OWNED_ITEMS = ExportTable("owned_items", N_("Owned items"), owned_item_rows)
ORDERS = ExportTable("orders", N_("Orders with their products"), order_rows)
