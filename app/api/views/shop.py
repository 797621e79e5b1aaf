"""Products, orders, refunds, carts and owned items: parse, one transaction, one action, answer."""

from __future__ import annotations

from flask import Response, g

from app.api.v1 import shop
from app.api.v1.shop_schemas import (
    CartIn,
    CompetitorPurchaseIn,
    CostIn,
    OrderIn,
    OrdersIn,
    OwnedItemIn,
    ProductIn,
    RefundIn,
)
from app.api.views.blueprint import answer, bp, once, read, writing
from app.kernel.services import services
from app.web import guard


@bp.post("/api/v1/orders")
@guard.api_key
def record_order() -> Response:
    """Note an order."""
    given, now = read(OrderIn), services().clock.now()
    return once(lambda session: shop.record_order(session, g.workspace_id, given, now=now))


@bp.post("/api/v1/orders/batch")
@guard.api_key
def record_orders() -> Response:
    """Note several orders, each by itself."""
    given, now = read(OrdersIn), services().clock.now()
    return once(lambda session: shop.record_orders(session, g.workspace_id, given.orders, now=now))


@bp.post("/api/v1/refunds")
@guard.api_key
def record_refund() -> Response:
    """Note money given back."""
    given, now = read(RefundIn), services().clock.now()
    return once(lambda session: shop.record_refund(session, g.workspace_id, given, now=now))


@bp.put("/api/v1/products")
@guard.api_key
def save_product() -> Response:
    """Add or change a product."""
    given, now = read(ProductIn), services().clock.now()
    with writing() as session:
        made, is_new = shop.save_product(session, g.workspace_id, given, now=now)
    return answer(made, 201 if is_new else 200)


@bp.put("/api/v1/carts")
@guard.api_key
def save_cart() -> Response:
    """Keep a cart as it stands."""
    given = read(CartIn)
    with writing() as session:
        made = shop.save_cart(session, g.workspace_id, given)
    return answer(made)


@bp.put("/api/v1/owned-items")
@guard.api_key
def save_item() -> Response:
    """Add or change something a customer has."""
    given, now = read(OwnedItemIn), services().clock.now()
    with writing() as session:
        made, is_new = shop.save_item(session, g.workspace_id, given, now=now)
    return answer(made, 201 if is_new else 200)


@bp.post("/api/v1/costs")
@guard.api_key
def record_cost() -> Response:
    """Note something spent on a customer."""
    given, key_id, now = read(CostIn), g.machine.key_id, services().clock.now()
    return once(lambda session: shop.record_cost(session, g.workspace_id, given, key_id=key_id, now=now))


@bp.post("/api/v1/competitor-purchases")
@guard.api_key
def record_competitor_purchase() -> Response:
    """Note something a customer bought elsewhere."""
    given, now = read(CompetitorPurchaseIn), services().clock.now()
    return once(lambda session: shop.record_competitor_purchase(session, g.workspace_id, given, now=now))
