"""Connected shops that send webhooks, and what is on record after them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.commerce.models import Delivery, Order, OrderLine, Product
from app.customers.models import Customer, Engagement
from tests.factories.shops import webhooks as shops
from tests.factories.shops.webhooks import Sender


@pytest.fixture
def shopify(app, services, workspace):
    return Sender(app, services, shops.a_shop(services.database, workspace, services.settings))


@pytest.fixture
def woo(app, services, workspace):
    return Sender(app, services, shops.a_shop(services.database, workspace, services.settings, "woocommerce"))


class Books:
    """Reads what is on record."""

    def __init__(self, database, workspace):
        self._database, self._workspace_id = database, workspace.id

    def _all(self, *what, order):
        with self._database.transaction(self._workspace_id) as session:
            return [tuple(row) if len(what) > 1 else row[0] for row in session.execute(select(*what).order_by(order))]

    @property
    def states(self):
        return self._all(Delivery.state, order=Delivery.id)

    @property
    def notes(self):
        return [note[0] % note[1] for notes in self._all(Delivery.notes, order=Delivery.id) for note in notes]

    @property
    def people(self):
        return self._all(Customer.email, Customer.first_name, Customer.city, Customer.tags, order=Customer.id)

    @property
    def orders(self):
        return self._all(Order.order_ref, Order.amount, Order.refunded, Order.cancelled_at, order=Order.id)

    @property
    def lines(self):
        query = (Product.ref, OrderLine.quantity, OrderLine.amount, OrderLine.returned)
        with self._database.transaction(self._workspace_id) as session:
            rows = session.execute(
                select(*query)
                .join(Product, Product.id == OrderLine.product_id)
                .order_by(OrderLine.order_id, OrderLine.number)
            )
            return [tuple(row) for row in rows]

    @property
    def sums(self):
        return self._all(Engagement.orders, Engagement.spent, Engagement.items, order=Engagement.customer_id)


@pytest.fixture
def books(services, workspace):
    return Books(services.database, workspace)
