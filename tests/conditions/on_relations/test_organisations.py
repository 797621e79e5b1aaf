"""Whoever is at an organisation like this, as SQL and as anybody would find them by hand."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest

from app.conditions.on_relations.organisations import WorksAt
from app.customers.profiles import fields
from app.segments import sentence
from app.segments.compiler import Population, compile_rule
from app.segments.rules import Not
from tests.factories import NOON
from tests.factories.conditions import VOCABULARY
from tests.factories.customers import a_customer, a_member, an_organisation

ROLES = ("user", "influencer", "buyer", "decider", "gatekeeper")


def test_rules_find_whom_one_finds_by_hand(session, workspace):
    random = Random(7)
    firms, above = [], {}
    for number in range(12):
        parent = random.choice([None, *firms]) if number else None
        made = an_organisation(
            *(session, workspace.id, random.choice(("Acme", "Beta Ltd", "acme north"))),
            industry=random.choice((None, "Retail", "retail", "Farming")),
            employees=random.choice((None, 5, 50, 500)),
            parent_id=parent and parent.id,
        )
        above[made.id] = parent
        firms.append(made)
    places = {}
    for _ in range(40):
        person = a_customer(session, workspace.id)
        chosen = random.sample(firms, random.randrange(3))
        places[person.id] = [
            (
                firm,
                a_member(
                    *(session, person, firm),
                    buying_roles=random.sample(ROLES, random.randrange(3)),
                    until=random.choice((None, None, date(2026, 1, 1))),
                ),
            )
            for firm in chosen
        ]

    for industry in (None, "RETAIL"):
        for name, contains in ((None, None), ("ACME", None), (None, "eta")):
            for least, most in ((None, None), (50, None), (None, 50), (10, 100)):
                for role in (None, "decider"):
                    rule = WorksAt(
                        industry=industry, name=name, name_contains=contains, at_least=least, at_most=most, role=role
                    )
                    expected = {
                        person
                        for person, there in places.items()
                        if any(_fits(firm, member, rule, above) for firm, member in there)
                    }
                    assert set(session.scalars(_compiled(session, workspace, rule).matches)) == expected, rule
                    others = set(session.scalars(_compiled(session, workspace, Not(rule)).matches))
                    assert others == set(places) - expected


def _fits(firm, member, rule, above):
    names, here = [], firm
    while here is not None:
        names.append(here.name.lower())
        here = above[here.id]
    return (
        member.until is None
        and (rule.industry is None or (firm.industry or "").lower() == rule.industry.lower())
        and (rule.name is None or rule.name.lower() in names)
        and (rule.name_contains is None or rule.name_contains in firm.name.lower())
        and (rule.at_least is None or (firm.employees or -1) >= rule.at_least)
        and (rule.at_most is None or (firm.employees is not None and firm.employees <= rule.at_most))
        and (rule.role is None or rule.role in member.buying_roles)
    )


def _compiled(session, workspace, rule):
    return compile_rule(rule, Population(workspace.id, fields.columns(session, workspace.id), NOON))


def test_an_empty_range_is_refused(session, workspace):
    problems = _compiled(session, workspace, WorksAt(at_least=10, at_most=5)).problems

    assert [problem.path for problem in problems] == [("at_most",)]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (WorksAt(), "Customers for whom they are at an organisation."),
        (
            WorksAt(industry="Retail", at_least=50, role="decider"),
            "Customers for whom they are at an organisation in the industry “Retail”, with at least 50 employees and "
            "where their part is “Decider”.",
        ),
        (WorksAt(name="Acme"), "Customers for whom they are at an organisation that is “Acme” or below it."),
    ],
)
def test_it_reads_as_a_sentence(rule, said):
    assert sentence.describe(rule, VOCABULARY) == said
