"""What customers own follows from orders, by hand and by program; when it is due is asked as counted by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.commerce import jobs, order_changes, orders, products
from app.commerce.conditions.owned import ItemDue, OwnsItem
from app.commerce.models import OwnedItem
from app.commerce.orders import NewLine, NewOrder, NewRefund
from app.commerce.owned_items import following, items
from app.commerce.owned_items.items import ItemAccount, ItemRefused
from app.commerce.products import NamedProduct, ProductChange
from app.customers.profiles import fields
from app.segments.compiler import Population, compile_rule
from tests.factories import NOON
from tests.factories.customers import a_customer, import_file

POT, TEA = NamedProduct("P", "Pot", "Ware"), NamedProduct("T", "Tea", "Tea")
TODAY = NOON.date()


@pytest.fixture
def ada(session, workspace):
    products.save(session, workspace.id, ProductChange("P", "Pot", "Ware", life_days=365), now=NOON)
    return a_customer(session, workspace.id, email="ada@example.com")


def _ordered(session, workspace, customer, ref="1", pieces=2, at=NOON, goods=(POT, TEA)):
    lines = [NewLine(each, pieces, Decimal(10)) for each in goods]
    new = NewOrder(customer.id, ref, at, Decimal(10) * len(lines), "EUR", lines=lines)
    return orders.record(session, workspace.id, new, now=NOON)


def _owned(session):
    query = select(OwnedItem.name, OwnedItem.quantity, OwnedItem.due_on, OwnedItem.ended_on).order_by(OwnedItem.id)
    return [tuple(row) for row in session.execute(query)]


def test_an_order_of_what_lasts_is_owned_and_due(session, workspace, ada):
    _ordered(session, workspace, ada)

    assert _owned(session) == [("Pot", 2, TODAY + timedelta(days=365), None)]


def test_what_comes_back_is_owned_no_more(session, workspace, ada):
    _ordered(session, workspace, ada)
    orders.refund(session, workspace.id, "1", NewRefund("a", Decimal(5), NOON, None, {1: 1}), now=NOON)
    assert _owned(session)[0][1::2] == (1, None)
    orders.refund(session, workspace.id, "1", NewRefund("b", Decimal(5), NOON, None, {1: 1}), now=NOON)
    assert _owned(session)[0][3] == TODAY


def test_a_cancelled_or_changed_order_is_followed(session, workspace, ada):
    first = _ordered(session, workspace, ada)
    second = _ordered(session, workspace, ada, "2")
    order_changes.cancel(session, workspace.id, first, at=NOON)
    new = NewOrder(ada.id, "2", NOON, Decimal(30), "EUR", lines=[NewLine(POT, 3, Decimal(30))])
    order_changes.amend(session, workspace.id, second, new, now=NOON)

    assert [(row[1], row[3]) for row in _owned(session)] == [(2, TODAY), (3, None)]


def test_a_product_that_lasts_from_now_on_is_owned_by_who_bought_it_before(services, workspace):
    with services.database.transaction(workspace.id) as session:
        bob = a_customer(session, workspace.id)
        _ordered(session, workspace, bob, goods=(TEA,))
        tea, _new = products.save(session, workspace.id, ProductChange("T", is_durable=True), now=NOON)
        assert _owned(session) == []
    jobs.follow_product(services, workspace_id=workspace.id, product_id=tea.id)
    with services.database.transaction(workspace.id) as session:
        assert _owned(session) == [("Tea", 2, None, None)]
        products.save(session, workspace.id, ProductChange("T", life_days=30), now=NOON)
    jobs.follow_product(services, workspace_id=workspace.id, product_id=tea.id)
    jobs.follow_product(services, workspace_id=workspace.id, product_id=tea.id)
    with services.database.transaction(workspace.id) as session:
        assert _owned(session) == [("Tea", 2, TODAY + timedelta(days=30), None)]


def test_what_staff_say_stays_when_the_order_is_told_again(session, workspace, ada):
    order_id = _ordered(session, workspace, ada)
    item = items.list_of(session, workspace.id, ada.id)[0]
    said = ItemAccount("Red pot", "P", 2, "used", since_on=date(2020, 1, 1), replace_on=date(2027, 1, 1))
    items.rewrite(session, item, said, source="staff", now=NOON)
    following.follow_order(session, workspace.id, order_id, now=NOON)

    assert _owned(session) == [("Red pot", 2, date(2027, 1, 1), None)]


def test_what_staff_say_is_gone_stays_gone_when_the_order_is_told_again(session, workspace, ada):
    order_id = _ordered(session, workspace, ada)
    item = items.list_of(session, workspace.id, ada.id)[0]
    items.end(session, workspace.id, item.id, staff_id=workspace.owner_id, now=NOON)
    orders.refund(session, workspace.id, "1", NewRefund("a", Decimal(5), NOON, None, {1: 1}), now=NOON)
    following.follow_order(session, workspace.id, order_id, now=NOON)

    assert _owned(session)[0][1::2] == (1, TODAY)


def test_a_form_that_was_open_brings_back_nothing_that_ended_meanwhile(client, services, workspace):
    with services.database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id)
        item = items.add(session, workspace.id, ada.id, ItemAccount("Mill"), source="staff", now=NOON)
    client.post(f"/items/{item.id}/end")
    said = {"name": "Grinder", "quantity": "1", "condition": ""}
    assert client.post(f"/items/{item.id}/edit", data=said).status_code == 303

    with services.database.transaction(workspace.id) as session:
        ended = items.get(session, workspace.id, item.id)
    assert (ended.name, ended.ended_on is None) == ("Grinder", False)


def test_a_file_of_orders_brings_what_is_owned(services, workspace):
    with services.database.transaction(workspace.id) as session:
        products.save(session, workspace.id, ProductChange("P", "Pot", life_days=10), now=NOON)
    header = "email,order number,date,amount,currency,sku\n"
    content = f"{header}ada@b.co,1,2026-01-05,10,EUR,P\nada@b.co,2,2026-01-05,1,EUR,Q\n"
    done = import_file(services.database, workspace.id, content, kind="purchases", unknown="create")
    jobs.follow_import(services, workspace_id=workspace.id, import_id=done.id)

    with services.database.transaction(workspace.id) as session:
        assert _owned(session) == [("Pot", 1, date(2026, 1, 15), None)]


@given(
    since=st.none() | st.dates(date(1950, 1, 1), date(2100, 1, 1)),
    own=st.none() | st.integers(1, 36_500),
    said=st.none() | st.dates(date(1950, 1, 1), date(2100, 1, 1)),
)
def test_due_is_what_its_owner_said_else_its_own_life(since, own, said):
    due = items._due(ItemAccount("x", since_on=since, life_days=own, replace_on=said), None)

    assert due == (said or (since + timedelta(days=own) if since and own else None))


@pytest.mark.parametrize(
    ("odd", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"quantity": 0}, "quantity"),
        ({"condition": "odd"}, "condition"),
        ({"life_days": 0}, "life_days"),
        ({"since_on": date(1, 1, 1)}, "since_on"),
        ({"replace_on": date(9999, 1, 1)}, "replace_on"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(session, workspace, ada, odd, field):
    with pytest.raises(ItemRefused) as refused:
        items.add(session, workspace.id, ada.id, ItemAccount(**{"name": "Pot", **odd}), source="staff", now=NOON)

    assert refused.value.field == field


def test_rules_find_who_owns_what_since_when_and_what_is_due(session, workspace):
    random, found = Random(3), {}
    products.save(session, workspace.id, ProductChange("P", "Pot", "Ware > Pots", life_days=100), now=NOON)
    for number in range(40):
        person = a_customer(session, workspace.id, email=f"o{number}@example.com")
        found[person.id] = []
        for _ in range(random.randrange(3)):
            since = TODAY - timedelta(days=random.randrange(200)) if random.random() < 0.8 else None
            said = TODAY + timedelta(days=random.randrange(-20, 60)) if random.random() < 0.3 else None
            warranty = TODAY + timedelta(days=random.randrange(-20, 60)) if random.random() < 0.5 else None
            ref, ended = random.choice(("P", "")), TODAY if random.random() < 0.2 else None
            days = {"since_on": since, "replace_on": said, "warranty_until": warranty, "ended_on": ended}
            account = ItemAccount("Thing", ref, **days)
            items.add(session, workspace.id, person.id, account, source="staff", now=NOON)
            due = said or (since + timedelta(days=100) if since and ref else None)
            if not ended:
                found[person.id].append((ref, since, due, warranty))
    population = Population(workspace.id, fields.columns(session, workspace.id), NOON)

    def matches(rule):
        return set(session.scalars(compile_rule(rule, population).matches))

    def having(test):
        return {person for person, rows in found.items() if any(test(*row) for row in rows)}

    assert matches(OwnsItem("now", category="Ware")) == having(lambda ref, *_: ref)
    for days in (30, 120):
        within = timedelta(days=days)
        held = having(lambda r, s, d, w, n=within: r and s and s <= TODAY - n)
        assert matches(OwnsItem("for_days", days, category="Ware")) == held
        due = having(lambda r, s, d, w, n=within: d and d <= TODAY + n)
        assert matches(ItemDue("anything", "due_on", days)) == due
        of_pots = having(lambda r, s, d, w, n=within: r and d and d <= TODAY + n)
        assert matches(ItemDue("goods", "due_on", days, category="Ware > Pots")) == of_pots
        ending = having(lambda r, s, d, w, n=within: w and TODAY <= w <= TODAY + n)
        assert matches(ItemDue("anything", "warranty_until", days)) == ending


def test_staff_add_change_and_end_an_item_and_take_the_end_back(client, services, workspace):
    with services.database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id)
    page = f"/customers/{ada.id}"
    assert "This is not" not in client.get(f"{page}/items/new").text
    odd = client.post(f"{page}/items/new", data={"name": "", "serial_number": "S-1"})
    assert (odd.status_code, 'value="S-1"' in odd.text) == (422, True)
    given = {"name": "Grinder", "quantity": "1", "since_on": "2024-01-01", "life_days": "365", "condition": "used"}
    assert client.post(f"{page}/items/new", data=given).status_code == 303

    shown = client.get(page).text
    assert "Grinder" in shown
    assert "overdue since" in shown
    with services.database.transaction(workspace.id) as session:
        item = items.list_of(session, workspace.id, ada.id)[0]
    changed = client.post(f"/items/{item.id}/edit", data={**given, "name": "Mill", "replace_on": "2027-05-05"})
    assert changed.status_code == 303
    client.post(f"/items/{item.id}/end")
    assert "Mill" not in client.get(page).text.split("Timeline")[0].replace("no longer owned", "")
    with services.database.transaction(workspace.id) as session:
        assert items.get(session, workspace.id, item.id).due_on == date(2027, 5, 5)
