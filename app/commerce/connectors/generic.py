"""Webhooks of any program, read by the paths that a workspace has written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from app.commerce.connectors import mapping as mapping_of
from app.commerce.connectors.mapping import Mapping
from app.commerce.connectors.readings import Reading
from app.commerce.connectors.told import (
    Told,
    ToldCart,
    ToldConsent,
    ToldCustomer,
    ToldEvent,
    ToldLine,
    ToldOrder,
    ToldProduct,
    ToldRefund,
)
from app.commerce.products import LONGEST, NamedProduct, ProductChange


def resource_of(topic: str, mapping: Mapping) -> str | None:
    """Return what a topic is about; the one resource that names no topics takes whatever no other names."""
    named = {word.strip(): resource for resource, words in mapping.topics.items() for word in words.split(",")}
    if topic and topic in named:
        return named[topic]
    open_to_all = [resource for resource in mapping.takes if not mapping.topics.get(resource, "").strip()]
    return open_to_all[0] if len(open_to_all) == 1 else None


def read(resource: str, payload: Reading, mapping: Mapping, *, now: datetime) -> Told:
    """Return what a webhook tells of a resource; raise PayloadRefused."""
    return _READERS[resource](payload, mapping, mapping.paths.get(resource, {}), now)


def _person(given: Reading, mapping: Mapping, external_id: str, email: str, told_at: datetime) -> ToldCustomer:
    values = mapping_of.profile_values(mapping, given)
    return ToldCustomer(external_id, email, told_at, values, consent=_consent(given, mapping))


def _consent(given: Reading, mapping: Mapping) -> ToldConsent | None:
    said = given.flag(mapping.consent_path) if mapping.consent_path else None
    if said is None:
        return None
    return ToldConsent(said, given.moment(mapping.consent_at_path), given.text(mapping.consent_method_path))


def _customer(given: Reading, mapping: Mapping, paths: dict[str, str], now: datetime) -> ToldCustomer:
    told_at = given.moment(paths.get("updated_at", "")) or now
    person = _person(given, mapping, given.text(paths.get("external_id", "")), given.needed(paths["email"]), told_at)
    return ToldCustomer(
        *(person.external_id, person.email, told_at, person.values),
        phone=given.text(paths.get("phone", "")),
        consent=person.consent,
        is_account=True,
    )


def _order(given: Reading, mapping: Mapping, paths: dict[str, str], now: datetime) -> ToldOrder:
    told_at = given.moment(paths.get("updated_at", "")) or now
    number = given.needed(paths["order_ref"])
    return ToldOrder(
        external_id=given.text(paths.get("external_id", "")) or number,
        order_ref=mapping.order_prefix + number,
        told_at=told_at,
        customer=_person(given, mapping, given.text(paths.get("customer_id", "")), given.text(paths["email"]), told_at),
        purchased_at=given.moment(paths.get("purchased_at", "")) or told_at,
        amount=given.amount(paths["amount"]) or Decimal(0),
        currency=given.text(paths.get("currency", "")),
        lines=_lines(given, mapping, paths.get("lines", "")),
        discount=given.amount(paths.get("discount", "")) or Decimal(0),
        channel=given.text(paths.get("channel", "")),
        payment_method=given.text(paths.get("payment_method", "")),
        cancelled_at=given.moment(paths.get("cancelled_at", "")),
        tells_cancellation=bool(paths.get("cancelled_at")),
        cart_refs=tuple(filter(None, [given.text(paths.get("cart_ref", ""))])),
    )


def _refund(given: Reading, _mapping: Mapping, paths: dict[str, str], now: datetime) -> ToldRefund:
    return ToldRefund(
        external_id=given.needed(paths["external_id"]),
        order_id=given.needed(paths["order_id"]),
        amount=abs(given.amount(paths["amount"]) or Decimal(0)),
        at=given.moment(paths.get("refunded_at", "")) or now,
        reason=given.text(paths.get("reason", "")),
    )


def _cart(given: Reading, mapping: Mapping, paths: dict[str, str], now: datetime) -> ToldCart:
    told_at = given.moment(paths.get("updated_at", "")) or now
    number, email = given.text(paths.get("customer_id", "")), given.text(paths["email"])
    return ToldCart(
        ref=given.needed(paths["external_id"]),
        told_at=told_at,
        started_at=given.moment(paths.get("created_at", "")) or told_at,
        customer=_person(given, mapping, number, email, told_at) if email or number else None,
        amount=given.amount(paths["amount"]) or Decimal(0),
        currency=given.text(paths.get("currency", "")),
        lines=_lines(given, mapping, paths.get("lines", "")),
        url=given.text(paths.get("url", "")),
        is_ordered=bool(given.flag(paths.get("ordered", ""))),
    )


def _event(given: Reading, mapping: Mapping, paths: dict[str, str], now: datetime) -> ToldEvent:
    at = given.moment(paths.get("happened_at", "")) or now
    number, email = given.text(paths.get("customer_id", "")), given.text(paths["email"])
    return ToldEvent(
        external_id=given.text(paths.get("external_id", "")),
        name=given.needed(paths["event"]),
        at=at,
        customer=_person(given, mapping, number, email, at),
        data=given.inside(paths.get("data", "")).plain() if paths.get("data") else {},
    )


def _product(given: Reading, _mapping: Mapping, paths: dict[str, str], now: datetime) -> ToldProduct:
    ref = given.needed(paths["ref"])
    change = ProductChange(
        ref=ref[:LONGEST],
        name=given.text(paths.get("name", ""))[:LONGEST] or None,
        category=given.text(paths.get("category", "")) or None,
        price=given.amount(paths.get("price", "")),
        currency=given.text(paths.get("currency", "")) or None,
        url=given.text(paths.get("url", "")) or None,
        image_url=given.text(paths.get("image_url", "")) or None,
        stock=given.whole(paths.get("stock", "")),
        life_days=given.whole(paths.get("life_days", "")),
    )
    return ToldProduct(ref, given.moment(paths.get("updated_at", "")) or now, (change,))


def _lines(given: Reading, mapping: Mapping, path: str) -> tuple[ToldLine, ...]:
    """Lines are numbered as they come."""
    lines, paths = [], mapping.line_paths
    for number, each in enumerate(given.each(path), start=1):
        ref, name = each.text(paths.get("product_ref", "")), each.text(paths.get("name", ""))
        quantity = each.whole(paths.get("quantity", "")) if paths.get("quantity") else 1
        if (ref or name) and quantity and quantity > 0:
            product = NamedProduct(
                (ref or name)[:LONGEST], (name or ref)[:LONGEST], each.text(paths.get("category", ""))
            )
            amount = each.amount(paths.get("amount", "")) or Decimal(0)
            lines.append(ToldLine(str(number), product, quantity, amount))
    return tuple(lines)


_READERS: dict[str, Callable[[Reading, Mapping, dict[str, str], datetime], Told]] = {
    "customers": _customer,
    "orders": _order,
    "refunds": _refund,
    "carts": _cart,
    "products": _product,
    "events": _event,
}
