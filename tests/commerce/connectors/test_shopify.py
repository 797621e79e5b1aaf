"""What Shopify's webhooks say is on record as people, orders, refunds, carts and products."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from app.commerce import timeline_entries
from app.commerce.models import Cart, Order, Product
from tests.factories import NOON
from tests.factories.customers import import_file, undo_import
from tests.factories.shops.webhooks import (
    SHOPIFY_CHECKOUT,
    SHOPIFY_CUSTOMER,
    SHOPIFY_ORDER,
    SHOPIFY_PRODUCT,
    SHOPIFY_REFUND,
    WOO_ORDER,
    changed,
)


def test_an_order_brings_its_customer_its_lines_and_its_products(shopify, books):
    shopify.tell("orders/create", SHOPIFY_ORDER)

    assert books.states == ["done"]
    assert books.people == [("ada@example.com", "Ada", "Berlin", ["loose-leaf", "vip"])]
    assert books.orders == [("#1001", Decimal("42.00"), Decimal(0), None)]
    assert books.lines == [("NT-101", 2, Decimal("26.00"), 0), ("49148385", 1, Decimal("16.00"), 0)]
    assert books.sums == [(1, Decimal("42.00"), 3)]


def test_an_order_told_again_is_the_same_and_a_newer_account_corrects_it(shopify, books):
    shopify.tell("orders/create", SHOPIFY_ORDER)
    shopify.tell("orders/paid", SHOPIFY_ORDER)
    edited = changed(SHOPIFY_ORDER, total_price="58.00", updated_at="2026-03-01T13:00:00+01:00")
    edited["line_items"][1]["quantity"] = 2
    shopify.tell("orders/updated", edited)

    assert books.states == ["done"] * 3
    assert books.orders == [("#1001", Decimal("58.00"), Decimal(0), None)]
    assert books.lines[1] == ("49148385", 2, Decimal("32.00"), 0)
    assert books.sums == [(1, Decimal("58.00"), 4)]


def test_an_older_account_that_comes_late_changes_nothing(shopify, books):
    newer = changed(SHOPIFY_ORDER, total_price="58.00", updated_at="2026-03-01T13:00:00+01:00")
    shopify.tell("orders/updated", newer)
    shopify.tell("orders/create", SHOPIFY_ORDER)

    assert books.states == ["done", "outdated"]
    assert books.orders == [("#1001", Decimal("58.00"), Decimal(0), None)]


def test_a_refund_lowers_what_was_spent_and_notes_what_came_back(shopify, books):
    shopify.tell("orders/create", SHOPIFY_ORDER)
    shopify.tell("refunds/create", SHOPIFY_REFUND)
    shopify.tell("orders/updated", changed(SHOPIFY_ORDER, refunds=[SHOPIFY_REFUND], updated_at="2026-03-02T09:00:00Z"))

    assert books.orders == [("#1001", Decimal("42.00"), Decimal("13.00"), None)]
    assert books.lines[0] == ("NT-101", 2, Decimal("26.00"), 1)
    assert books.sums == [(1, Decimal("29.00"), 2)]


def test_a_refund_that_comes_before_its_order_waits_for_it(shopify, books, clock):
    shopify.tell("refunds/create", SHOPIFY_REFUND)
    assert books.states == ["waiting"]

    shopify.tell("orders/create", SHOPIFY_ORDER)
    clock.advance(timedelta(seconds=10))
    shopify.work()
    assert books.states == ["done", "done"]
    assert books.sums == [(1, Decimal("29.00"), 2)]


def test_a_refund_whose_order_never_comes_fails_in_the_end(shopify, books, clock):
    shopify.tell("refunds/create", SHOPIFY_REFUND)
    for _ in range(6):
        clock.advance(timedelta(hours=7))
        shopify.work()

    assert (books.states, books.notes) == (["failed"], ["There is no such order yet."])


def test_a_cancelled_order_stays_and_counts_nowhere(shopify, books, services, workspace):
    shopify.tell("orders/create", SHOPIFY_ORDER)
    at = "2026-03-01T15:00:00+01:00"
    shopify.tell("orders/cancelled", changed(SHOPIFY_ORDER, cancelled_at=at, updated_at=at, cancel_reason="customer"))
    shopify.tell("refunds/create", SHOPIFY_REFUND)

    assert books.orders == [("#1001", Decimal("42.00"), Decimal("13.00"), datetime(2026, 3, 1, 14, tzinfo=UTC))]
    assert [line[1] - line[3] for line in books.lines] == [0, 0]
    assert books.sums == [(0, Decimal(0), 0)]
    with services.database.transaction(workspace.id) as session:
        customer_id = session.scalars(select(Order.customer_id)).one()
        entry = timeline_entries.of_customer(session, workspace.id, customer_id, None, 1)[0]
    assert "cancelled" in entry.title


def test_an_order_that_stands_again_lacks_what_came_back(shopify, books):
    shopify.tell("orders/create", SHOPIFY_ORDER)
    shopify.tell("refunds/create", SHOPIFY_REFUND)
    at = "2026-03-03T15:00:00+01:00"
    shopify.tell("orders/cancelled", changed(SHOPIFY_ORDER, cancelled_at=at, updated_at=at))
    assert books.sums == [(0, Decimal(0), 0)]
    shopify.tell("orders/updated", changed(SHOPIFY_ORDER, updated_at="2026-03-03T16:00:00+01:00"))

    assert [line[3] for line in books.lines] == [1, 0]
    assert books.sums == [(1, Decimal("29.00"), 2)]


def test_what_came_back_goes_with_its_product_when_lines_move(shopify, books):
    shopify.tell("orders/create", SHOPIFY_ORDER)
    shopify.tell("refunds/create", SHOPIFY_REFUND)
    new = {"id": 7, "title": "Whisk", "sku": "NT-9", "quantity": 3, "price": "1.00"}
    moved = [new, SHOPIFY_ORDER["line_items"][0]]
    shopify.tell("orders/updated", changed(SHOPIFY_ORDER, line_items=moved, updated_at="2026-03-03T16:00:00+01:00"))

    assert [(line[0], line[1], line[3]) for line in books.lines] == [("NT-9", 3, 0), ("NT-101", 2, 1)]


def test_an_order_of_a_file_that_the_shop_tells_of_stays_when_the_file_is_undone(shopify, books, services, workspace):
    header = "email,order number,date,amount,currency\n"
    content = f"{header}ada@example.com,#1001,2026-03-01,40,EUR\nada@example.com,#1000,2026-02-01,5,EUR\n"
    done = import_file(services.database, workspace.id, content, kind="purchases", unknown="create")
    shopify.tell("orders/create", SHOPIFY_ORDER)
    at = "2026-03-01T15:00:00+01:00"
    shopify.tell("orders/create", changed(SHOPIFY_ORDER, id=1, name="#999"))
    shopify.tell("orders/cancelled", changed(SHOPIFY_ORDER, id=1, name="#999", cancelled_at=at, updated_at=at))
    undo_import(services.database, workspace.id, done.id, now=NOON + timedelta(days=9))

    assert [order[0] for order in books.orders] == ["#1001", "#999"]
    assert books.sums == [(1, Decimal("42.00"), 3)]


def test_a_checkout_is_a_cart_until_its_order_comes(shopify, services, workspace):
    def carts():
        with services.database.transaction(workspace.id) as session:
            return [(cart.ref, cart.items, cart.amount, cart.ordered_at) for cart in session.scalars(select(Cart))]

    shopify.tell("checkouts/create", SHOPIFY_CHECKOUT)
    assert carts() == [("c1-token", 3, Decimal("46.00"), None)]

    more = {"token": "c1-token", "updated_at": "2026-03-01T11:30:00+01:00", "line_items": [
        {"id": 1, "quantity": 5, "title": "Gaiwan", "price": "16.00"}]}  # fmt: skip
    shopify.tell("carts/update", more)
    assert carts() == [("c1-token", 5, Decimal("80.00"), None)]

    shopify.tell("orders/create", SHOPIFY_ORDER)
    assert carts()[0][3] == datetime(2026, 3, 1, 11, tzinfo=UTC)


def test_a_cart_of_nobody_known_is_passed_over(shopify, books):
    shopify.tell("carts/create", {"token": "x", "line_items": [], "updated_at": "2026-03-01T11:30:00Z"})

    assert (books.states, books.notes) == (["ignored"], ["The shop does not know yet whose cart this is."])


def test_variants_are_products_and_one_that_is_gone_is_not_sold(shopify, services, workspace):
    def catalogue():
        with services.database.transaction(workspace.id) as session:
            found = session.scalars(select(Product).where(Product.ref.like("NT-12%")).order_by(Product.ref))
            return [(each.ref, each.name, each.price, each.stock, each.is_sold) for each in found]

    shopify.tell("orders/create", SHOPIFY_ORDER)
    shopify.tell("products/create", SHOPIFY_PRODUCT)
    assert catalogue() == [
        ("NT-120", "Glass teapot, 0.8 l", Decimal("29.00"), 12, True),
        ("NT-121", "Glass teapot, 1.2 l", Decimal("35.00"), 0, True),
    ]

    fewer = changed(SHOPIFY_PRODUCT, updated_at="2026-02-02T10:00:00Z", variants=SHOPIFY_PRODUCT["variants"][:1])
    shopify.tell("products/update", fewer)
    assert [row[4] for row in catalogue()] == [True, False]
    shopify.tell("products/delete", {"id": SHOPIFY_PRODUCT["id"]})
    assert [row[4] for row in catalogue()] == [False, False]


def test_a_person_who_changes_their_email_in_the_shop_stays_one_person(shopify, books):
    shopify.tell("customers/create", SHOPIFY_CUSTOMER)
    moved = changed(SHOPIFY_CUSTOMER, email="ada@new.example", updated_at="2026-03-01T10:00:00Z", first_name="Augusta")
    shopify.tell("customers/update", moved)

    assert [row[:2] for row in books.people] == [("ada@new.example", "Augusta")]


def test_a_value_that_does_not_fit_keeps_nothing_else_out(shopify, books):
    odd = changed(SHOPIFY_CUSTOMER, phone="none")
    odd["default_address"]["country_code"] = "Atlantis"
    shopify.tell("customers/create", odd)

    assert books.people[0][:3] == ("ada@example.com", "Ada", "Berlin")
    assert len(books.notes) >= 2


def test_what_the_shop_must_ask_by_law_is_shown_to_people(shopify, books):
    shopify.tell("customers/redact", {"shop_id": 1, "customer": {"id": 1, "email": "ada@example.com"}})

    assert books.states == ["failed"]
    assert "by hand" in books.notes[0]


def test_two_shops_that_count_alike_are_told_apart_by_a_prefix(shopify, woo, books):
    shopify.tell("orders/create", SHOPIFY_ORDER)
    woo.tell("order.created", changed(WOO_ORDER, number="#1001"))

    assert books.states == ["done", "failed"]
    assert "prefix" in books.notes[-1]
