"""Webhooks that are unsigned, wrongly signed, replayed, oversized or no JSON are refused in words and lose nothing."""

from __future__ import annotations

import hmac
import json
import random
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from app.commerce.connectors import connections
from app.commerce.models import Order, ShopRecord
from app.web.guard import MOST_BYTES
from tests.factories import NOON
from tests.factories.hostile.requests import json_with
from tests.factories.shops import webhooks as shops
from tests.factories.shops.webhooks import (
    SECRET,
    SHOPIFY_CHECKOUT,
    SHOPIFY_CUSTOMER,
    SHOPIFY_ORDER,
    SHOPIFY_PRODUCT,
    SHOPIFY_REFUND,
    WOO_CUSTOMER,
    WOO_ORDER,
    WOO_PRODUCT,
    Sender,
    changed,
    signed,
)

KEY = SECRET.encode()
BODY = json.dumps(SHOPIFY_ORDER).encode()
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"X-Shopify-Hmac-Sha256": ""}, 401),
        ({"X-Shopify-Hmac-Sha256": "no base64!"}, 401),
        ({"X-Shopify-Hmac-Sha256": "AAAA"}, 401),
        ({"X-Shopify-Hmac-Sha256": "\u00ff" * 50}, 401),
        ({"X-Shopify-Topic": ""}, 400),
        ({"X-Shopify-Topic": "\u00ff\u00fe"}, 202),
    ],
)
def test_a_bad_signature_is_refused_before_anything_is_read(shopify, books, change, status):
    answer = shopify.send(BODY, {**signed("shopify", "orders/create", BODY), **change})

    assert answer.status_code == status
    assert len(books.states) == (status == 202)


def test_another_secret_or_another_body_is_refused(shopify, books):
    assert shopify.post("orders/create", SHOPIFY_ORDER, secret="something else").status_code == 401
    assert shopify.send(BODY + b" ", signed("shopify", "orders/create", BODY)).status_code == 401
    assert books.states == []


def test_an_address_that_is_none_or_of_an_ended_connection_is_not_there(shopify, services, workspace, app):
    assert app.test_client().post("/api/v1/webhooks/" + "A" * 59, data=BODY).status_code == 404
    with services.database.transaction(workspace.id) as session:
        connections.end(session, workspace.id, shopify.shop.id, staff_id=workspace.owner_id, now=NOON)
    assert shopify.post("orders/create", SHOPIFY_ORDER).status_code == 404


def test_the_same_delivery_told_again_is_one(shopify, books):
    answers = [shopify.post("orders/create", SHOPIFY_ORDER, ref="w-1").json["is_new"] for _ in range(3)]
    shopify.work()

    assert answers == [True, False, False]
    assert (books.states, len(books.orders)) == (["done"], 1)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"[]", b'"x"', b"7", b"{", b"\xff\xfe", b'{"id": NaN}', b'{"id": 1e999}', b"{}"),
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"a":' * 100_000,
        b'{"a": ' + b"[" * 70 + b"]" * 70 + b"}",
        b'{"id": ' + b"9" * 5000 + b"}",
        '{"email": "ada@example.com"}'.encode("utf-16-le"),
    ],
)
def test_odd_json_is_refused_or_kept_and_never_fails(shopify, books, body):
    answer = shopify.post("orders/create", body)
    shopify.work()

    assert answer.status_code in (202, 422)
    assert books.states == (["failed"] if answer.status_code == 202 else [])


def test_what_is_larger_than_any_program_may_send_is_refused(shopify, books):
    body = b'{"note": "' + b"x" * MOST_BYTES + b'"}'

    assert shopify.post("orders/create", body).status_code == 413
    assert books.states == []


@pytest.mark.parametrize(
    ("kind", "topic", "payload"),
    [
        ("shopify", "customers/update", SHOPIFY_CUSTOMER),
        ("shopify", "orders/updated", changed(SHOPIFY_ORDER, refunds=[SHOPIFY_REFUND])),
        ("shopify", "refunds/create", SHOPIFY_REFUND),
        ("shopify", "checkouts/update", SHOPIFY_CHECKOUT),
        ("shopify", "products/update", SHOPIFY_PRODUCT),
        ("woocommerce", "customer.updated", WOO_CUSTOMER),
        ("woocommerce", "order.updated", WOO_ORDER),
        ("woocommerce", "product.updated", WOO_PRODUCT),
    ],
)
def test_whatever_stands_in_a_payload_it_is_used_or_refused_in_words(
    app, services, workspace, books, kind, topic, payload
):
    """One value anywhere is hostile; no delivery may be left waiting or end as a crash."""
    sender = Sender(app, services, shops.a_shop(services.database, workspace, services.settings, kind))
    chance = random.Random(topic)
    for _ in range(25):
        sender.post(topic, json_with(payload, chance).encode("utf-8", "surrogatepass"))
    sender.work()

    assert not [note for note in books.notes if "log of the installation" in note]
    assert set(books.states) <= {"done", "failed", "ignored", "outdated", "waiting"}


