"""What concerns people though their own rows stay as they are: it marks them, and no look at everybody is needed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.commerce.conditions.products import BoughtProduct
from app.conditions.on_relations.organisations import WorksAt
from app.segments import segments
from app.segments.membership import updating, watching
from app.segments.rules import Someone
from app.segments.segments import SegmentChange
from tests.factories.conditions import Is
from tests.factories.customers import a_customer, a_purchase
from tests.factories.segments import NOON


@pytest.fixture
def members(session, workspace, clock):
    """Watch a rule; then say who is in it after those marked were evaluated."""
    made = {}

    def follow():
        while updating.update_changed(session, workspace.id, clock):
            pass
        return set(session.scalars(text("SELECT customer_id FROM segment_members WHERE segment_id = :id"), made))

    def watch(rule):
        made["id"] = segments.save(session, workspace.id, SegmentChange("It", rule), staff_id=None, now=NOON).id
        watching.watch(session, workspace.id, made["id"], now=NOON)
        updating.update_whole(session, workspace.id, made["id"], now=NOON)
        follow()
        clock.advance(timedelta(minutes=1))
        return follow

    return watch


@pytest.fixture
def run(session, workspace):
    """Run a statement of this workspace."""

    def execute(statement, **values):
        return session.execute(text(statement), {"w": workspace.id, "now": NOON, **values})

    return execute


def test_a_product_that_moves_to_another_category(session, workspace, members, run):
    ada = a_customer(session, workspace.id)
    a_purchase(session, ada, product="Tea")
    follow = members(BoughtProduct("orders", 1, category="Drinks"))
    assert follow() == set()
    run("UPDATE products SET category = 'Drinks > Hot' WHERE workspace_id = :w")
    assert follow() == {ada.id}
    run("UPDATE products SET name = 'Best tea' WHERE workspace_id = :w")
    assert session.execute(text("SELECT count(*) FROM changed_customers")).scalar() == 0


def test_the_others_of_a_household_that_somebody_leaves(session, workspace, members, run):
    ada, bob = (a_customer(session, workspace.id, city=city).id for city in ("Oslo", "Rome"))
    rows = "(:w, 'One', :now), (:w, 'Two', :now)"
    one, two = run(f"INSERT INTO households (workspace_id, name, created_at) VALUES {rows} RETURNING id").scalars()
    for who in (ada, bob):
        run("INSERT INTO household_members VALUES (:w, :who, :one)", who=who, one=one)
    follow = members(Someone("household", Is("city", "Rome")))
    assert follow() == {ada}
    run("UPDATE household_members SET household_id = :two WHERE customer_id = :bob", two=two, bob=bob)
    assert follow() == set()
    run("UPDATE household_members SET household_id = :one WHERE customer_id = :bob", one=one, bob=bob)
    assert follow() == {ada}
    run("DELETE FROM household_members WHERE customer_id = :bob", bob=bob)
    assert follow() == set()


@pytest.fixture
def firm(session, workspace, run):
    """Adds an organisation, below another if one is named."""

    def add(name, parent=None):
        statement = (
            "INSERT INTO organisations (workspace_id, name, parent_id, created_at, updated_at)"
            " VALUES (:w, :name, :parent, :now, :now) RETURNING id"
        )
        return run(statement, name=name, parent=parent).scalar()

    return add


def join(run, organisation, who):
    run(
        "INSERT INTO organisation_members (workspace_id, organisation_id, customer_id, is_primary, created_at)"
        " VALUES (:w, :organisation, :who, true, :now)",
        organisation=organisation,
        who=who,
    )


def test_the_others_at_an_organisation_that_somebody_leaves(session, workspace, members, run, firm):
    ada, bob = (a_customer(session, workspace.id, city=city).id for city in ("Oslo", "Rome"))
    acme = firm("Acme")
    for who in (ada, bob):
        join(run, acme, who)
    follow = members(Someone("organisation", Is("city", "Rome")))
    assert follow() == {ada}
    run("UPDATE organisation_members SET until = '2026-03-01', is_primary = false WHERE customer_id = :bob", bob=bob)

    assert follow() == set()


def test_whoever_is_below_an_organisation_that_is_renamed_or_moves(session, workspace, members, run, firm):
    ada = a_customer(session, workspace.id).id
    top = firm("Acme")
    below = firm("Team", firm("Branch", top))
    join(run, below, ada)
    follow = members(WorksAt(name="Globex"))
    assert follow() == set()
    run("UPDATE organisations SET name = 'Globex' WHERE id = :top", top=top)
    assert follow() == {ada}
    run("UPDATE organisations SET parent_id = NULL WHERE name = 'Branch' AND workspace_id = :w")
    assert follow() == set()
