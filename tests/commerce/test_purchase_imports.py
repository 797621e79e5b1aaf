"""A file becomes purchases, and the sums of those who bought follow."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import select

from app.accounts import workspaces
from app.commerce.conditions.purchases import PurchaseQuestion, PurchaseTotals
from app.commerce.models import Order
from app.conditions.lookups import Lookups
from app.customers.models import Customer
from app.customers.profiles import engagement, people
from tests.factories import NOON
from tests.factories.customers import a_purchase, import_file

HEADER = "email,order number,date,amount,currency,items,product\n"


def sums(database, workspace_id, email):
    with database.transaction(workspace_id) as session:
        found = people.find_by_email(session, workspace_id, email)
        return engagement.get(session, workspace_id, found.id)


def test_purchases_add_up(database, workspace):
    import_file(database, workspace.id, "email\nada@example.com\nbob@example.com\n")
    done = import_file(
        database,
        workspace.id,
        HEADER
        + "ada@example.com,1,2026-01-05,10.50,EUR,2,Tea\nADA@example.com,2,2026-02-01 18:30,5,EUR,,Cup\n"
        + "eve@example.com,3,2026-02-01,5,EUR,1,Cup\n",
        kind="purchases",
        time_zone="Europe/Berlin",
    )

    assert done.counts == {"created": 2, "refused": 1}
    ada = sums(database, workspace.id, "ada@example.com")
    assert (ada.orders, ada.spent, ada.items) == (2, Decimal("15.50"), 3)
    assert ada.first_purchase_at == datetime(2026, 1, 5, 11, tzinfo=UTC)
    assert ada.latest_purchase_at == datetime(2026, 2, 1, 17, 30, tzinfo=UTC)
    assert sums(database, workspace.id, "bob@example.com").orders == 0


def test_currencies_are_never_added_up(database, workspace):
    """Sums are made in the currency of the workspace's first purchase; others are counted and listed."""
    content = HEADER + "a@b.co,1,2026-01-05,100,EUR,1,Tea\na@b.co,2,2026-01-06,20000,JPY,2,Cup\n"
    import_file(database, workspace.id, content, kind="purchases", unknown="create")
    corrected = HEADER + "a@b.co,1,2026-01-05,90,EUR,1,Tea\na@b.co,3,2026-01-06,50000,JPY,2,Cup\n"
    import_file(database, workspace.id, corrected, kind="purchases")
    with database.transaction(workspace.id) as session:
        a_purchase(session, people.find_by_email(session, workspace.id, "a@b.co"), amount="300", currency="CHF")

    ada = sums(database, workspace.id, "a@b.co")
    assert (ada.orders, ada.spent, ada.items) == (4, Decimal("90.00"), 6)
    with database.transaction(workspace.id) as session:
        found = [buyers(session, workspace.id, *asked) for asked in (("sum", 90), ("sum", 91), ("count", 4))]
    assert [len(people) for people in found] == [1, 0, 1]


def buyers(session, workspace_id, measure, least):
    """Who bought so much or so often, as segments ask."""
    lookups = Lookups(workspace_id, until=NOON)
    bought = lookups.of(PurchaseTotals).number(PurchaseQuestion(measure, datetime(2026, 1, 1, tzinfo=UTC), None))
    everyone = select(Customer.id).where(Customer.workspace_id == workspace_id)
    return session.scalars(lookups.join(everyone, Customer.id).where(bought >= least)).all()


def test_segments_sum_up_in_the_currency_that_is_settled(database, workspace):
    """Not in that of whichever purchase has the lowest number: orders may have been deleted since."""
    with database.transaction(workspace.id) as session:
        workspaces.settle_currency(session, workspace.id, "CHF")
    content = HEADER + "a@b.co,1,2026-01-05,100,EUR,1,Tea\na@b.co,2,2026-01-06,20,CHF,2,Cup\n"
    import_file(database, workspace.id, content, kind="purchases", unknown="create")

    assert sums(database, workspace.id, "a@b.co").spent == Decimal("20.00")
    with database.transaction(workspace.id, reading=True) as session:
        found = [buyers(session, workspace.id, "sum", least) for least in (20, 21)]
    assert [len(people) for people in found] == [1, 0]


def test_the_first_row_of_a_file_settles_the_currency(database, workspace):
    content = HEADER + "a@b.co,2,2026-01-06,20,CHF,2,Cup\na@b.co,1,2026-01-05,100,EUR,1,Tea\n"
    import_file(database, workspace.id, content, kind="purchases", unknown="create")

    assert sums(database, workspace.id, "a@b.co").spent == Decimal("20.00")


def test_the_same_orders_again_are_no_new_purchases(database, workspace):
    content = HEADER + "ada@example.com,1,2026-01-05,10.50,EUR,2,Tea\nada@example.com,2,2026-01-06,1,EUR,1,Cup\n"
    import_file(database, workspace.id, content, kind="purchases", unknown="create")
    again = import_file(database, workspace.id, content, kind="purchases", unknown="create")

    assert again.counts == {"unchanged": 2}
    assert sums(database, workspace.id, "ada@example.com").orders == 2


def test_a_corrected_amount_corrects_the_sum(database, workspace):
    import_file(
        database, workspace.id, HEADER + "a@b.co,1,2026-01-05,10,EUR,1,Tea\n", kind="purchases", unknown="create"
    )
    done = import_file(database, workspace.id, HEADER + "a@b.co,1,2026-01-05,7.5,EUR,1,Tea\n", kind="purchases")

    assert done.counts == {"updated": 1}
    assert sums(database, workspace.id, "a@b.co").spent == Decimal("7.50")


def test_without_order_numbers_the_same_file_twice_is_one(database, workspace):
    content = "email;date;amount\na@b.co;05.01.2026;1.234,50\na@b.co;05.01.2026;1.234,50\n"
    options = {"kind": "purchases", "unknown": "create", "decimal": ",", "date_order": "dmy"}
    first = import_file(database, workspace.id, content, **options)
    second = import_file(database, workspace.id, content, **options)

    assert first.counts == {"created": 2, "people_created": 1}
    assert second.counts == {"unchanged": 2}
    assert sums(database, workspace.id, "a@b.co").spent == Decimal("2469.00")


def test_one_order_is_of_one_customer(database, workspace):
    import_file(database, workspace.id, "email\nada@b.co\nbob@b.co\n")
    import_file(database, workspace.id, HEADER + "ada@b.co,1,2026-01-05,10,EUR,1,Tea\n", kind="purchases")
    done = import_file(
        database,
        workspace.id,
        HEADER
        + "bob@b.co,1,2026-01-05,10,EUR,1,Tea\nbob@b.co,2,2026-01-05,10,EUR,1,Tea\nbob@b.co,2,2026-01-05,1,EUR,1,T\n",
        kind="purchases",
    )

    assert done.counts == {"created": 1, "refused": 1, "joined": 1}
    with database.transaction(workspace.id) as session:
        assert session.scalars(select(Order.amount).order_by(Order.id)).all() == [Decimal(10), Decimal(11)]


def test_customers_may_be_named_by_their_number(database, workspace):
    import_file(database, workspace.id, "email,customer number\na@b.co,00001\n")
    done = import_file(
        database,
        workspace.id,
        "customer_id,purchased_on,items,amount\n00001,1997-01-01,1,11.77\n",
        kind="purchases",
        match_by="external_ref",
    )

    assert done.counts == {"created": 1}
    assert sums(database, workspace.id, "a@b.co").spent == Decimal("11.77")
