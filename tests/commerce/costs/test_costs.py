"""What went into a customer, what came of it, and what they bought elsewhere: noted, summed, asked for, taken back."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from app.commerce import orders
from app.commerce.conditions.elsewhere import BoughtElsewhere, SpentOn
from app.commerce.costs import balance, competitors, costs
from app.commerce.costs.competitors import NewPurchase, PurchaseRefused
from app.commerce.costs.costs import CostRefused, NewCost, Rates
from app.commerce.orders import NewLine, NewOrder, NewRefund
from app.commerce.products import NamedProduct
from app.customers.profiles import fields
from app.segments.compiler import Population, compile_rule
from tests.factories import NOON
from tests.factories.customers import a_customer

TODAY = NOON.date()
LAST_YEAR = date(TODAY.year - 1, 6, 1)


@pytest.fixture
def ada(session, workspace):
    return a_customer(session, workspace.id, email="ada@example.com")


def _cost(session, workspace, customer, kind, *, on=TODAY, **more):
    return costs.add(session, workspace.id, customer.id, NewCost(kind, on, **more), source="staff", now=NOON)


def test_input_and_output_are_summed_as_one_sums_by_hand(session, workspace, ada):
    lines = [NewLine(NamedProduct("P", "Pot"), 2, Decimal(40), Decimal(4), cost=Decimal(20))]
    new = NewOrder(ada.id, "1", NOON, Decimal(40), "EUR", lines=lines, discount=Decimal(4))
    orders.record(session, workspace.id, new, now=NOON)
    orders.refund(session, workspace.id, "1", NewRefund("r", Decimal(20), NOON, None, {1: 1}), now=NOON)
    _cost(session, workspace, ada, "service", minutes=30)
    _cost(session, workspace, ada, "service", amount=Decimal(7), minutes=99)
    _cost(session, workspace, ada, "gift", amount=Decimal(5))
    _cost(session, workspace, ada, "gift", amount=Decimal(8), on=LAST_YEAR)
    _cost(session, workspace, ada, "other", amount=Decimal(1), currency="USD")
    given = Rates(Decimal("0.5"), Decimal("0.001"), Decimal(20))
    costs.set_rates(session, workspace.id, given, staff_id=workspace.owner_id, now=NOON)
    found = balance.of_customer(session, workspace.id, ada.id, today=TODAY)

    assert (found.minutes, found.service) == (30, Decimal("22.0000"))
    assert (found.gifts, found.gift_budget_left, found.other) == (Decimal(13), Decimal(15), Decimal(0))
    assert (found.revenue, found.goods, found.discounts) == (Decimal(20), Decimal(10), Decimal(4))
    assert found.result == Decimal(20) - Decimal(10) - Decimal(22) - Decimal(13)


def test_without_a_rate_minutes_are_not_counted_as_nothing(session, workspace, ada):
    _cost(session, workspace, ada, "service", minutes=30)
    found = balance.of_customer(session, workspace.id, ada.id, today=TODAY)

    assert (found.service, found.mail, found.gift_budget_left) == (None, None, None)


def test_one_number_is_one_cost(session, workspace, ada):
    told = [_cost(session, workspace, ada, "gift", amount=Decimal(5), ref="G-1") for _ in range(2)]

    assert [is_new for _, is_new in told] == [True, False]
    assert told[0][0] == told[1][0]


@pytest.mark.parametrize(
    ("odd", "field"),
    [
        ({"kind": "odd"}, "kind"),
        ({"kind": "service"}, "minutes"),
        ({"kind": "gift"}, "amount"),
        ({"kind": "gift", "amount": Decimal(-1)}, "amount"),
        ({"kind": "gift", "amount": Decimal("NaN")}, "amount"),
        ({"kind": "gift", "amount": Decimal(1), "currency": "ZZZ"}, "currency"),
        ({"kind": "service", "minutes": 0}, "minutes"),
        ({"kind": "gift", "amount": Decimal(1), "spent_on": date(1, 1, 1)}, "spent_on"),
        ({"kind": "gift", "amount": Decimal(1), "note": "x" * 501}, "note"),
    ],
)
def test_what_no_cost_can_be_is_refused_at_its_field(session, workspace, ada, odd, field):
    with pytest.raises(CostRefused) as refused:
        costs.add(session, workspace.id, ada.id, NewCost(**{"spent_on": TODAY, **odd}), source="staff", now=NOON)

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("odd", "field"),
    [({"what": ""}, "what"), ({"told_by": "rumour"}, "told_by"), ({"amount": Decimal(10**10)}, "amount"),
     ({"bought_on": date(9999, 1, 1)}, "bought_on"), ({"competitor": "x" * 201}, "competitor")],
)  # fmt: skip
def test_what_no_purchase_elsewhere_can_be_is_refused(session, workspace, ada, odd, field):
    with pytest.raises(PurchaseRefused) as refused:
        competitors.add(session, workspace.id, ada.id, NewPurchase(**{"what": "Tea", **odd}), now=NOON)

    assert refused.value.field == field


def test_rules_find_what_one_finds_by_hand(session, workspace):
    random, spent, bought = Random(7), {}, {}
    for number in range(30):
        person = a_customer(session, workspace.id, email=f"c{number}@example.com")
        spent[person.id], bought[person.id] = [], []
        for _ in range(random.randrange(4)):
            on, minutes = TODAY - timedelta(days=random.randrange(100)), random.randrange(1, 60)
            if random.random() < 0.5:
                _cost(session, workspace, person, "service", on=on, minutes=minutes)
                spent[person.id].append((on, minutes, 0))
            else:
                _cost(session, workspace, person, "gift", on=on, amount=Decimal(minutes))
                spent[person.id].append((on, 0, minutes))
        for _ in range(random.randrange(3)):
            on = TODAY - timedelta(days=random.randrange(100)) if random.random() < 0.8 else None
            shop = random.choice(("Rival", "Other", ""))
            competitors.add(session, workspace.id, person.id, NewPurchase("Tea", shop, on), now=NOON)
            bought[person.id].append((on, shop))
    population = Population(workspace.id, fields.columns(session, workspace.id), NOON)

    def matches(rule):
        return set(session.scalars(compile_rule(rule, population).matches))

    for days in (None, 30):
        since = TODAY - timedelta(days=days) if days else date(1, 1, 1)
        for place, measure in ((1, "minutes"), (2, "gifts")):
            sums = {who: sum(row[place] for row in rows if row[0] >= since) for who, rows in spent.items()}
            rule = SpentOn(measure, Decimal(40), days=days)
            assert matches(rule) == {who for who, total in sums.items() if total >= 40}
        inside = {
            who: [shop for on, shop in rows if days is None or (on and on >= since)] for who, rows in bought.items()
        }
        assert matches(BoughtElsewhere("anybody", days=days)) == {who for who, shops in inside.items() if shops}
        rival = {who for who, shops in inside.items() if "Rival" in shops}
        assert matches(BoughtElsewhere("one", competitor="rival", days=days)) == rival


def _undo(client, page):
    found = re.search(r'data-undo="([^"]+)"|action="(/undo/[^"]+)"', client.get(page).text)
    assert client.post(found[1] or found[2]).status_code in (302, 303)


def test_staff_note_costs_and_take_deletions_back(client, services, workspace):
    with services.database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id)
    page = f"/customers/{ada.id}"
    odd = client.post(f"{page}/costs/new", data={"kind": "gift", "spent_on": "2026-03-01", "note": "Tin of tea"})
    assert (odd.status_code, "Tin of tea" in odd.text) == (422, True)
    given = {"kind": "gift", "spent_on": "2026-03-01", "amount": "12.50", "note": "Tin of tea"}
    assert client.post(f"{page}/costs/new", data=given).status_code == 303
    assert client.post(f"{page}/competitors/new", data={"what": "Matcha", "competitor": "Rival", "told_by": "asked"})
    assert client.post("/settings/costs", data={"service_minute": "0.75", "gift_budget": "50"}).status_code == 303

    shown = client.get(page).text
    assert all(words in shown for words in ("Tin of tea", "Matcha", "Rival", "left this year"))
    for deletion in (r"/costs/\d+/delete", r"/competitors/\d+/delete"):
        client.post(re.search(deletion, client.get(page).text)[0])
        _undo(client, page)
    assert "Tin of tea" in client.get(page).text
    assert "Matcha" in client.get(page).text
