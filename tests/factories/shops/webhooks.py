"""Connected shops, and webhooks as Shopify and WooCommerce document and sign them."""

from __future__ import annotations

import copy
import hmac
import itertools
import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

from app.commerce import jobs
from app.commerce.connectors import connections
from app.commerce.connectors import mapping as mappings
from app.commerce.connectors.connections import NewConnection
from app.commerce.models import ShopConnection
from app.commerce.tokens import ShopToken
from tests.factories import NOON

SECRET = "hush-hush-secret"
_numbers = itertools.count(1)

SHOPIFY_CUSTOMER: dict[str, Any] = {
    "id": 706405506930370084,
    "created_at": "2025-11-20T10:00:00+01:00",
    "updated_at": "2026-02-20T10:00:00+01:00",
    "first_name": "Ada",
    "last_name": "Byron",
    "orders_count": 1,
    "state": "enabled",
    "total_spent": "42.00",
    "note": None,
    "verified_email": True,
    "multipass_identifier": None,
    "tax_exempt": False,
    "email": "ada@example.com",
    "phone": "+493012345678",
    "currency": "EUR",
    "tags": "vip, loose-leaf",
    "admin_graphql_api_id": "gid://shopify/Customer/706405506930370084",
    "email_marketing_consent": {
        "state": "subscribed",
        "opt_in_level": "confirmed_opt_in",
        "consent_updated_at": "2025-11-20T10:05:00+01:00",
    },
    "sms_marketing_consent": None,
    "default_address": {
        "id": 1,
        "first_name": "Ada",
        "last_name": "Byron",
        "address1": "Hauptstr. 1",
        "city": "Berlin",
        "zip": "10115",
        "country": "Germany",
        "country_code": "DE",
        "default": True,
    },
}
SHOPIFY_ORDER: dict[str, Any] = {
    "id": 820982911946154508,
    "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
    "app_id": 580111,
    "buyer_accepts_marketing": True,
    "cancel_reason": None,
    "cancelled_at": None,
    "cart_token": "c1-token",
    "checkout_token": "co-token",
    "confirmed": True,
    "contact_email": "ada@example.com",
    "created_at": "2026-03-01T12:00:00+01:00",
    "currency": "EUR",
    "current_total_price": "42.00",
    "customer": SHOPIFY_CUSTOMER,
    "discount_codes": [{"code": "SPRING", "amount": "4.00", "type": "fixed_amount"}],
    "email": "ada@example.com",
    "financial_status": "paid",
    "fulfillment_status": None,
    "gateway": "shopify_payments",
    "line_items": [
        {
            "id": 466157049,
            "variant_id": 39072856,
            "title": "Darjeeling First Flush 100 g",
            "quantity": 2,
            "sku": "NT-101",
            "vendor": "Nightjar",
            "product_id": 632910392,
            "price": "15.00",
            "total_discount": "0.00",
            "discount_allocations": [{"amount": "4.00", "discount_application_index": 0}],
            "taxable": True,
            "gift_card": False,
        },
        {
            "id": 518995019,
            "variant_id": 49148385,
            "title": "Gaiwan",
            "quantity": 1,
            "sku": "",
            "product_id": 921728736,
            "price": "16.00",
            "total_discount": "0.00",
            "discount_allocations": [],
        },
    ],
    "name": "#1001",
    "number": 1,
    "order_number": 1001,
    "payment_gateway_names": ["shopify_payments"],
    "processed_at": "2026-03-01T12:00:00+01:00",
    "refunds": [],
    "source_name": "web",
    "subtotal_price": "42.00",
    "test": False,
    "total_discounts": "4.00",
    "total_price": "42.00",
    "updated_at": "2026-03-01T12:00:05+01:00",
}
SHOPIFY_REFUND: dict[str, Any] = {
    "id": 890088186047892319,
    "order_id": 820982911946154508,
    "created_at": "2026-03-02T08:00:00+01:00",
    "note": "Torn box",
    "processed_at": "2026-03-02T08:00:00+01:00",
    "refund_line_items": [
        {"id": 1, "quantity": 1, "line_item_id": 466157049, "restock_type": "return", "subtotal": "13.00"}
    ],
    "transactions": [
        {"id": 9, "kind": "refund", "status": "success", "amount": "13.00", "currency": "EUR"},
        {"id": 10, "kind": "refund", "status": "failure", "amount": "13.00", "currency": "EUR"},
    ],
    "order_adjustments": [],
}
SHOPIFY_CHECKOUT: dict[str, Any] = {
    "id": 981820079255243537,
    "token": "co-token",
    "cart_token": "c1-token",
    "email": "ada@example.com",
    "created_at": "2026-03-01T11:00:00+01:00",
    "updated_at": "2026-03-01T11:20:00+01:00",
    "completed_at": None,
    "currency": "EUR",
    "presentment_currency": "EUR",
    "total_price": "46.00",
    "abandoned_checkout_url": "https://nightjar.example/checkouts/co-token/recover?key=x",
    "customer": SHOPIFY_CUSTOMER,
    "line_items": [
        {"key": "1", "quantity": 2, "title": "Darjeeling First Flush 100 g", "sku": "NT-101", "price": "15.00"},
        {"key": "2", "quantity": 1, "title": "Gaiwan", "variant_id": 49148385, "price": "16.00"},
    ],
}
SHOPIFY_PRODUCT: dict[str, Any] = {
    "id": 788032119674292922,
    "title": "Glass teapot",
    "body_html": "<p>Holds 0.8 l</p>",
    "vendor": "Nightjar",
    "product_type": "Teaware",
    "handle": "glass-teapot",
    "updated_at": "2026-02-01T10:00:00+01:00",
    "status": "active",
    "tags": "glass, pot",
    "variants": [
        {"id": 1, "title": "0.8 l", "price": "29.00", "sku": "NT-120", "inventory_quantity": 12},
        {"id": 2, "title": "1.2 l", "price": "35.00", "sku": "NT-121", "inventory_quantity": -2},
    ],
    "image": {"id": 3, "src": "https://cdn.example/teapot.jpg"},
    "images": [],
}
WOO_CUSTOMER: dict[str, Any] = {
    "id": 25,
    "date_created_gmt": "2026-01-21T16:09:28",
    "date_modified_gmt": "2026-02-20T09:00:00",
    "email": "bob@example.com",
    "first_name": "Bob",
    "last_name": "Noyce",
    "role": "customer",
    "username": "bob",
    "billing": {"first_name": "Bob", "city": "Wien", "country": "AT", "email": "bob@example.com", "phone": ""},
    "is_paying_customer": True,
}
WOO_ORDER: dict[str, Any] = {
    "id": 727,
    "parent_id": 0,
    "number": "727",
    "created_via": "checkout",
    "status": "processing",
    "currency": "EUR",
    "date_created_gmt": "2026-03-01T09:00:00",
    "date_modified_gmt": "2026-03-01T09:05:00",
    "discount_total": "2.00",
    "total": "29.35",
    "total_tax": "1.35",
    "prices_include_tax": False,
    "customer_id": 25,
    "billing": WOO_CUSTOMER["billing"] | {"last_name": "Noyce"},
    "payment_method": "bacs",
    "payment_method_title": "Direct bank transfer",
    "date_paid_gmt": "2026-03-01T09:04:00",
    "payment_url": "https://woo.example/checkout/order-pay/727/?pay_for_order=true&key=wc_order",
    "line_items": [
        {
            "id": 315,
            "name": "Assam Broken 250 g",
            "product_id": 93,
            "variation_id": 0,
            "quantity": 2,
            "subtotal": "25.00",
            "subtotal_tax": "1.35",
            "total": "23.00",
            "total_tax": "1.35",
            "sku": "NT-102",
            "price": 11.5,
        },
        {"id": 316, "name": "Strainer", "product_id": 22, "variation_id": 23, "quantity": 1, "subtotal": "5.00",
         "total": "5.00", "total_tax": "0.00", "sku": ""},
    ],
    "refunds": [],
}  # fmt: skip
WOO_PRODUCT: dict[str, Any] = {
    "id": 794,
    "name": "Strainer",
    "permalink": "https://woo.example/product/strainer/",
    "date_modified_gmt": "2026-02-01T10:00:00",
    "status": "publish",
    "sku": "NT-124",
    "price": "9.50",
    "regular_price": "9.50",
    "stock_quantity": 4,
    "categories": [{"id": 9, "name": "Teaware", "slug": "teaware"}],
    "images": [{"id": 792, "src": "https://woo.example/strainer.jpg"}],
    "attributes": [{"id": 6, "name": "Material", "options": ["Steel", "Bamboo"]}],
}


