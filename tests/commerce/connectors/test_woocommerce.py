"""What WooCommerce's webhooks say is on record as people, orders with refunds, carts and products."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from app.commerce import products
from app.commerce.models import Cart, Product
from app.commerce.products import ProductChange
from tests.factories import NOON
from tests.factories.shops.webhooks import WOO_CUSTOMER, WOO_ORDER, WOO_PRODUCT, changed


def test_an_order_brings_its_customer_its_lines_and_its_products(woo, books):
    woo.tell("order.created", WOO_ORDER)

    assert books.states == ["done"]
    assert books.people == [("bob@example.com", "Bob", "Wien", [])]
    assert books.orders == [("727", Decimal("29.35"), Decimal(0), None)]
    assert books.lines == [("NT-102", 2, Decimal("24.35"), 0), ("23", 1, Decimal("5.00"), 0)]


def test_an_order_nobody_paid_is_a_cart_until_it_is_paid(woo, books, services, workspace):
    pending = changed(WOO_ORDER, status="pending", date_paid_gmt=None, date_modified_gmt="2026-03-01T09:01:00")
    woo.tell("order.created", pending)
    assert books.orders == []
    with services.database.transaction(workspace.id) as session:
        assert session.scalars(select(Cart.ordered_at)).all() == [None]

    woo.tell("order.updated", WOO_ORDER)
    assert [order[0] for order in books.orders] == ["727"]
    with services.database.transaction(workspace.id) as session:
        assert session.scalars(select(Cart.ordered_at)).one() is not None


def test_a_guest_is_found_by_email(woo, books):
    woo.tell("customer.created", WOO_CUSTOMER)
    woo.tell("order.created", changed(WOO_ORDER, customer_id=0))
    woo.tell("order.created", changed(WOO_ORDER, id=728, number="728", customer_id=0))

    assert len(books.people) == 1
    assert books.sums == [(2, Decimal("58.70"), 6)]


def test_refunds_stand_in_the_order(woo, books):
    woo.tell("order.created", WOO_ORDER)
    partly = changed(
        WOO_ORDER, refunds=[{"id": 9, "reason": "", "total": "-5.00"}], date_modified_gmt="2026-03-02T09:00:00"
    )
    woo.tell("order.updated", partly)
    wholly = changed(partly, status="cancelled", date_modified_gmt="2026-03-02T10:00:00")
    assert books.orders[0][2] == Decimal("5.00")
    woo.tell("order.updated", wholly)

    assert books.sums == [(0, Decimal(0), 0)]


def test_an_order_that_was_refunded_whole_needs_no_list_of_refunds(woo, books):
    woo.tell("order.updated", changed(WOO_ORDER, status="refunded"))
    woo.tell("order.updated", changed(WOO_ORDER, status="refunded", date_modified_gmt="2026-03-02T10:00:00"))

    assert books.orders[0][1:3] == (Decimal("29.35"), Decimal("29.35"))


def test_a_product_is_kept_with_its_attributes(woo, services, workspace):
    woo.tell("order.created", WOO_ORDER)
    woo.tell("product.updated", WOO_PRODUCT)

    with services.database.transaction(workspace.id) as session:
        kept = session.scalars(select(Product).where(Product.ref == "NT-124")).one()
    assert (kept.name, kept.category, kept.price, kept.stock) == ("Strainer", "Teaware", Decimal("9.50"), 4)
    assert kept.attributes == {"Material": "Steel, Bamboo"}


def test_the_question_whether_anybody_is_there_is_answered_and_kept_nowhere(woo, books):
    answer = woo.send(b"webhook_id=42", {})

    assert (answer.status_code, answer.json) == (200, {"id": None, "is_new": False})
    assert books.states == []


def test_an_order_cancelled_before_anybody_paid_is_a_cart_that_was_left(woo, books, services, workspace):
    pending = changed(WOO_ORDER, status="pending", date_paid_gmt=None, date_modified_gmt="2026-03-01T09:01:00")
    woo.tell("order.created", pending)
    woo.tell("order.updated", changed(pending, status="cancelled", date_modified_gmt="2026-03-01T10:01:00"))

    assert (books.orders, books.states[-1]) == ([], "ignored")
    with services.database.transaction(workspace.id) as session:
        assert session.scalars(select(Cart.ordered_at)).all() == [None]
    woo.tell("order.updated", changed(WOO_ORDER, date_modified_gmt="2026-03-01T11:00:00"))
    assert books.sums == [(1, Decimal("29.35"), 3)]


def test_a_cancelled_order_that_stands_again_counts_again(woo, books):
    woo.tell("order.created", WOO_ORDER)
    woo.tell("order.updated", changed(WOO_ORDER, status="cancelled", date_modified_gmt="2026-03-02T10:00:00"))
    assert books.sums == [(0, Decimal(0), 0)]
    woo.tell("order.updated", changed(WOO_ORDER, date_modified_gmt="2026-03-02T11:00:00"))

    assert books.orders[0][3] is None
    assert [line[3] for line in books.lines] == [0, 0]
    assert books.sums == [(1, Decimal("29.35"), 3)]


def test_two_changes_within_a_second_have_one_delivery_id_and_both_count(woo, books):
    woo.tell("customer.updated", WOO_CUSTOMER, ref="hash-of-the-second")
    woo.tell("customer.updated", changed(WOO_CUSTOMER, first_name="Robert"), ref="hash-of-the-second")
    woo.tell("customer.updated", changed(WOO_CUSTOMER, first_name="Robert"), ref="hash-of-the-second")

    assert books.states == ["done", "done"]
    assert books.people[0][1] == "Robert"


def test_the_email_of_an_order_is_not_that_of_the_account(woo, books):
    woo.tell("customer.created", WOO_CUSTOMER)
    for_work = WOO_ORDER["billing"] | {"email": "office@example.com"}
    woo.tell("order.created", changed(WOO_ORDER, billing=for_work))

    assert [row[0] for row in books.people] == ["bob@example.com"]
    assert books.sums == [(1, Decimal("29.35"), 3)]


def test_an_email_somebody_else_has_keeps_nothing_else_out(woo, books):
    woo.tell("customer.created", changed(WOO_CUSTOMER, id=26, email="eve@example.com", first_name="Eve"))
    woo.tell("customer.created", WOO_CUSTOMER)
    newer = {"email": "eve@example.com", "first_name": "Robert", "date_modified_gmt": "2026-02-21T09:00:00"}
    woo.tell("customer.updated", changed(WOO_CUSTOMER, **newer))

    assert [row[:2] for row in books.people] == [("eve@example.com", "Eve"), ("bob@example.com", "Robert")]
    assert books.notes == ["The email was left out: somebody else has it."]


def test_what_a_shop_does_not_say_of_a_product_stays(woo, services, workspace):
    woo.tell("product.created", WOO_PRODUCT)
    with services.database.transaction(workspace.id) as session:
        ours = {"attributes": {"season": "all", "Material": "?"}}
        products.save(session, workspace.id, ProductChange("NT-124", **ours), now=NOON)
    woo.tell("product.updated", changed(WOO_PRODUCT, date_modified_gmt="2026-02-02T10:00:00"))
    bare = changed(WOO_PRODUCT, attributes=[], categories=[], date_modified_gmt="2026-02-03T10:00:00")
    woo.tell("product.updated", bare)

    with services.database.transaction(workspace.id) as session:
        kept = session.scalars(select(Product).where(Product.ref == "NT-124")).one()
    assert (kept.category, kept.attributes) == ("Teaware", {"season": "all", "Material": "Steel, Bamboo"})