@settings(max_examples=15, deadline=None, suppress_health_check=QUIET)
@given(order=st.permutations(range(4)), repeats=st.lists(st.integers(0, 3), max_size=3))
def test_in_whatever_order_webhooks_come_and_however_often_the_end_is_the_same(shopify, books, clock, order, repeats):
    """The newest account of each thing wins, and each refund counts once."""
    number = random.randrange(10**12)
    mine = {"id": number, "name": f"#{number}"}
    refund = changed(SHOPIFY_REFUND, order_id=number, id=number + 1)
    told = [
        ("orders/create", changed(SHOPIFY_ORDER, **mine)),
        ("orders/updated", changed(SHOPIFY_ORDER, **mine, total_price="50.00", updated_at="2026-03-01T14:00:00Z")),
        ("refunds/create", refund),
        ("orders/updated", changed(SHOPIFY_ORDER, **mine, total_price="60.00", refunds=[refund],
                                   updated_at="2026-03-02T14:00:00Z")),
    ]  # fmt: skip
    for place in [*order, *repeats]:
        shopify.post(*told[place])
    shopify.work()
    clock.advance(timedelta(minutes=2))
    shopify.work()

    found = [row[1:3] for row in books.orders if row[0] == mine["name"]]
    assert [(str(amount), str(refunded)) for amount, refunded in found] == [("60.00", "13.00")]


def test_standard_webhooks_are_read_with_their_time(app, services, workspace, books):
    shop = shops.a_shop(services.database, workspace, services.settings, "webhook")
    sender, body = Sender(app, services, shop), b'{"type": "x"}'

    def post(at, key=KEY):
        stamp = str(int(at.timestamp()))
        mac = hmac.digest(key, b"m-1." + stamp.encode() + b"." + body, sha256)
        signature = f"v1,{b64encode(mac).decode()}"
        headers = {"webhook-id": "m-1", "webhook-timestamp": stamp, "webhook-signature": signature}
        return sender.send(body, headers).status_code

    assert post(NOON) == 202
    assert post(NOON - timedelta(minutes=6)) == 400
    assert post(NOON, b"another") == 401
    assert sender.send(body, {}).status_code == 401
    assert len(books.states) == 1


def test_a_webhook_that_nobody_foresaw_keeps_no_other_of_the_workspace_from_being(
    app, services, workspace, shopify, books
):
    """A mapping kept in another day lacks a path; an order the shop has told of is gone."""
    till = shops.a_shop(services.database, workspace, services.settings, "webhook")
    shopify.tell("orders/create", SHOPIFY_ORDER)
    with services.database.transaction(workspace.id) as session:
        kept = connections.hold(session, workspace.id, till.id)
        kept.mapping = {**kept.mapping, "takes": ["orders"], "paths": {}}
        session.execute(delete(Order))
    Sender(app, services, till).post("", {"number": 1})
    shopify.post("refunds/create", SHOPIFY_REFUND)
    shopify.post("customers/create", SHOPIFY_CUSTOMER)
    shopify.work()

    assert books.states == ["done", "failed", "failed", "done"]


def test_whatever_goes_wrong_with_one_delivery_goes_wrong_with_that_one(shopify, services, workspace, books):
    """The parts of a product are kept as something that nobody writes."""
    shopify.tell("products/create", SHOPIFY_PRODUCT)
    with services.database.transaction(workspace.id) as session:
        session.execute(update(ShopRecord).values(parts=7))
    shopify.post("products/delete", {"id": SHOPIFY_PRODUCT["id"]})
    shopify.post("customers/create", SHOPIFY_CUSTOMER)
    shopify.work()

    assert books.states == ["done", "failed", "done"]
    assert any("log of the installation" in note for note in books.notes)
