"""How often customers order, what stood in their first and latest order, and carts they left: as counted by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from app.commerce import carts, order_changes, orders
from app.commerce.carts import CartLine, NewCart
from app.commerce.conditions.carts import LeftCart
from app.commerce.conditions.orders import InOrder, OrderInterval
from app.commerce.conditions.products import BoughtButNot
from app.commerce.conditions.purchases import Purchased
from app.commerce.orders import NewLine, NewOrder
from app.commerce.products import NamedProduct
from app.customers.profiles import fields
from app.segments.compiler import Population, compile_rule
from tests.factories import NOON
from tests.factories.customers import a_customer

GOODS = [
    NamedProduct("R", "Rose", "Garden > Roses"),
    NamedProduct("S", "Spade", "Garden"),
    NamedProduct("T", "Tea", "X"),
]
DAY = timedelta(days=1)


@pytest.fixture
def matches(session, workspace):
    def ask(rule):
        population = Population(workspace.id, fields.columns(session, workspace.id), NOON)
        return set(session.scalars(compile_rule(rule, population).matches))

    return ask


@pytest.fixture
def histories(session, workspace):
    """Forty people with up to four orders each, some of them cancelled: by person [(at, amount, refs)]."""
    random, found = Random(11), {}
    for number in range(40):
        person = a_customer(session, workspace.id, email=f"p{number}@example.com")
        found[person.id] = []
        for place in range(random.randrange(5)):
            at = NOON - timedelta(days=random.randrange(1, 200), minutes=random.randrange(1000))
            chosen = random.sample(GOODS, random.randrange(1, 3))
            lines = [NewLine(each, 1, Decimal(random.randrange(5, 90))) for each in chosen]
            total = sum((line.amount for line in lines), Decimal(0))
            new = NewOrder(person.id, f"{number}-{place}", at, total, "EUR", lines=lines)
            order_id = orders.record(session, workspace.id, new, now=NOON)
            if random.random() < 0.15:
                order_changes.cancel(session, workspace.id, order_id, at=NOON)
            else:
                found[person.id].append((at, total, {each.ref for each in chosen}))
    return {person: sorted(rows, key=lambda row: row[0]) for person, rows in found.items()}


def test_averages_are_those_of_what_was_not_cancelled(histories, matches):
    for days in (None, 90):
        for least in (30, 60):
            expected = set()
            for person, rows in histories.items():
                inside = [amount for at, amount, _ in rows if days is None or at >= NOON - days * DAY]
                if inside and sum(inside) / len(inside) >= least:
                    expected.add(person)
            assert matches(Purchased("average", Decimal(least), days)) == expected
    for least in (1, 2):
        wanted = {person for person, rows in histories.items() if len(rows) >= least}
        assert matches(Purchased("count", Decimal(least), None)) == wanted
        assert matches(Purchased("count", Decimal(least), 36_000)) == wanted


def test_intervals_are_the_days_between_orders(histories, matches):
    for days in (10, 40, 90):
        gaps = {
            person: (rows[-1][0] - rows[0][0]) / (len(rows) - 1) for person, rows in histories.items() if len(rows) > 1
        }
        waits = {person: NOON - rows[-1][0] for person, rows in histories.items() if rows}
        assert matches(OrderInterval("at_most", days)) == {p for p, gap in gaps.items() if gap <= days * DAY}
        assert matches(OrderInterval("at_least", days)) == {p for p, gap in gaps.items() if gap >= days * DAY}
        overdue = {p for p, gap in gaps.items() if waits[p] > gap + days * DAY}
        assert matches(OrderInterval("overdue", days)) == overdue


def test_first_and_latest_orders_are_known_by_what_they_held(histories, matches):
    held = {"Garden": {"R", "S"}, "Garden > Roses": {"R"}, "X": {"T"}}
    for which, place in (("first", 0), ("latest", -1)):
        for category, refs in held.items():
            expected = {person for person, rows in histories.items() if rows and rows[place][2] & refs}
            found = matches(InOrder(which, category=category))
            assert found == expected


def test_one_without_another_looks_at_all_times_for_the_other(histories, matches):
    for days in (None, 60):
        expected = {
            person
            for person, rows in histories.items()
            if any("R" in refs and (days is None or at >= NOON - days * DAY) for at, _, refs in rows)
            and not any("T" in refs for _, _, refs in rows)
        }
        assert matches(BoughtButNot(days, category="Garden > Roses", without_category="X")) == expected


def _cart(session, workspace, customer_id, ref, hours, items=1, *, is_ordered=False):
    lines = [CartLine("R", "Rose", items)] if items else []
    changed_at = NOON - timedelta(hours=hours)
    carts.save(session, workspace.id, NewCart(ref, customer_id, Decimal(9), "EUR", lines, changed_at))
    if is_ordered:
        carts.close(session, workspace.id, carts.API, [ref], at=NOON)


def test_a_cart_is_left_until_it_is_touched_emptied_or_anything_is_bought(session, workspace, matches):
    names = ("left", "fresh", "empty", "old", "ordered", "bought")
    people = {name: a_customer(session, workspace.id).id for name in names}
    for name, hours, items in (("left", 5, 1), ("fresh", 2, 1), ("empty", 5, 0), ("old", 400, 1), ("bought", 5, 1)):
        _cart(session, workspace, people[name], name, hours, items)
    _cart(session, workspace, people["ordered"], "ordered", 5, is_ordered=True)
    orders.record(session, workspace.id, NewOrder(people["bought"], "B", NOON, Decimal(1), "EUR"), now=NOON)

    assert matches(LeftCart(4, 7)) == {people["left"]}
    assert matches(LeftCart(1, 7)) == {people["left"], people["fresh"]}
    assert matches(LeftCart(4, 30)) == {people["left"], people["old"]}


@pytest.mark.parametrize(
    "rule",
    [
        LeftCart(48, 1),
        InOrder("first"),
        InOrder("first", product=1, category="X"),
        BoughtButNot(category="X"),
        BoughtButNot(without_category="X"),
        Purchased("average", Decimal(1), at_most=Decimal(2)),
    ],
)
def test_what_asks_nothing_is_refused(session, workspace, rule):
    population = Population(workspace.id, fields.columns(session, workspace.id), NOON)

    assert compile_rule(rule, population).problems


def test_an_older_cart_changes_nothing_and_an_odd_one_is_refused(session, workspace):
    ada = a_customer(session, workspace.id)
    _cart(session, workspace, ada.id, "c", 2, 3)
    _cart(session, workspace, ada.id, "c", 5, 1)

    assert [cart.items for cart in carts.newest(session, workspace.id, ada.id)] == [3]
    for odd in ({"currency": "ZZZ"}, {"amount": Decimal(-1)}, {"ref": ""}, {"url": "javascript:x"}):
        given = {"ref": "d", "customer_id": ada.id, "amount": Decimal(1), "currency": "EUR", "lines": [], **odd}
        with pytest.raises(carts.CartRefused):
            carts.save(session, workspace.id, NewCart(**given, changed_at=NOON))
