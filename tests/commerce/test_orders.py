"""Orders with lines, and what comes back: recorded once, added up exactly, refused where they cannot be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given
from sqlalchemy import func, select

from app.commerce import orders, products
from app.commerce.models import Order, OrderLine, Product
from app.commerce.orders import NewLine, NewOrder, NewRefund, OrderRefused, RefundRefused
from app.commerce.products import NamedProduct
from app.customers.profiles import engagement
from app.kernel.refusals import NotFound
from tests.factories import NOON
from tests.factories.customers import a_customer

TEA, POT = NamedProduct("T-1", "Tea", "Drinks / Tea"), NamedProduct("P-1", "Pot", "Kitchen")


def an_order(customer, *lines, ref="1", amount="30.00", at=NOON, currency="EUR"):
    return NewOrder(customer.id, ref, at, Decimal(amount), currency, lines=lines)


def a_line(product=TEA, quantity=1, amount="10.00", **more):
    return NewLine(product, quantity, Decimal(amount), **more)


def sums(session, customer):
    found = engagement.get(session, customer.workspace_id, customer.id)
    session.refresh(found)
    return found.orders, found.spent, found.items


def test_an_order_brings_its_products_and_adds_up(session, workspace):
    ada = a_customer(session, workspace.id)
    new = an_order(ada, a_line(quantity=2, amount="20.00", cost=Decimal("8.00")), a_line(POT))
    first = orders.record(session, workspace.id, new, now=NOON)

    assert orders.record(session, workspace.id, new, now=NOON) == first
    assert sums(session, ada) == (1, Decimal("30.00"), 3)
    order = session.get_one(Order, (workspace.id, first))
    assert (order.items, order.product) == (3, "Tea, Pot")
    shown = orders.lines_of(session, workspace.id, [first])[first]
    assert [(each.product.name, each.line.quantity, each.line.amount) for each in shown] == [
        ("Tea", 2, Decimal("20.00")),
        ("Pot", 1, Decimal("10.00")),
    ]
    assert products.categories(session, workspace.id) == ["Drinks", "Drinks > Tea", "Kitchen"]


def test_two_orders_at_once_that_name_a_new_product_make_one(database, workspace):
    with database.transaction(workspace.id) as session:
        people = [a_customer(session, workspace.id, email=f"p{n}@example.com") for n in range(8)]

    def order(person):
        with database.transaction(workspace.id) as session:
            orders.record(session, workspace.id, an_order(person, a_line(), ref=str(person.id)), now=NOON)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(order, people))

    with database.transaction(workspace.id) as session:
        assert session.scalar(select(func.count()).select_from(Product)) == 1
        assert session.scalar(select(func.count(OrderLine.product_id.distinct()))) == 1


def test_what_comes_back_is_taken_off_once(session, workspace):
    ada = a_customer(session, workspace.id)
    order_id = orders.record(
        session, workspace.id, an_order(ada, a_line(quantity=2, amount="20.00"), a_line(POT)), now=NOON
    )
    back = NewRefund("r1", Decimal("10.00"), NOON + timedelta(days=3), "too strong", {1: 1})

    assert [orders.refund(session, workspace.id, "1", back, now=NOON) for _ in range(2)] == [True, False]
    assert sums(session, ada) == (1, Decimal("20.00"), 2)
    assert session.get_one(Order, (workspace.id, order_id)).refunded == Decimal("10.00")
    assert session.get_one(OrderLine, (workspace.id, order_id, 1)).returned == 1


@pytest.mark.parametrize(
    ("refund", "refusal"),
    [
        (NewRefund("r", Decimal("30.01"), NOON), RefundRefused),
        (NewRefund("r", Decimal(-1), NOON), RefundRefused),
        (NewRefund("r", Decimal(1), NOON, None, {1: 3}), RefundRefused),
        (NewRefund("r", Decimal(1), NOON, None, {9: 1}), RefundRefused),
        (NewRefund("r", Decimal(1), NOON, None, {1: 0}), RefundRefused),
        (NewRefund("", Decimal(1), NOON), RefundRefused),
    ],
)
def test_no_more_comes_back_than_was_paid_or_ordered(session, workspace, refund, refusal):
    ada = a_customer(session, workspace.id)
    orders.record(session, workspace.id, an_order(ada, a_line(quantity=2)), now=NOON)

    with pytest.raises(refusal), session.begin_nested():
        orders.refund(session, workspace.id, "1", refund, now=NOON)

    assert sums(session, ada) == (1, Decimal("30.00"), 2)


def test_a_refund_of_an_order_nobody_told_of_is_refused(session, workspace):
    with pytest.raises(NotFound):
        orders.refund(session, workspace.id, "none", NewRefund("r", Decimal(1), NOON), now=NOON)


@pytest.mark.parametrize(
    "lines",
    [
        (a_line(quantity=0),),
        (a_line(quantity=1_000_000),),
        (a_line(NamedProduct("", "")),),
        (a_line(NamedProduct("x" * 201, "x")),),
        (a_line(),) * 501,
    ],
)
def test_lines_that_cannot_be_are_refused(session, workspace, lines):
    ada = a_customer(session, workspace.id)
    with pytest.raises(OrderRefused):
        orders.record(session, workspace.id, an_order(ada, *lines), now=NOON)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Garden > Roses", "Garden > Roses"),
        ("Garden/Roses / Climbing", "Garden > Roses > Climbing"),
        (" Garden  »  Roses ", "Garden > Roses"),
        ("Garden|Roses", "Garden > Roses"),
        (" > / ", ""),
        ("", ""),
    ],
)
def test_categories_of_every_shop_are_kept_one_way(written, kept):
    assert products.category_path(written) == kept


@given(st.text(max_size=300))
def test_a_category_is_kept_the_same_when_told_again(text):
    once = products.category_path(text)

    assert products.category_path(once) == once


@given(st.lists(st.text(min_size=1, max_size=200), max_size=40))
def test_what_was_ordered_fits_into_a_line(named):
    words = orders.names_of(named)

    assert words is None or len(words) <= orders.LONGEST_NAMES
    assert (words is None) == (not named)