def changed(payload: dict[str, Any], **values: Any) -> dict[str, Any]:
    """The payload with some of its values replaced."""
    return {**copy.deepcopy(payload), **values}


def a_shop(database, workspace, settings, kind: str = "shopify", name: str = "Nightjar", **mapping) -> ShopConnection:
    """A connected shop of this kind, whose secret is SECRET."""
    with database.transaction(workspace.id) as session:
        new = NewConnection(kind, name, SECRET, "nightjar.example")
        made, _secret = connections.create(
            session, workspace.id, new, keys=settings.secret_keys, staff_id=workspace.owner_id, now=NOON
        )
        if mapping:
            whole = {**mappings.read(made.mapping).model_dump(mode="json"), **mapping}
            connections.remap(session, made, whole, staff_id=workspace.owner_id, now=NOON)
        return made


def signed(kind: str, topic: str, body: bytes, *, ref: str | None = None, secret: str = SECRET) -> dict[str, str]:
    """The headers of a webhook with this body."""
    digest, number = hmac.digest(secret.encode(), body, sha256), ref or f"delivery-{next(_numbers)}"
    if kind == "shopify":
        return {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": b64encode(digest).decode(),
            "X-Shopify-Webhook-Id": number,
            "X-Shopify-Shop-Domain": "nightjar.myshopify.com",
            "X-Shopify-API-Version": "2026-01",
        }
    if kind == "woocommerce":
        return {
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Signature": b64encode(digest).decode(),
            "X-WC-Webhook-Delivery-ID": number,
            "X-WC-Webhook-Source": "https://woo.example/",
        }
    return {"X-Webhook-Topic": topic, "X-Signature-256": f"sha256={digest.hex()}", "X-Webhook-Id": number}


class Sender:
    """A shop that sends webhooks, and the job that works them off."""

    def __init__(self, app, services, shop: ShopConnection) -> None:
        self.shop = shop
        self._client, self._services = app.test_client(), services
        token = ShopToken(shop.workspace_id, shop.id).encode(services.tokens)
        self.address = f"/api/v1/webhooks/{token}"

    def post(self, topic: str, payload: Any, **signing: Any) -> Any:
        """Send one webhook, signed, and return the answer."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.send(body, signed(self.shop.kind, topic, body, **signing))

    def send(self, body: bytes, headers: dict[str, str]) -> Any:
        """Send these bytes with these headers."""
        return self._client.post(self.address, data=body, headers=headers, content_type="application/json")

    def work(self) -> None:
        """Work off what waits."""
        jobs.take_webhooks(self._services, workspace_id=self.shop.workspace_id)

    def tell(self, topic: str, payload: Any, **signing: Any) -> None:
        """Send one webhook and work it off."""
        answer = self.post(topic, payload, **signing)
        assert answer.status_code == 202, answer.text
        self.work()
