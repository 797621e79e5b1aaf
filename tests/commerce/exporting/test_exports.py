"""Products and orders that leave as a file come back as they were."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from app.commerce.exporting import tables
from app.customers.exporting.formats import FORMATS
from app.kernel.database import Database
from tests.factories import NOON
from tests.factories.customers import import_file
from tests.factories.workspaces import WorkspaceForTests, a_workspace

PRODUCTS = (
    "sku,name,category,price,currency,link,image,stock,life,durable,active,attributes\n"
    'T1,"=Tea; ""pot""",Kitchen > Tea,1234.50,EUR,https://a.eu/1,https://a.eu/1.png,12,730,yes,yes,a: b; c: =d\n'
    "'=T2,Cup,,,,,,-3,,no,no,\n"
)
ORDERS = (
    "email,order number,date,total,currency,qty,product,sku,category,unit price,channel,shop,payment method\n"
    "ada@example.com,A1,2026-01-02 10:00,30.00,EUR,3,Tea,T1,Tea > Green,3.33,web,Leeds,card\n"
    "ada@example.com,A1,2026-01-02 10:00,30.00,EUR,1,Cup,C1,,20.01,web,Leeds,card\n"
    "bob@example.com,A2,2026-01-03,-5.50,USD,1,,,,,,,\n"
    "bob@example.com,A3,2026-01-03,7,USD,2,Bare,,,,,,\n"
)
_TABLES = {
    "products": "SELECT ref, name, category, price, currency, url, image_url, stock, life_days, is_durable, is_sold,"
    " attributes FROM products WHERE workspace_id = :w ORDER BY ref",
    "orders": "SELECT o.order_ref, o.purchased_at, o.amount, o.currency, o.items, o.product, o.channel, o.shop,"
    " o.payment_method, c.email FROM orders o JOIN customers c ON c.workspace_id = :w AND c.id = o.customer_id"
    " WHERE o.workspace_id = :w ORDER BY o.order_ref",
    "lines": "SELECT o.order_ref, p.ref, p.name, p.category, l.quantity, l.amount FROM order_lines l"
    " JOIN orders o ON o.workspace_id = :w AND o.id = l.order_id"
    " JOIN products p ON p.workspace_id = :w AND p.id = l.product_id"
    " WHERE l.workspace_id = :w ORDER BY o.order_ref, p.ref",
}


def kept(database: Database, workspace_id: int, *names: str) -> list[Any]:
    with database.transaction(workspace_id) as session:
        return [session.execute(text(_TABLES[name]), {"w": workspace_id}).all() for name in names]


@pytest.mark.parametrize("form", FORMATS)
def test_the_catalogue_comes_back_as_it_was(database: Database, workspace: WorkspaceForTests, form: str) -> None:
    other = a_workspace(database, name="Copy", now=NOON).id
    import_file(database, workspace.id, PRODUCTS, kind="products")
    content = b"".join(FORMATS[form].write(tables.product_rows(database, workspace.id, 0, NOON)))

    assert import_file(database, other, content, kind="products").counts == {"created": 2}
    assert kept(database, other, "products") == kept(database, workspace.id, "products")


@pytest.mark.parametrize("form", FORMATS)
def test_orders_come_back_with_their_products(database: Database, workspace: WorkspaceForTests, form: str) -> None:
    other = a_workspace(database, name="Copy", now=NOON).id
    options = {"kind": "purchases", "unknown": "create", "order_rows": "total"}
    import_file(database, workspace.id, ORDERS, **options)
    content = b"".join(FORMATS[form].write(tables.order_rows(database, workspace.id, 0, NOON)))

    done = import_file(database, other, content, **options)
    assert (done.counts["created"], done.counts.get("refused")) == (3, None)
    assert kept(database, other, "orders", "lines") == kept(database, workspace.id, "orders", "lines")
