"""Products, orders and refunds told by a shop's program."""

from __future__ import annotations

import pytest
from sqlalchemy import text

ADA = {"email": "ada@example.com"}
ORDER = {
    "customer": ADA,
    "order_ref": "A-1",
    "amount": "30.00",
    "currency": "EUR",
    "purchased_at": "2026-03-01T12:00:00Z",
    "channel": "web",
    "lines": [
        {"product_ref": "T-1", "name": "Tea", "category": "Drinks/Tea", "quantity": 2, "amount": "20.00"},
        {"name": "Pot", "amount": "10.00"},
    ],
}
REFUND = {
    "order_ref": "A-1",
    "refund_ref": "R-1",
    "amount": "10.00",
    "refunded_at": "2026-03-04T12:00:00Z",
    "returned": [{"line": 1, "quantity": 1}],
}


@pytest.fixture
def ada(api):
    return api("PUT", "/customers", ADA).json["customer"]["id"]


def test_an_order_with_lines_is_on_record_with_its_products(api, ada, session):
    made = api("POST", "/orders", ORDER)

    assert (made.status_code, made.json["customer_id"]) == (201, ada)
    query = "SELECT p.ref, p.category, l.quantity FROM order_lines l JOIN products p ON p.id = l.product_id ORDER BY 1"
    assert session.execute(text(query)).all() == [("Pot", "", 1), ("T-1", "Drinks > Tea", 2)]


def test_of_a_batch_each_order_is_told_by_itself(api, ada):
    stranger = {**ORDER, "order_ref": "A-2", "customer": {"email": "nobody@example.com"}}
    odd = {**ORDER, "order_ref": "A-3", "currency": "ZZZ"}
    made = api("POST", "/orders/batch", {"orders": [ORDER, stranger, odd, {**ORDER, "order_ref": "A-4"}]})

    assert (made.status_code, made.json["recorded"]) == (201, 2)
    assert [bool(each["order"]) for each in made.json["results"]] == [True, False, False, True]
    assert [each["errors"][0]["pointer"] for each in made.json["results"][1:3]] == ["/customer", "/currency"]


def test_a_refund_is_told_once_and_of_an_order_there_is(api, ada, session):
    api("POST", "/orders", ORDER)
    answers = [api("POST", "/refunds", REFUND).json["is_new"] for _ in range(2)]

    assert answers == [True, False]
    assert session.scalar(text("SELECT spent FROM customer_engagement WHERE customer_id = :id"), {"id": ada}) == 20
    assert api("POST", "/refunds", {**REFUND, "order_ref": "none"}).status_code == 404
    refused = api("POST", "/refunds", {**REFUND, "refund_ref": "R-2", "amount": "20.01"})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/amount")


def test_a_product_is_added_then_changed_in_part(api):
    made = api("PUT", "/products", {"ref": "T-1", "name": "Tea", "price": "4.50", "currency": "EUR", "stock": 7})
    changed = api("PUT", "/products", {"ref": "T-1", "category": "Drinks", "price": "5.00"})

    assert (made.status_code, changed.status_code) == (201, 200)
    assert {key: changed.json[key] for key in ("name", "category", "price", "stock")} == {
        "name": "Tea", "category": "Drinks", "price": "5.00", "stock": 7,
    }  # fmt: skip
    refused = api("PUT", "/products", {"ref": "P-1", "price": "4.50"})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/currency")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lines": [{"amount": "1"}]}, "/lines/0"),
        ({"lines": [{"name": "Tea", "amount": "1", "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"name": "Tea\nx", "amount": "1"}]}, "/lines/0/name"),
        ({"amount": "1e99999"}, "/amount"),
        ({"surprise": 1}, "/surprise"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(api, ada, change, pointer):
    refused = api("POST", "/orders", {**ORDER, **change})

    assert refused.status_code == 422
    assert pointer in [error["pointer"] for error in refused.json["errors"]]


def test_a_cart_is_kept_unless_a_newer_account_is_known(api, ada, session):
    cart = {"customer": ADA, "cart_ref": "C-1", "amount": "20.00", "currency": "EUR",
            "changed_at": "2026-03-01T12:00:00Z", "lines": [{"name": "Tea", "quantity": 2}]}  # fmt: skip
    older = {**cart, "changed_at": "2026-03-01T11:00:00Z", "lines": []}
    answers = [api("PUT", "/carts", each).json["is_kept"] for each in (cart, older, {**cart, "is_ordered": True})]

    assert answers == [True, False, True]
    assert session.execute(text("SELECT items, ordered_at IS NULL FROM carts")).one() == (2, False)
    refused = api("PUT", "/carts", {**cart, "currency": "ZZZ"})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/currency")


def test_an_owned_item_is_added_then_changed_and_nobody_else_s(api, ada):
    item = {"customer": ADA, "ref": "I-1", "name": "Pot", "since_on": "2026-01-01", "life_days": 10}
    made = api("PUT", "/owned-items", item)
    assert (made.status_code, made.json["due_on"]) == (201, "2026-01-11")
    changed = api("PUT", "/owned-items", {**item, "replace_on": "2027-01-01"})
    assert (changed.status_code, changed.json["due_on"]) == (200, "2027-01-01")
    api("PUT", "/customers", {"email": "bob@example.com"})
    other = api("PUT", "/owned-items", {**item, "customer": {"email": "bob@example.com"}})
    assert (other.status_code, other.json["errors"][0]["pointer"]) == (422, "/ref")
    assert api("PUT", "/owned-items", {"customer": ADA, "ref": "I-2"}).status_code == 422


def test_costs_and_purchases_elsewhere_are_told_once(api, ada):
    cost = {"customer": ADA, "ref": "K-1", "kind": "service", "spent_on": "2026-03-01", "minutes": 12}
    bought = {"customer": ADA, "ref": "E-1", "what": "Tea", "competitor": "Rival", "told_by": "survey"}
    for path, body in (("/costs", cost), ("/competitor-purchases", bought)):
        answers = [api("POST", path, body) for _ in range(2)]
        assert [(each.status_code, each.json["is_new"]) for each in answers] == [(201, True), (201, False)]
    refused = api("POST", "/costs", {**cost, "ref": "K-2", "kind": "gift"})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/amount")
