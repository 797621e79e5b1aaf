"""Everybody stands where the workspace's rules put them, with date, reason and what they were before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.customers import jobs
from app.customers.life_cycle import moving, stages
from app.customers.life_cycle.stages import Rules, RulesRefused
from app.customers.models import Engagement
from app.customers.timeline import contacts
from app.customers.timeline.contacts import Contact
from app.segments import preview, segments
from tests.factories import NOON
from tests.factories.conditions import Is
from tests.factories.customers import a_customer, a_purchase


def days(number):
    return timedelta(days=number)


def run(database, workspace, *, now=NOON):
    """How many moved; two at a time, so that nobody is left out between."""
    moved, after = 0, 0
    while after is not None:
        with database.transaction(workspace.id) as session:
            count, after = moving.move_next(session, workspace.id, after=after, now=now, limit=2)
            moved += count
    with database.transaction(workspace.id) as session:
        moving.recount(session, workspace.id, now=now)
    return moved


def stage_of(session, customer):
    return session.get_one(Engagement, (customer.workspace_id, customer.id)).stage


def test_each_stage_has_its_people(database, workspace):
    with database.transaction(workspace.id) as session:
        made = {stage: a_customer(session, workspace.id, f"{stage}@example.com") for stage in stages.STAGES}
        call = Contact("call", "Asked for the price list", workspace.owner_id, "Olga", contacts.IN, None)
        contacts.log(session, workspace.id, made["lead"].id, call, now=NOON - days(3))
        contacts.log(session, workspace.id, made["lapsed_inquirer"].id, call, now=NOON - days(200))
        a_purchase(session, made["customer"], at=NOON - days(10))
        for at in (10, 100):
            a_purchase(session, made["active"], at=NOON - days(at))
        a_purchase(session, made["at_risk"], at=NOON - days(200))
        for at in (400, 460):
            a_purchase(session, made["inactive"], at=NOON - days(at))
    assert run(database, workspace) == len(made) - 1
    assert run(database, workspace) == 0

    with database.transaction(workspace.id) as session:
        assert {stage: stage_of(session, made[stage]) for stage in made} == {stage: stage for stage in made}
        assert moving.counts(session, workspace.id) == (dict.fromkeys(stages.STAGES, 1), NOON)
        (move,) = moving.history(session, workspace.id, made["inactive"].id)
        assert (move.former, move.facts["every"], move.facts["orders"], move.at) == ("prospect", 60, 2, NOON)
        found = segments.matches_query(session, workspace.id, Is("stage", "at_risk"), now=NOON)
        assert preview.count(session, found) == 1


def test_time_alone_moves_people_on_and_the_way_is_kept(database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id)
        a_purchase(session, ada, at=NOON)
    for later in (1, 181, 366):
        run(database, workspace, now=NOON + days(later))
    with database.transaction(workspace.id) as session:
        a_purchase(session, ada, at=NOON + days(400))
    run(database, workspace, now=NOON + days(401))

    with database.transaction(workspace.id) as session:
        way = [move.stage for move in moving.history(session, workspace.id, ada.id)]
    assert way == ["active", "inactive", "at_risk", "customer"]


def test_a_workspace_sets_its_own_rules(database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id)
        a_purchase(session, ada, at=NOON - days(40))
        stages.set_rules(session, workspace.id, Rules(10, 30, 60, ("test_drive",)))
    run(database, workspace)

    with database.transaction(workspace.id) as session:
        assert stage_of(session, ada) == "at_risk"
        assert stages.rules_of(session, workspace.id) == Rules(10, 30, 60, ("test_drive",))


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (Rules(0), "lead_days"),
        (Rules(active_days=10, inactive_days=10), "inactive_days"),
        (Rules(inactive_days=4000), "inactive_days"),
        (Rules(enquiries=("Not a name",)), "enquiries"),
    ],
)
def test_rules_that_tell_nothing_apart_are_refused(session, workspace, rules, field):
    with pytest.raises(RulesRefused) as refused:
        stages.set_rules(session, workspace.id, rules)

    assert refused.value.field == field


def test_staff_set_the_rules_and_see_who_stands_where(client, database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, "ada@example.com", first_name="Ada")
        a_purchase(session, ada, at=NOON - days(200))
    run(database, workspace)
    page = client.get("/customers/life-cycle").text
    assert "At risk" in page
    said = {"lead_days": "30", "active_days": "300", "inactive_days": "299", "enquiries": "test_drive"}
    assert client.post("/customers/life-cycle", data=said).status_code == 422
    assert client.post("/customers/life-cycle", data={**said, "inactive_days": "600"}).status_code == 303
    run(database, workspace, now=NOON + days(1))
    assert "Bought once" in client.get(f"/customers/{ada.id}").text
    assert "Ada" in client.get("/customers?stage=customer").text
    assert "Ada" not in client.get("/customers?stage=inactive").text


def stages_after(services, database, workspace, *people):
    """Where these people stand after the job of a minute."""
    jobs.move_life_cycles(services)
    with database.transaction(workspace.id) as session:
        return [stage_of(session, each) for each in people]


def test_the_job_of_a_minute_looks_at_those_alone_who_did_something_or_whose_time_has_come(
    services, database, workspace, clock, statements
):
    with database.transaction(workspace.id) as session:
        ada, bob, eve = (a_customer(session, workspace.id, f"{name}@example.com") for name in ("ada", "bob", "eve"))
    assert stages_after(services, database, workspace, ada, bob, eve) == ["prospect"] * 3
    with database.transaction(workspace.id) as session:
        a_purchase(session, ada, at=clock.advance(timedelta(minutes=1)))
        call = Contact("call", "Asked for the price list", workspace.owner_id, "Olga", contacts.IN, None)
        contacts.log(session, workspace.id, bob.id, call, now=clock.now())
    with statements() as asked:
        assert stages_after(services, database, workspace, ada, bob, eve) == ["customer", "lead", "prospect"]
    assert not any("GROUP BY stage" in each and "count(*)" in each for each in asked)
    with database.transaction(workspace.id) as session:
        assert moving.counts(session, workspace.id)[0] == dict.fromkeys(stages.STAGES, 0) | dict.fromkeys(
            ("customer", "lead", "prospect"), 1
        )
    clock.advance(days(90))
    assert stages_after(services, database, workspace, ada, bob) == ["customer", "lead"]
    clock.advance(timedelta(microseconds=1))
    assert stages_after(services, database, workspace, ada, bob) == ["customer", "lapsed_inquirer"]
    for later, stage in ((91, "at_risk"), (190, "inactive")):
        clock.advance(days(later))
        assert stages_after(services, database, workspace, ada) == [stage]


def test_everybody_is_looked_at_when_the_rules_change(services, database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id)
        a_purchase(session, ada, at=NOON - days(40))
    assert stages_after(services, database, workspace, ada) == ["customer"]
    with database.transaction(workspace.id) as session:
        stages.set_rules(session, workspace.id, Rules(10, 30, 60))

    assert stages_after(services, database, workspace, ada) == ["at_risk"]
