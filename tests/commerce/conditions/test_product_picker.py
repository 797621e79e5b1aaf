"""Products are chosen by a search, whatever their number; what was chosen stays shown by its name."""

from __future__ import annotations

from datetime import timedelta

from app.commerce import products
from app.commerce.products import NamedProduct
from tests.factories import NOON

LIVE = {"HX-Request": "true"}


def test_a_search_finds_categories_and_products(client, database, workspace):
    with database.transaction(workspace.id) as session:
        named = [NamedProduct("R", "Red rose", "Garden > Roses")]
        rose = products.find_or_create(session, workspace.id, named, now=NOON)
    found = client.get("/segments/choices/product?q=ROSE").json

    assert found == [["category:Garden > Roses", "Garden > Roses"], [f"product:{rose['R'].id}", "Red rose"]]
    assert client.get("/segments/choices/product?q=").json == []
    assert client.get("/segments/choices/product?q=%00%25_").json == []
    assert client.get("/segments/choices/topic?q=a").status_code == 404
    assert client.get("/segments/choices/nothing?q=a").status_code == 404


def test_what_is_not_among_the_newest_is_still_named(client, database, workspace):
    with database.transaction(workspace.id) as session:
        named = [NamedProduct(f"P{number}", f"Product {number}") for number in range(130)]
        first = products.find_or_create(session, workspace.id, named[:1], now=NOON)["P0"].id
        products.find_or_create(session, workspace.id, named[1:], now=NOON + timedelta(days=1))
    line = {"r-match": "all", "r.0-what": "bought_product", "r.0-op": "count", "r.0-goods": f"product:{first}"}
    page = client.post("/segments/draft", data={**line, "r.0-at_least": "1"}, headers=LIVE).text

    assert f'<option value="product:{first}" selected>Product 0</option>' in page
    assert page.count('<option value="product:') == 101
    assert "they bought “Product 0” at any time" in page
