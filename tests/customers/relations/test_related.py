"""Who is what to whom, told from either side, and households."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.accounts import undo
from app.consent import actions
from app.consent.ledger.evidence import Evidence
from app.customers.relations import households, related
from app.customers.relations.kinds import DIRECTIONS
from app.customers.relations.models import CustomerRelation, Household, HouseholdMember
from app.customers.relations.related import RelationRefused
from app.kernel.refusals import Refusal
from tests.factories import NOON
from tests.factories.customers import a_customer, a_member, a_purchase, an_organisation
from tests.factories.waiting_locks import until_somebody_waits


@pytest.fixture
def family(session, workspace):
    """Ada, Bob and Eve, who belong to nobody yet."""
    return tuple(a_customer(session, workspace.id, first_name=name) for name in ("Ada", "Bob", "Eve"))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_relation_is_one_row_read_from_either_side(session, workspace, family, direction):
    ada, bob, _ = family
    related.relate(session, ada, bob, direction, now=NOON)
    related.relate(session, ada, bob, direction, now=NOON)
    kind, is_inverse = DIRECTIONS[direction]
    other_side = direction if kind.is_symmetric else kind.name if is_inverse else kind.inverse

    assert _seen_by(session, ada) == [("Bob", direction)]
    assert _seen_by(session, bob) == [("Ada", other_side)]
    related.relate(session, bob, ada, other_side, now=NOON)
    assert len(session.scalars(select(CustomerRelation)).all()) == 1
    related.end(session, bob, ada, other_side)
    assert _seen_by(session, ada) == []


def _seen_by(session, person):
    found = related.list_of_customer(session, person.workspace_id, person.id)
    return [(each.name, each.direction) for each in found]


@pytest.mark.parametrize(("direction", "field"), [("boss", "kind"), ("parent", "person")])
def test_oneself_and_unknown_kinds_are_refused(session, family, direction, field):
    with pytest.raises(RelationRefused) as refused:
        related.relate(session, family[0], family[0], direction, now=NOON)

    assert refused.value.field == field


def test_nobody_has_two_referrers(session, family):
    ada, bob, eve = family
    related.relate(session, ada, bob, "referred_by", now=NOON)

    with pytest.raises(RelationRefused, match="already"):
        related.relate(session, ada, eve, "referred_by", now=NOON)
    assert _seen_by(session, ada) == [("Bob", "referred_by")]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from(("parent", "child", "manager", "referred_by"))),
        max_size=14,
    )
)
def test_whatever_is_told_nothing_goes_in_a_circle(database, workspace, told):
    with database.transaction(workspace.id) as session:
        people = [a_customer(session, workspace.id) for _ in range(4)]
        kept = set()
        for one, other, direction in told:
            kind, is_inverse = DIRECTIONS[direction]
            edge = (kind.name, *((other, one) if is_inverse else (one, other)))
            second = kind.name == "referred_by" and any(k == kind.name and c == edge[1] for k, c, _ in kept)
            is_possible = one != other and not _reaches(kept, kind.name, edge[2], edge[1]) and not second
            try:
                related.relate(session, people[one], people[other], direction, now=NOON)
            except RelationRefused:
                assert not is_possible or edge in kept
            else:
                assert is_possible or edge in kept
                kept.add(edge)
        ids = {person.id: number for number, person in enumerate(people)}
        rows = session.scalars(select(CustomerRelation).where(CustomerRelation.customer_id.in_(ids)))
        assert {(row.kind, ids[row.customer_id], ids[row.related_id]) for row in rows} == kept


def _reaches(edges, kind, start, goal):
    reached, waiting = set(), [start]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting += [above for k, below, above in edges if k == kind and below == here]
    return goal in reached


def test_two_referrals_at_once_make_no_circle(database, workspace):
    with database.transaction(workspace.id) as session:
        people = [a_customer(session, workspace.id) for _ in range(3)]
        related.relate(session, people[0], people[1], "referred_by", now=NOON)
    together = threading.Barrier(2)
    outcomes = []

    def refer(one, other):
        together.wait(10)
        try:
            with database.transaction(workspace.id) as session:
                merged = [session.merge(person) for person in (one, other)]
                related.relate(session, *merged, "referred_by", now=NOON)
            outcomes.append("told")
        except Refusal as refusal:
            outcomes.append(type(refusal).__name__)

    pairs = [(people[1], people[2]), (people[2], people[0])]
    threads = [threading.Thread(target=refer, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(outcomes) == ["RelationRefused", "told"]


def test_an_ended_relation_comes_back(session, workspace, family):
    ada, bob, _ = family
    related.relate(session, ada, bob, "child", now=NOON)
    step = related.end_with_undo(session, ada, bob, "child", staff_id=workspace.owner_id, now=NOON)
    _take_back(session, workspace, step)

    assert _seen_by(session, bob) == [("Ada", "parent")]


def _take_back(session, workspace, step):
    staff = {"staff_id": workspace.owner_id, "now": NOON}
    opposite, kept = undo.take(session, workspace.id, step.values["step_id"], **staff)
    opposite.restore(session, workspace.id, kept, **staff)


def test_a_household_is_joined_and_left_and_an_empty_one_goes(session, workspace, family):
    ada, bob, eve = family
    a_purchase(session, ada, amount="20.00")
    a_purchase(session, eve, amount="5.00")
    first = households.put_together(session, workspace.id, [ada, bob], now=NOON)
    households.put_together(session, workspace.id, [eve, ada], now=NOON)
    home = households.find(session, workspace.id, bob.id)
    assert [each.name for each in home.members] == ["Ada", "Bob", "Eve"]
    assert (home.household.id, home.orders, str(home.spent)) == (first.id, 2, "25.00")

    steps = [
        households.leave(session, person, staff_id=workspace.owner_id, now=NOON) for person in (ada, bob, eve)
    ]
    assert session.scalars(select(Household)).all() == []
    _take_back(session, workspace, steps[0])
    assert {each.name for each in households.find(session, workspace.id, eve.id).members} == {"Ada", "Bob", "Eve"}


def test_who_comes_back_to_a_household_brings_nobody_along(session, workspace, family):
    ada, bob, eve = family
    households.put_together(session, workspace.id, [ada, bob, eve], name="Mill Lane", now=NOON)
    step = households.leave(session, ada, staff_id=workspace.owner_id, now=NOON)
    households.leave(session, eve, staff_id=workspace.owner_id, now=NOON)
    new = households.put_together(session, workspace.id, [eve, a_customer(session, workspace.id)], now=NOON)
    _take_back(session, workspace, step)

    assert households.find(session, workspace.id, eve.id).household.id == new.id
    home = households.find(session, workspace.id, ada.id)
    assert (home.household.name, [each.name for each in home.members]) == ("Mill Lane", ["Ada", "Bob"])


def test_a_household_that_is_being_left_by_the_last_stays_for_who_is_just_joining(database, workspace):
    with database.transaction(workspace.id) as session:
        ada, bob = (a_customer(session, workspace.id) for _ in range(2))
        households.put_together(session, workspace.id, [ada], name="Mill Lane", now=NOON)

    def leave():
        with database.transaction(workspace.id) as session:
            households.leave(session, session.merge(ada), staff_id=workspace.owner_id, now=NOON)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            home = session.scalars(select(Household).with_for_update()).one()
            leaving = pool.submit(leave)
            until_somebody_waits(database, session)
            session.add(HouseholdMember(workspace_id=workspace.id, customer_id=bob.id, household_id=home.id))
        leaving.result()
    with database.transaction(workspace.id) as session:
        assert households.find(session, workspace.id, bob.id).household.name == "Mill Lane"
        assert households.find(session, workspace.id, ada.id) is None


def test_who_has_a_number_alone_is_called_by_it(session, workspace, family):
    nameless = a_customer(session, workspace.id, external_ref="K-7")
    nameless.email = None
    households.put_together(session, workspace.id, [family[0], nameless], now=NOON)

    home = households.find(session, workspace.id, nameless.id)
    assert [each.name for each in home.members] == ["Ada", "K-7"]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=3), max_size=8))
def test_everybody_has_one_household_at_most(database, workspace, steps):
    with database.transaction(workspace.id) as session:
        people = [a_customer(session, workspace.id) for _ in range(5)]
        for numbers in steps:
            if len(numbers) == 1:
                with suppress(Refusal):
                    households.leave(session, people[numbers[0]], staff_id=workspace.owner_id, now=NOON)
            else:
                households.put_together(session, workspace.id, [people[n] for n in numbers], now=NOON)
                homes = {households.find(session, workspace.id, people[n].id).household.id for n in numbers}
                assert len(homes) == 1
        lived_in = "SELECT count(*) FROM households h WHERE NOT EXISTS (SELECT FROM household_members m"
        empty = session.scalar(text(f"{lived_in} WHERE m.household_id = h.id)"))
        assert empty == 0


def test_who_is_erased_belongs_with_nobody(session, workspace, family):
    ada, bob, eve = family
    related.relate(session, ada, bob, "parent", now=NOON)
    related.relate(session, eve, ada, "referred_by", now=NOON)
    households.put_together(session, workspace.id, [ada, bob], now=NOON)
    a_member(session, ada, an_organisation(session, workspace.id))
    actions.erase_evidence(session, workspace.id, ada.id, evidence=Evidence(method="request", actor="staff"), now=NOON)

    left = itertools.chain.from_iterable(
        session.execute(text(f"SELECT * FROM {table} WHERE :id IN ({columns})"), {"id": ada.id})
        for table, columns in (
            ("organisation_members", "customer_id"),
            ("household_members", "customer_id"),
            ("customer_relations", "customer_id, related_id"),
        )
    )
    assert list(left) == []


def test_pages_add_end_and_take_back(client, database, workspace):
    with database.transaction(workspace.id) as session:
        ada, bob = (a_customer(session, workspace.id, f"{name}@example.com") for name in ("ada", "bob"))
    page = f"/customers/{ada.id}"
    assert client.get(f"{page}/relations/new").status_code == 200
    unknown = client.post(f"{page}/relations/new", data={"person": "eve@example.com", "kind": "parent"})
    assert unknown.status_code == 422
    assert "There is nobody with this email" in unknown.text
    client.post(f"{page}/relations/new", data={"person": "bob@example.com", "kind": "child"})
    client.post(f"{page}/relations/new", data={"person": "bob@example.com", "kind": "household"})
    shown = client.get(f"/customers/{bob.id}").text
    assert "Parent" in shown
    assert "Household" in shown

    client.post(f"{page}/relations/end", data={"other": bob.id, "kind": "child"})
    assert client.post(f"{page}/relations/end", data={"other": bob.id, "kind": "child"}).status_code == 404
    assert client.post(f"{page}/relations/end", data={"other": bob.id, "kind": "x"}).status_code == 404
    client.post(f"{page}/household/leave")
    assert client.post(f"{page}/household/leave").status_code == 404
    with database.transaction(workspace.id) as session:
        assert households.find(session, workspace.id, ada.id) is None
