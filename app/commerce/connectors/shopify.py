"""Shopify's webhooks: customers, orders, refunds, carts, checkouts and products, as its REST resources are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from app.commerce.connectors import mapping as mapping_of
from app.commerce.connectors.mapping import Mapping
from app.commerce.connectors.readings import PayloadRefused, Reading
from app.commerce.connectors.told import (
    NothingTold,
    Told,
    ToldCart,
    ToldConsent,
    ToldCustomer,
    ToldGone,
    ToldLine,
    ToldOrder,
    ToldProduct,
    ToldRefund,
)
from app.commerce.products import LONGEST, NamedProduct, ProductChange
from app.kernel.translatable import N_

# (resource, how it is read) by topic.
TOPICS = {
    "customers/create": "customers",
    "customers/update": "customers",
    "customers/enable": "customers",
    "customers/disable": "customers",
    "customers_email_marketing_consent/update": "customers",
    "orders/create": "orders",
    "orders/updated": "orders",
    "orders/paid": "orders",
    "orders/cancelled": "orders",
    "orders/fulfilled": "orders",
    "orders/partially_fulfilled": "orders",
    "refunds/create": "refunds",
    "carts/create": "carts",
    "carts/update": "carts",
    "checkouts/create": "carts",
    "checkouts/update": "carts",
    "products/create": "products",
    "products/update": "products",
    "products/delete": "products",
}
# What every shop app must listen to. Nobody is erased by a program's word alone: staff are told.
BY_HAND = {
    "customers/redact": N_("The shop asks that this person's data be erased. Do it by hand."),
    "customers/data_request": N_("The shop asks for this person's data. Answer it by hand."),
    "shop/redact": N_("The shop asks that all of its customers' data be erased. Do it by hand."),
}
_METHODS = {"single_opt_in": "single opt-in", "confirmed_opt_in": "confirmed opt-in"}


def read(topic: str, payload: Reading, mapping: Mapping, *, now: datetime) -> Told:
    """Return what this webhook tells; raise PayloadRefused."""
    if topic in BY_HAND:
        raise PayloadRefused(BY_HAND[topic])
    if topic == "products/delete":
        return ToldGone(payload.needed("id"), now)
    if topic == "customers_email_marketing_consent/update":
        return _consent_alone(payload, now)
    if topic.startswith("carts/"):
        return _cart(payload, now)
    if topic.startswith("checkouts/"):
        return _checkout(payload, mapping, now)
    resource = TOPICS[topic]
    if resource == "customers":
        return _customer(payload, mapping, now)
    if resource == "refunds":
        return _refund(payload, now)
    if resource == "products":
        return _product(payload, mapping.domain, now)
    return _order(payload, mapping, now)


def _customer(given: Reading, mapping: Mapping, now: datetime) -> ToldCustomer:
    return replace(_buyer(given, mapping, now), is_account=True)


def _buyer(given: Reading, mapping: Mapping, now: datetime, *, email: str = "") -> ToldCustomer:
    return ToldCustomer(
        external_id=given.text("id"),
        email=given.text("email") or email,
        told_at=given.moment("updated_at") or now,
        values=mapping_of.profile_values(mapping, given),
        phone=given.text("phone|default_address.phone"),
        consent=_consent(given.inside("email_marketing_consent")),
    )


def _consent_alone(given: Reading, now: datetime) -> ToldCustomer:
    at = given.moment("email_marketing_consent.consent_updated_at") or now
    consent = _consent(given.inside("email_marketing_consent"))
    return ToldCustomer(given.needed("customer_id"), given.text("email_address"), at, consent=consent)


def _consent(given: Reading) -> ToldConsent | None:
    """A yes is one that somebody gave; whoever never was asked has said nothing."""
    state, at = given.text("state").lower(), given.moment("consent_updated_at")
    if state == "subscribed":
        level = _METHODS.get(given.text("opt_in_level").lower(), "")
        return ToldConsent(True, at, f"Shopify, {level}" if level else "")
    return ToldConsent(False, at) if state == "unsubscribed" else None


def _order(given: Reading, mapping: Mapping, now: datetime) -> Told:
    if given.flag("test"):
        return NothingTold(N_("This is a test order."))
    person, email = given.inside("customer"), given.text("email|contact_email")
    told_at = given.moment("updated_at") or now
    return ToldOrder(
        external_id=given.needed("id"),
        order_ref=mapping.order_prefix + given.needed("name|order_number|id"),
        told_at=told_at,
        # What an order says of its customer is as old as the customer's own account in it.
        customer=_buyer(person, mapping, told_at, email=email),
        purchased_at=given.moment("processed_at|created_at") or told_at,
        amount=given.amount("total_price") or Decimal(0),
        currency=given.needed("currency"),
        lines=_lines(given),
        discount=given.amount("total_discounts") or Decimal(0),
        channel=given.text("source_name"),
        payment_method=given.text("payment_gateway_names[0]|gateway"),
        cancelled_at=given.moment("cancelled_at"),
        refunds=tuple(_refund(each, told_at, order_id=given.text("id")) for each in given.each("refunds")),
        cart_refs=tuple(ref for ref in (given.text("checkout_token"), given.text("cart_token")) if ref),
    )


def _lines(given: Reading) -> tuple[ToldLine, ...]:
    lines = []
    for each in given.each("line_items"):
        quantity = each.whole("quantity") or 0
        if quantity < 1:
            continue
        discount = each.amount("total_discount") or Decimal(0)
        if spread := each.each("discount_allocations"):
            discount = sum((one.amount("amount") or Decimal(0) for one in spread), Decimal(0))
        price = each.amount("price") or Decimal(0)
        name = each.text("title|name|sku") or each.needed("variant_id|product_id")
        ref = each.text("sku") or each.text("variant_id|product_id") or name
        product = NamedProduct(ref[:LONGEST], name[:LONGEST], each.text("product_type"))
        lines.append(ToldLine(each.text("id"), product, quantity, price * quantity - discount, discount))
    return tuple(lines)


def _refund(given: Reading, now: datetime, *, order_id: str = "") -> ToldRefund:
    paid_back = [
        each.amount("amount") or Decimal(0)
        for each in given.each("transactions")
        if each.text("kind") == "refund" and each.text("status") in ("success", "")
    ]
    returned: Counter[str] = Counter()
    for each in given.each("refund_line_items"):
        pieces = each.whole("quantity") or 0
        if pieces > 0:
            returned[each.text("line_item_id")] += pieces
    return ToldRefund(
        external_id=given.needed("id"),
        order_id=order_id or given.needed("order_id"),
        amount=sum(paid_back, Decimal(0)),
        at=given.moment("processed_at|created_at") or now,
        reason=given.text("note"),
        returned=returned,
    )


def _cart(given: Reading, now: datetime) -> Told:
    """A cart by itself does not say whose it is; one that a checkout told of before is known by its token."""
    return _left(given, now, ref=given.needed("token|id"), customer=None)


def _checkout(given: Reading, mapping: Mapping, now: datetime) -> Told:
    person, email = given.inside("customer"), given.text("email|customer.email")
    told_at = given.moment("updated_at") or now
    customer = _buyer(person, mapping, told_at, email=email) if email or person.text("id") else None
    return _left(given, now, ref=given.needed("cart_token|token|id"), customer=customer)


def _left(given: Reading, now: datetime, *, ref: str, customer: ToldCustomer | None) -> ToldCart:
    lines = _lines(given)
    told_at = given.moment("updated_at") or now
    return ToldCart(
        ref=ref,
        told_at=told_at,
        started_at=given.moment("created_at") or told_at,
        customer=customer,
        amount=given.amount("total_price") or sum((line.amount for line in lines), Decimal(0)),
        currency=given.text("presentment_currency|currency|line_items[0].price_set.shop_money.currency_code"),
        lines=lines,
        url=given.text("abandoned_checkout_url"),
        is_ordered=bool(given.text("completed_at")),
    )


def _product(given: Reading, shop: str, now: datetime) -> ToldProduct:
    title, handle = given.needed("title|id"), given.text("handle")
    url = f"https://{shop}/products/{handle}" if shop and handle else None
    attributes = {name: text for name in ("vendor", "product_type") if (text := given.text(name))}
    variants = []
    for each in given.each("variants"):
        own = each.text("title")
        name = title if own in ("", "Default Title") else f"{title}, {own}"
        price, stock = each.amount("price"), each.whole("inventory_quantity")
        variants.append(
            ProductChange(
                ref=(each.text("sku") or each.needed("id"))[:LONGEST],
                name=name[:LONGEST],
                category=given.text("category.full_name|product_type") or None,
                price=max(price, Decimal(0)) if price is not None else None,
                url=url,
                image_url=given.text("image.src|images[0].src") or None,
                stock=max(stock, 0) if stock is not None else None,
                attributes=attributes or None,
                is_sold=given.text("status") in ("", "active"),
            )
        )
    return ToldProduct(given.needed("id"), given.moment("updated_at") or now, tuple(variants))
