"""WooCommerce's webhooks: customers, orders with their refunds, and products, as its REST API v3 writes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from app.commerce.connectors import mapping as mapping_of
from app.commerce.connectors.mapping import Mapping
from app.commerce.connectors.readings import Reading
from app.commerce.connectors.told import (
    NothingTold,
    Told,
    ToldCart,
    ToldCustomer,
    ToldGone,
    ToldLine,
    ToldOrder,
    ToldProduct,
    ToldRefund,
)
from app.commerce.products import LEVEL, LONGEST, NamedProduct, ProductChange
from app.kernel.translatable import N_

TOPICS = {
    "customer.created": "customers",
    "customer.updated": "customers",
    "order.created": "orders",
    "order.updated": "orders",
    "order.restored": "orders",
    "order.deleted": "orders",
    "product.created": "products",
    "product.updated": "products",
    "product.restored": "products",
    "product.deleted": "products",
}
# What WooCommerce keeps as an order before anybody has paid or promised to.
_UNPAID = ("checkout-draft", "pending", "failed")
_GONE = ("cancelled", "trash")


def read(topic: str, payload: Reading, mapping: Mapping, *, now: datetime) -> Told:
    """Return what this webhook tells; raise PayloadRefused."""
    resource = TOPICS[topic]
    if resource == "customers":
        return _customer(payload, mapping, now)
    if resource == "products":
        return ToldGone(payload.needed("id"), now) if topic == "product.deleted" else _product(payload, now)
    if topic == "order.deleted":
        return NothingTold(N_("An order that was deleted in the shop stays on record here."))
    return _cart(payload, mapping, now) if payload.text("status") in _UNPAID else _order(payload, mapping, now)


def _customer(given: Reading, mapping: Mapping, now: datetime) -> ToldCustomer:
    return ToldCustomer(
        external_id=given.text("id"),
        email=given.text("email|billing.email"),
        told_at=_modified(given) or now,
        values=mapping_of.profile_values(mapping, given),
        phone=given.text("billing.phone"),
        is_account=True,
    )


def _order(given: Reading, mapping: Mapping, now: datetime) -> ToldOrder:
    told_at = _modified(given) or now
    status, total = given.text("status"), given.amount("total") or Decimal(0)
    refunds = [_refund(each, given, told_at) for each in given.each("refunds")]
    if status == "refunded" and not refunds:
        # A full refund may come without its own number.
        refunds = [ToldRefund("full", given.needed("id"), total, told_at)]
    return ToldOrder(
        external_id=given.needed("id"),
        order_ref=mapping.order_prefix + given.needed("number|id"),
        told_at=told_at,
        customer=_buyer(given, mapping, told_at),
        purchased_at=given.moment("date_paid_gmt|date_created_gmt") or told_at,
        amount=total,
        currency=given.needed("currency"),
        lines=_lines(given),
        discount=given.amount("discount_total") or Decimal(0),
        channel=given.text("created_via"),
        payment_method=given.text("payment_method_title|payment_method"),
        cancelled_at=told_at if status in _GONE else None,
        refunds=tuple(refunds),
        cart_refs=(given.needed("id"),),
    )


def _buyer(given: Reading, mapping: Mapping, told_at: datetime) -> ToldCustomer:
    """A guest has number 0, which is nobody's."""
    number = given.text("customer_id")
    buyer = _customer(given, mapping, told_at)
    return replace(buyer, external_id="" if number == "0" else number, is_account=False)


def _refund(each: Reading, order: Reading, told_at: datetime) -> ToldRefund:
    amount = abs(each.amount("total") or Decimal(0))
    return ToldRefund(each.needed("id"), order.needed("id"), amount, told_at, each.text("reason"))


def _lines(given: Reading) -> tuple[ToldLine, ...]:
    lines = []
    for each in given.each("line_items"):
        quantity = each.whole("quantity") or 0
        if quantity < 1:
            continue
        paid = (each.amount("total") or Decimal(0)) + (each.amount("total_tax") or Decimal(0))
        before = (each.amount("subtotal") or Decimal(0)) + (each.amount("subtotal_tax") or Decimal(0))
        name = each.text("name|sku") or each.needed("product_id")
        # Of no variation the number is 0.
        numbers = [number for path in ("variation_id", "product_id") if (number := each.text(path)) not in ("", "0")]
        product = NamedProduct((each.text("sku") or [*numbers, name][0])[:LONGEST], name[:LONGEST])
        lines.append(ToldLine(each.text("id"), product, quantity, paid, max(before - paid, Decimal(0))))
    return tuple(lines)


def _cart(given: Reading, mapping: Mapping, now: datetime) -> ToldCart:
    """An order nobody paid is a cart that was left at the checkout."""
    told_at = _modified(given) or now
    return ToldCart(
        ref=given.needed("id"),
        told_at=told_at,
        started_at=given.moment("date_created_gmt") or told_at,
        customer=_buyer(given, mapping, told_at) if given.text("billing.email") else None,
        amount=given.amount("total") or Decimal(0),
        currency=given.text("currency"),
        lines=_lines(given),
        url=given.text("payment_url"),
    )


def _product(given: Reading, now: datetime) -> ToldProduct:
    categories = [each.text("name") for each in given.each("categories")]
    price, stock = given.amount("price|regular_price"), given.whole("stock_quantity")
    attributes = {
        each.text("name")[:40]: ", ".join(each.texts("options"))[:200]
        for each in given.each("attributes")[:20]
        if each.text("name")
    }
    change = ProductChange(
        ref=(given.text("sku") or given.needed("id"))[:LONGEST],
        name=given.needed("name|id")[:LONGEST],
        category=LEVEL.join(filter(None, categories[:1])) or None,
        price=max(price, Decimal(0)) if price is not None else None,
        url=given.text("permalink") or None,
        image_url=given.text("images[0].src") or None,
        stock=max(stock, 0) if stock is not None else None,
        attributes=attributes or None,
        is_sold=given.text("status") in ("", "publish"),
    )
    return ToldProduct(given.needed("id"), _modified(given) or now, (change,))


def _modified(given: Reading) -> datetime | None:
    return given.moment("date_modified_gmt|date_created_gmt")
