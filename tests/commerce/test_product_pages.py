"""The catalogue's pages: found, read, added to and changed, whatever is typed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.commerce import orders, products
from app.commerce.orders import NewLine, NewOrder
from app.commerce.products import NamedProduct
from tests.factories import NOON
from tests.factories.accounts import a_member
from tests.factories.customers import a_customer
from tests.factories.workspaces import PASSWORD

FORM = {"ref": "R-1", "name": "Rose", "category": "Garden/Roses", "price": "12.50", "currency": "EUR", "is_sold": "y"}


@pytest.fixture
def bought(database, workspace):
    """Ada's order of a rose and a pot."""
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, first_name="Ada")
        lines = [
            NewLine(NamedProduct("R-1", "Rose", "Garden > Roses"), 2, Decimal(20), cost=Decimal(5)),
            NewLine(NamedProduct("P-1", "Pot", "Garden"), 1, Decimal(10)),
        ]
        orders.record(session, workspace.id, NewOrder(ada.id, "1", NOON, Decimal(30), "EUR", lines=lines), now=NOON)
        return products.list_page(session, workspace.id, words="rose")[0].product.id, ada.id


def test_a_product_is_added_found_and_changed(client):
    page = client.post("/products/new", data=FORM).location
    assert "Garden &gt; Roses" in client.get(page).text
    assert "Rose" in client.get("/products?category=Garden").text
    assert "Nothing found" in client.get("/products?q=spade").text

    shown = client.get(f"{page}/edit").text
    assert "R-1" in shown
    client.post(f"{page}/edit", data={**FORM, "name": "Red rose", "price": ""})
    changed = client.get(page).text
    assert "Red rose" in changed
    assert "12.50" not in changed


def test_a_product_says_what_it_brings(client, bought):
    product_id, ada = bought
    page = client.get(f"/products/{product_id}").text
    assert "€20.00" in page
    assert "margin €15.00" in page
    assert "Bought together with" in page
    assert f"/customers/{ada}" in page
    shown = client.get(f"/customers/{ada}").text
    assert f'href="/products/{product_id}">Rose</a>' in shown


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "required"),
        ({"name": "x" * 201}, "form-error"),
        ({"price": "-1"}, "form-error"),
        ({"price": "12", "currency": ""}, "Name the currency of the price."),
        ({"url": "javascript:alert(1)"}, "form-error"),
        ({"life_days": "0"}, "form-error"),
        ({"ref": "P-9"}, "Another product has this number already."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(client, wrong, said):
    client.post("/products/new", data={**FORM, "ref": "P-9"})
    answer = client.post("/products/new", data={**FORM, **wrong})

    assert answer.status_code == 422
    assert said in answer.text
    assert "Garden/Roses" in answer.text


def test_a_viewer_reads_and_changes_nothing(anonymous, database, workspace, bought):
    with database.transaction(workspace.id) as session:
        email = a_member(session, workspace.id, role="viewer", now=NOON).email
    anonymous.post("/login", data={"email": email, "password": PASSWORD})

    assert anonymous.get(f"/products/{bought[0]}").status_code == 200
    assert anonymous.get("/products/new").status_code == 403
    assert anonymous.post(f"/products/{bought[0]}/edit", data=FORM).status_code == 403


def test_hostile_names_are_shown_as_words(client):
    page = client.post("/products/new", data={**FORM, "name": "<script>alert(1)</script>"}).location

    assert "<script>alert(1)" not in client.get(page).text
    assert "<script>alert(1)" not in client.get("/products").text


def test_the_list_asks_as_often_for_many_as_for_few(client, database, workspace, statements):
    counts = []
    for many in (2, 20):
        with database.transaction(workspace.id) as session:
            named = [NamedProduct(f"{many}-{number}", f"Thing {number}") for number in range(many)]
            products.find_or_create(session, workspace.id, named, now=NOON)
        client.get("/products")
        with statements() as asked:
            assert client.get("/products").status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1]
    assert "No products yet" not in client.get("/products").text


def test_a_new_workspace_is_told_where_products_come_from(client):
    assert "No products yet" in client.get("/products").text
    assert client.get("/products/99").status_code == 404
