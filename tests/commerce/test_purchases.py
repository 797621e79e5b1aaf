"""Orders are recorded once, in a currency there is, and are there for mails to name."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.accounts import workspaces
from app.commerce import merge_data, orders
from app.commerce.orders import NewOrder
from app.customers.profiles import engagement
from tests.factories import NOON
from tests.factories.customers import a_customer, a_purchase, import_file


def test_the_same_order_told_twice_is_one_purchase(session, workspace):
    ada = a_customer(session, workspace.id)
    first, second = a_purchase(session, ada, order_ref="1"), a_purchase(session, ada, order_ref="1")
    a_purchase(session, ada, order_ref="2", amount="1.50")

    sums = engagement.get(session, workspace.id, ada.id)
    session.refresh(sums)
    assert first == second
    assert (sums.orders, sums.spent) == (2, Decimal("21.50"))


@pytest.mark.parametrize(("currency", "amount"), [("eur", "1"), ("EURO", "1"), ("EUR", "NaN"), ("EUR", "1E+20")])
def test_purchases_that_cannot_be_are_refused(session, workspace, currency, amount):
    ada = a_customer(session, workspace.id)
    with pytest.raises(orders.OrderRefused):
        orders.record(session, workspace.id, NewOrder(ada.id, "1", NOON, Decimal(amount), currency), now=NOON)


def test_templates_get_the_newest_purchases(session, workspace):
    ada = a_customer(session, workspace.id, first_name="Ada")
    for day in range(7):
        a_purchase(session, ada, at=NOON + timedelta(days=day), product=f"Tea {day}")
    row = session.execute(merge_data.query(workspace.id, [ada.id])).one()

    assert row.first_name == "Ada"
    assert [bought["product"] for bought in row.purchases] == ["Tea 6", "Tea 5", "Tea 4", "Tea 3", "Tea 2"]
    assert row.purchases[0]["purchased_on"] == "2026-03-08"


def test_a_purchase_in_no_currency_is_refused(session, workspace):
    ada = a_customer(session, workspace.id)
    for currency in ("ZZZ", "XYZ", "eur", "XXX"):
        with pytest.raises(orders.OrderRefused):
            a_purchase(session, ada, currency=currency)


def test_a_file_gives_back_purchases_in_no_currency(database, workspace):
    import_file(database, workspace.id, "email\nada@example.com\n", now=NOON)
    head = "email,order id,date,amount,currency\n"
    rows = "".join(f"ada@example.com,{code},2026-03-31,5,{code}\n" for code in ("EUR", "usd", "€", "XYZ", "ZZZ"))
    done = import_file(database, workspace.id, head + rows, kind="purchases")

    assert done.counts == {"created": 3, "refused": 2}


def test_the_first_purchase_settles_the_currency_of_sums(session, workspace):
    """What follows in another currency is counted, and not added to what was spent."""
    ada = a_customer(session, workspace.id)
    a_purchase(session, ada, amount="5.00", currency="CHF")
    a_purchase(session, ada, amount="7.00", currency="EUR")

    sums = engagement.get(session, workspace.id, ada.id)
    session.refresh(sums)
    assert orders.usual_currency(session, workspace.id) == "CHF"
    assert (sums.orders, sums.spent) == (2, Decimal("5.00"))
    assert workspaces.settle_currency(session, workspace.id, "EUR") == "CHF"


def test_mails_that_name_no_purchase_read_none(session, workspace):
    ada = a_customer(session, workspace.id)
    a_purchase(session, ada)
    row = session.execute(merge_data.query(workspace.id, [ada.id], with_purchases=False)).one()

    assert row.purchases is None
