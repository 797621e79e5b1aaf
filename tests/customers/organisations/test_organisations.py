"""Organisations are added, changed, found, deleted and brought back, and never stand above themselves."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from app.customers.organisations import hierarchy, listing, member_queries, members, organisations, removal
from app.customers.organisations.hierarchy import HierarchyCycle
from app.customers.organisations.listing import Filter
from app.customers.organisations.organisation_values import OrganisationRefused
from app.customers.relations.models import Organisation, OrganisationMember
from app.kernel.refusals import Refusal
from tests.factories import NOON
from tests.factories.customers import a_customer, a_member, a_purchase, an_organisation


def test_values_are_kept_clean(session, workspace):
    acme = an_organisation(
        *(session, workspace.id, "  Acme   Ltd "),
        external_ref="A-1",
        industry="Retail",
        employees=40,
        website="acme.example",
        domains=["@Acme.example", "acme.example", ""],
        address="1 High Street\r\n\r\nLondon",
        country="Germany",
    )

    assert acme.name == "Acme Ltd"
    assert acme.website == "https://acme.example"
    assert acme.domains == ["acme.example"]
    assert acme.address == "1 High Street\nLondon"
    assert acme.country == "DE"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"employees": -1}, "employees"),
        ({"employees": 10**9}, "employees"),
        ({"employees": "many"}, "employees"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "https://"}, "website"),
        ({"domains": ["no spaces.example"]}, "domains"),
        ({"domains": [f"d{number}.example" for number in range(21)]}, "domains"),
        ({"country": "Atlantis"}, "country"),
        ({"address": "x" * 501}, "address"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(session, workspace, values, field):
    with pytest.raises(OrganisationRefused) as refused:
        an_organisation(session, workspace.id, **{"name": "Acme", **values})

    assert refused.value.field == field


def test_a_number_belongs_to_one_organisation(session, workspace):
    an_organisation(session, workspace.id, external_ref="A-1")
    other = an_organisation(session, workspace.id, external_ref="A-2")

    with pytest.raises(organisations.NumberTaken):
        an_organisation(session, workspace.id, external_ref="A-1")
    with pytest.raises(organisations.NumberTaken):
        organisations.change(session, other, {"external_ref": "A-1"}, now=NOON)


def test_the_hierarchy_is_read_both_ways(session, workspace):
    group = an_organisation(session, workspace.id, "Group")
    firm = an_organisation(session, workspace.id, "Firm", parent_id=group.id)
    branch = an_organisation(session, workspace.id, "Branch", parent_id=firm.id)

    assert [each.name for each in hierarchy.path(session, workspace.id, branch.id)] == ["Group", "Firm", "Branch"]
    assert [each.name for each in hierarchy.children(session, workspace.id, group.id)] == ["Firm"]
    here = select(Organisation.id).where(Organisation.workspace_id == workspace.id, Organisation.id == group.id)
    below = session.scalars(hierarchy.below_query(workspace.id, here))
    assert set(below) == {group.id, firm.id, branch.id}


def test_no_organisation_stands_eleven_levels_deep(session, workspace):
    above = an_organisation(session, workspace.id)
    for _ in range(hierarchy.MOST_LEVELS - 1):
        above = an_organisation(session, workspace.id, parent_id=above.id)

    with pytest.raises(HierarchyCycle):
        an_organisation(session, workspace.id, parent_id=above.id)


def test_an_organisation_moves_with_all_that_stands_below_it(session, workspace):
    top = above = an_organisation(session, workspace.id)
    for _ in range(hierarchy.MOST_LEVELS - 2):
        above = an_organisation(session, workspace.id, parent_id=above.id)
    group = an_organisation(session, workspace.id)
    branch = an_organisation(session, workspace.id, parent_id=group.id)

    with pytest.raises(HierarchyCycle):
        organisations.change(session, group, {"parent_id": above.id}, now=NOON)
    session.refresh(group)
    with pytest.raises(IntegrityError, match="so deep"), session.begin_nested():
        session.execute(update(Organisation).where(Organisation.id == group.id).values(parent_id=above.id))
    organisations.change(session, branch, {"parent_id": above.id}, now=NOON)
    assert hierarchy.path(session, workspace.id, branch.id)[0].id == top.id


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 4)), max_size=15))
def test_whatever_is_moved_where_nothing_stands_above_itself(database, workspace, moves):
    with database.transaction(workspace.id) as session:
        firms = [an_organisation(session, workspace.id) for _ in range(5)]
        parents: dict[int, int | None] = dict.fromkeys(range(5))
        for firm, above in moves:
            makes_cycle = above is not None and firm in _chain(parents, above)
            try:
                organisations.change(
                    session, firms[firm], {"parent_id": firms[above].id if above is not None else None}, now=NOON
                )
            except HierarchyCycle:
                assert makes_cycle
                session.refresh(firms[firm])
            else:
                assert not makes_cycle
                parents[firm] = above
        session.flush()
        kept = dict(session.execute(select(Organisation.id, Organisation.parent_id)).all())

    expected = {firms[n].id: firms[p].id if (p := parents[n]) is not None else None for n in range(5)}
    assert {number: kept[number] for number in expected} == expected


def _chain(parents, start):
    found = [start]
    while (above := parents[found[-1]]) is not None:
        found.append(above)
    return found


def test_the_database_refuses_a_cycle_by_itself(session, workspace):
    group = an_organisation(session, workspace.id)
    firm = an_organisation(session, workspace.id, parent_id=group.id)

    with pytest.raises(IntegrityError, match="above itself"):
        session.execute(update(Organisation).where(Organisation.id == group.id).values(parent_id=firm.id))


def test_two_moves_at_once_make_no_cycle(database, workspace):
    """Each alone is fine; the second waits for the first, and then is not."""
    with database.transaction(workspace.id) as session:
        ids = [an_organisation(session, workspace.id).id for _ in range(2)]
    outcomes = []
    together = threading.Barrier(2)

    def move(one: int, below: int) -> None:
        try:
            with database.transaction(workspace.id) as session:
                held = organisations.hold(session, workspace.id, one)
                together.wait(10)
                organisations.change(session, held, {"parent_id": below}, now=NOON)
            outcomes.append("moved")
        except Refusal as refusal:
            outcomes.append(type(refusal).__name__)

    threads = [threading.Thread(target=move, args=pair) for pair in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(outcomes) == ["HierarchyCycle", "moved"]


def test_the_list_is_by_name_and_goes_on_where_it_stopped(session, workspace):
    for name in ("beta", "Alpha", "alpine", "Gamma", "Alpha"):
        an_organisation(session, workspace.id, name)
    names, after = [], None
    while True:
        found, after = listing.page(session, workspace.id, Filter(), after=after, limit=2)
        names += [each.organisation.name for each in found]
        if after is None:
            break

    assert names == ["Alpha", "Alpha", "alpine", "beta", "Gamma"]
    found, _ = listing.page(session, workspace.id, Filter("ALP"))
    assert [each.organisation.name for each in found] == ["Alpha", "Alpha", "alpine"]


def test_a_name_two_have_is_no_answer(session, workspace):
    an_organisation(session, workspace.id, "Acme", external_ref="A-1")
    an_organisation(session, workspace.id, "ACME")

    with pytest.raises(organisations.SeveralNamed):
        organisations.find_named(session, workspace.id, "acme")
    assert organisations.find_named(session, workspace.id, "A-1").name == "Acme"
    assert organisations.find_named(session, workspace.id, "Nobody") is None


def test_sums_count_everybody_below_once(session, workspace):
    group = an_organisation(session, workspace.id)
    firm = an_organisation(session, workspace.id, parent_id=group.id)
    ada, bob, eve = (a_customer(session, workspace.id) for _ in range(3))
    for person, amount in ((ada, "20.00"), (bob, "5.00"), (eve, "100.00")):
        a_purchase(session, person, amount=amount)
    a_member(session, ada, group)
    a_member(session, ada, firm)
    a_member(session, bob, firm)
    a_member(session, eve, firm, until=date(2026, 1, 1))

    sums = listing.sums(session, workspace.id, group.id)
    assert (sums.people, sums.orders, str(sums.spent)) == (2, 2, "25.00")
    listed, _ = listing.page(session, workspace.id, Filter())
    assert {each.organisation.id: each.sums.people for each in listed} == {group.id: 1, firm.id: 2}


def test_deleted_and_brought_back_is_as_before(session, workspace):
    group = an_organisation(session, workspace.id, "Group", external_ref="G")
    firm = an_organisation(session, workspace.id, "Firm", parent_id=group.id, domains=["firm.example"])
    branch = an_organisation(session, workspace.id, "Branch", parent_id=firm.id)
    ada, bob = (a_customer(session, workspace.id) for _ in range(2))
    a_member(session, ada, firm, position="Head", buying_roles=["decider", "user"], since=date(2020, 1, 1))
    a_member(session, bob, firm, until=date(2025, 1, 1))
    a_member(session, ada, group)
    before = _tables(session)

    step = removal.remove(session, workspace.id, firm.id, staff_id=workspace.owner_id, now=NOON)
    session.expire_all()
    assert _primary(session, ada) == [group.id]
    assert session.get(Organisation, (workspace.id, branch.id)).parent_id is None
    kept = session.scalar(text("SELECT values FROM undo_steps WHERE id = :id"), {"id": step.values["step_id"]})
    removal.restore(session, workspace.id, kept, staff_id=workspace.owner_id, now=NOON)

    assert _tables(session) == before


def test_whoever_was_given_another_primary_one_meanwhile_keeps_it(session, workspace):
    ada = a_customer(session, workspace.id)
    first, second, third = (an_organisation(session, workspace.id) for _ in range(3))
    for firm in (first, second, third):
        a_member(session, ada, firm)
    step = removal.remove(session, workspace.id, first.id, staff_id=workspace.owner_id, now=NOON)
    members.put(session, ada, third.id, {"is_primary": True}, now=NOON)
    kept = session.scalar(text("SELECT values FROM undo_steps WHERE id = :id"), {"id": step.values["step_id"]})
    removal.restore(session, workspace.id, kept, staff_id=workspace.owner_id, now=NOON)

    assert _primary(session, ada) == [third.id]


def test_however_many_stood_below_come_back_below(session, workspace):
    group = an_organisation(session, workspace.id)
    for _ in range(hierarchy.MOST_CHILDREN + 2):
        an_organisation(session, workspace.id, parent_id=group.id)
    step = removal.remove(session, workspace.id, group.id, staff_id=workspace.owner_id, now=NOON)
    kept = session.scalar(text("SELECT values FROM undo_steps WHERE id = :id"), {"id": step.values["step_id"]})
    removal.restore(session, workspace.id, kept, staff_id=workspace.owner_id, now=NOON)

    below = select(func.count()).where(Organisation.parent_id == group.id)
    assert session.scalar(below) == hierarchy.MOST_CHILDREN + 2


def _tables(session):
    session.flush()
    return [
        session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2, 3")).all()
        for table in ("organisations", "organisation_members")
    ]


def test_the_first_organisation_is_the_primary_one(session, workspace):
    ada = a_customer(session, workspace.id)
    first, second, third = (an_organisation(session, workspace.id) for _ in range(3))
    for firm in (first, second, third):
        a_member(session, ada, firm)
    assert _primary(session, ada) == [first.id]

    a_member(session, ada, third, is_primary=True)
    assert _primary(session, ada) == [third.id]

    a_member(session, ada, third, until=date(2026, 2, 1))
    assert _primary(session, ada) == [first.id]

    members.remove(session, ada, first.id, staff_id=workspace.owner_id, now=NOON)
    assert _primary(session, ada) == [second.id]


def _primary(session, customer):
    query = select(OrganisationMember.organisation_id).where(OrganisationMember.is_primary)
    return list(session.scalars(query.where(OrganisationMember.customer_id == customer.id)))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(("put", "left", "primary", "not_primary", "remove")), st.integers(0, 2)), max_size=12
    )
)
def test_who_is_anywhere_has_one_primary_at_most_and_it_is_current(database, workspace, steps):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id)
        firms = [an_organisation(session, workspace.id) for _ in range(3)]
        for what, which in steps:
            given = {
                "put": {"position": "Clerk", "until": None},
                "left": {"until": date(2026, 1, 1)},
                "primary": {"is_primary": True},
                "not_primary": {"is_primary": False},
            }
            if what in given:
                members.put(session, ada, firms[which].id, given[what], now=NOON)
                continue
            with suppress(Refusal):
                members.remove(session, ada, firms[which].id, staff_id=workspace.owner_id, now=NOON)
        places = member_queries.list_of_customer(session, workspace.id, ada.id)

    primary = [place.member for place in places if place.member.is_primary]
    assert len(primary) <= 1
    assert all(member.until is None for member in primary)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"position": "x" * 201}, "position"),
        ({"buying_roles": ["boss"]}, "buying_roles"),
        ({"since": date(2026, 2, 2), "until": date(2026, 2, 1)}, "until"),
    ],
)
def test_a_place_that_cannot_be_is_refused(session, workspace, values, field):
    ada, firm = a_customer(session, workspace.id), an_organisation(session, workspace.id)

    with pytest.raises(members.MemberRefused) as refused:
        a_member(session, ada, firm, **values)
    assert refused.value.field == field
