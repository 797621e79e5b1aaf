"""Rules about somebody else around a person, as SQL and as anybody would find them by hand."""

from __future__ import annotations

from random import Random

import pytest

from app.conditions.on_relations.referrals import HasReferred, WasReferred
from app.conditions.tags import HasTag
from app.customers.profiles import fields
from app.customers.relations import households, related
from app.customers.relations.circles import CIRCLES
from app.customers.relations.kinds import FAMILY, KINDS
from app.customers.relations.related import RelationRefused
from app.customers.timeline import activities
from app.segments import codec, sentence
from app.segments.builder.writing import Form
from app.segments.codec import RulesInvalid
from app.segments.compiler import Population, compile_rule
from app.segments.rules import AllOf, AnyOf, Not, Someone
from tests.factories import NOON
from tests.factories.conditions import TYPES, VOCABULARY
from tests.factories.customers import a_customer, a_member, a_response, an_organisation

VIP, TEA = HasTag("vip"), HasTag("tea")
CLICKED = {"type": "did", "kind": "click", "at_least": 2}


def test_rules_find_whom_one_finds_by_hand(session, workspace):
    random = Random(11)
    people = [
        a_customer(session, workspace.id, tags=random.sample(("vip", "tea", "new"), random.randrange(3)))
        for _ in range(24)
    ]
    others: dict[str, set[tuple[int, int]]] = {name: set() for name in CIRCLES}
    for some in _shared_out(random, people):
        households.put_together(session, workspace.id, some, now=NOON)
        others["household"] |= {(a.id, b.id) for a in some for b in some if a is not b}
    firms = [an_organisation(session, workspace.id) for _ in range(4)]
    at = {firm.id: random.sample(people, 4) for firm in firms}
    for firm in firms:
        for person in at[firm.id]:
            a_member(session, person, firm)
        others["organisation"] |= {(a.id, b.id) for a in at[firm.id] for b in at[firm.id] if a is not b}
    for _ in range(40):
        one, other = random.sample(people, 2)
        kind = random.choice(list(KINDS))
        try:
            related.relate(session, one, other, kind, now=NOON)
        except RelationRefused:
            continue
        both = {(one.id, other.id), (other.id, one.id)}
        others["related"] |= both
        others["family"] |= both if kind in FAMILY else set()
        if kind == "referred_by":
            others["referrer"].add((one.id, other.id))
            others["referred"].add((other.id, one.id))
    tags = {person.id: set(person.tags) for person in people}

    for circle in CIRCLES:
        for inner, holds in (
            (AllOf(), lambda _person: True),
            (VIP, lambda person: "vip" in tags[person]),
            (Not(VIP), lambda person: "vip" not in tags[person]),
            (AnyOf((VIP, TEA)), lambda person: bool(tags[person] & {"vip", "tea"})),
        ):
            expected = {one for one, other in others[circle] if holds(other)}
            rule = Someone(circle, inner)
            assert _found(session, workspace, rule) == expected, rule
            assert _found(session, workspace, Not(rule)) == set(tags) - expected
            mine = {person for person in expected if "tea" in tags[person]}
            assert _found(session, workspace, AllOf((TEA, rule))) == mine
            twice = {one for one, other in others["related"] if other in expected}
            assert _found(session, workspace, Someone("related", rule)) == twice
    assert _found(session, workspace, WasReferred()) == {one for one, _ in others["referrer"]}
    counts = {person: sum(one == person for one, _ in others["referred"]) for person in tags}
    for least, most in ((1, None), (2, None), (0, 0), (1, 1)):
        fitting = {person for person, n in counts.items() if n >= least and (most is None or n <= most)}
        assert _found(session, workspace, HasReferred(least, at_most=most)) == fitting


def _shared_out(random, people):
    waiting = random.sample(people, len(people))
    while len(waiting) > 3:
        yield [waiting.pop() for _ in range(random.randrange(2, 4))]


def _found(session, workspace, rule):
    population = Population(workspace.id, fields.columns(session, workspace.id), NOON)
    return set(session.scalars(compile_rule(rule, population).matches))


def test_activities_of_others_are_asked_beside_ones_own(session, workspace):
    """Both sides read the same lookup, each for its own people."""
    ada, bob, eve = (a_customer(session, workspace.id) for _ in range(3))
    households.put_together(session, workspace.id, [ada, bob, eve], now=NOON)
    clicks = [a_response(person.id, at=NOON) for person in (ada, ada, bob, bob, eve)]
    activities.record_hits(session, workspace.id, clicks, version=1, now=NOON)
    others = {"type": "someone", "circle": "household", "rule": CLICKED}

    assert _found(session, workspace, codec.load(CLICKED, TYPES)) == {ada.id, bob.id}
    assert _found(session, workspace, codec.load(others, TYPES)) == {ada.id, bob.id, eve.id}
    both = codec.load({"type": "all", "rules": [CLICKED, others]}, TYPES)
    assert _found(session, workspace, both) == {ada.id, bob.id}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"type": "someone", "rule": {"type": "all"}}, ("circle",)),
        ({"type": "someone", "circle": "street", "rule": {"type": "all"}}, ("circle",)),
        ({"type": "someone", "circle": ["household"], "rule": {"type": "all"}}, ("circle",)),
        ({"type": "someone", "circle": "household"}, ("rule",)),
        ({"type": "someone", "circle": "household", "rule": {"type": "all"}, "x": 1}, ("x",)),
        ({"type": "someone", "circle": "household", "rule": {"type": "is", "field": "city"}}, ("rule", "value")),
    ],
)
def test_what_is_no_rule_is_refused_at_its_place(value, path):
    with pytest.raises(RulesInvalid) as refused:
        codec.load(value, TYPES)

    assert [problem.path for problem in refused.value.problems] == [path]


def test_others_of_others_of_others_are_too_many():
    value = codec.dump(Someone("household", Someone("family", Someone("related", VIP))))

    with pytest.raises(RulesInvalid, match="cannot be used"):
        codec.load(value, TYPES)
    assert codec.load(value["rule"], TYPES) == Someone("family", Someone("related", VIP))


def test_it_reads_as_a_sentence_and_comes_back_from_the_form():
    rule = AllOf((TEA, Someone("household", AllOf((VIP, Not(TEA))))))
    form = Form(TYPES, VOCABULARY)

    assert sentence.describe(rule, VOCABULARY) == (
        "Customers for whom tagged “tea” and it is true of somebody else in their household that (tagged “vip” and it "
        "is not so that tagged “tea”)."
    )
    written = form.write(form.show(codec.dump(rule)), with_blanks=True)
    assert codec.load(written.value, TYPES) == rule


def test_what_is_wrong_inside_is_told_at_its_place(session, workspace):
    rule = AllOf((Someone("household", AllOf((VIP, HasReferred(3, at_most=1)))),))
    population = Population(workspace.id, fields.columns(session, workspace.id), NOON)

    assert [problem.path for problem in compile_rule(rule, population).problems] == [
        ("rules", 0, "rule", "rules", 1, "at_most")
    ]
