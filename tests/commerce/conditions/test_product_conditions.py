"""Whoever bought a product or anything in a category, as SQL and as anybody would count it by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from app.commerce import orders
from app.commerce.conditions.products import BoughtProduct
from app.commerce.models import Product
from app.commerce.orders import NewLine, NewOrder, NewRefund
from app.commerce.products import NamedProduct
from app.customers.profiles import fields
from app.segments.compiler import Population, compile_rule
from app.segments.rules import Not
from tests.factories import NOON
from tests.factories.customers import a_customer

GOODS = [
    NamedProduct("R1", "Rose", "Garden > Roses"),
    NamedProduct("R2", "Climbing rose", "Garden > Roses > Climbing"),
    NamedProduct("S1", "Spade", "Garden"),
    NamedProduct("T1", "Tea", "Drinks"),
    NamedProduct("G1", "Gardening book", "Garden books"),
]


def test_rules_count_as_one_counts_by_hand(session, workspace):
    random = Random(5)
    bought = {}
    for number in range(40):
        person = a_customer(session, workspace.id, email=f"p{number}@example.com")
        bought[person.id] = []
        for place in range(random.randrange(4)):
            at = NOON - timedelta(days=random.choice((1, 20, 60, 200)))
            chosen = random.sample(GOODS, random.randrange(1, 4))
            lines = [NewLine(each, random.randrange(1, 4), Decimal(random.randrange(5, 90))) for each in chosen]
            ref = f"{number}-{place}"
            new = NewOrder(person.id, ref, at, sum((line.amount for line in lines), Decimal(0)), "EUR", lines=lines)
            orders.record(session, workspace.id, new, now=NOON)
            back = {}
            if random.random() < 0.3:
                back = {1: random.randrange(1, lines[0].quantity + 1)}
                refund = NewRefund("r", Decimal(1), at, None, back)
                orders.refund(session, workspace.id, ref, refund, now=NOON)
            bought[person.id] += [
                (ref, at, line.product, line.quantity - back.get(place, 0), line.amount, line.quantity)
                for place, line in enumerate(lines, start=1)
            ]
    ids = {product.ref: product.id for product in session.query(Product)}

    for measure in ("orders", "pieces", "sum"):
        for what in ({"category": "Garden"}, {"category": "Garden > Roses"}, {"product": ids["R1"]}):
            for days in (None, 30, 90):
                for least, most in ((1, None), (2, None), (40, None), (0, 0), (1, 2)):
                    if measure == "sum" and most is not None:
                        continue
                    rule = BoughtProduct(measure, Decimal(least), days, at_most=most, **what)
                    expected = {
                        person
                        for person, rows in bought.items()
                        if _holds(_total(rows, measure, what, days, ids), least, most)
                    }
                    found = set(session.scalars(_compiled(session, workspace, rule).matches))
                    assert found == expected, rule
                    others = set(session.scalars(_compiled(session, workspace, Not(rule)).matches))
                    assert others == set(bought) - expected


def _compiled(session, workspace, rule):
    population = Population(workspace.id, fields.columns(session, workspace.id), NOON)
    return compile_rule(rule, population)


def _holds(total, least, most):
    return total >= least and (most is None or total <= most) and (least > 0 or most is not None)


def _total(rows, measure, what, days, ids):
    inside = [
        row
        for row in rows
        if (days is None or row[1] >= NOON - timedelta(days=days)) and row[3] > 0 and _is_meant(row[2], what, ids)
    ]
    if measure == "orders":
        return len({row[0] for row in inside})
    if measure == "pieces":
        return sum(row[3] for row in inside)
    return sum(row[4] * row[3] / row[5] for row in inside)


def _is_meant(product, what, ids):
    if "product" in what:
        return ids[product.ref] == what["product"]
    return product.category == what["category"] or product.category.startswith(what["category"] + " > ")


@pytest.mark.parametrize("what", [{}, {"category": " / "}, {"product": 1, "category": "Garden"}])
def test_a_rule_names_a_product_or_a_category(session, workspace, what):
    problems = _compiled(session, workspace, BoughtProduct("orders", Decimal(1), **what)).problems

    assert [problem.message for problem in problems] == [
        "Choose a product or a category, not both." if "product" in what else "Choose a product or a category."
    ]
