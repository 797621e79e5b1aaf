"""When two become one the ledger says by new records what holds, and an undo gives each their own answers back."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.consent import actions, permission, suppression
from app.consent.ledger import proof, verification
from app.consent.purposes import MARKETING, PROFILING
from app.customers.merging import merge, undoing
from app.customers.merging.merge import Decision
from app.customers.models import Customer
from tests.factories import NOON
from tests.factories.consent import a_yes, consented_customer
from tests.factories.customers import a_customer


def join(session, one, other, **choices):
    return merge.merge(session, one.workspace_id, Decision(one.id, other.id, choices=choices), now=NOON)


def states(session, workspace, customer_id):
    rows = permission.state_of(session, workspace.id, customer_id)
    return {(row.purpose, row.topic_id): row.state for row in rows}


@pytest.fixture
def two(session, workspace):
    return [consented_customer(session, workspace.id, email=f"{name}@example.com") for name in ("ada", "bob")]


@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize("said", [actions.withdraw, actions.object_all, actions.complain])
def test_a_no_of_either_holds(session, workspace, two, said, who):
    said(session, workspace.id, two[who].id, evidence=a_yes(), now=NOON)
    join(session, *two)

    assert not any(row.allowed for row in permission.state_of(session, workspace.id, two[0].id))
    assert verification.check(session, workspace.id) == []


def test_a_yes_of_the_former_one_stays_with_the_record_it_stands_by(session, workspace):
    bare = a_customer(session, workspace.id, "bare@example.com")
    other = consented_customer(session, workspace.id, email="bob@example.com")
    join(session, bare, other)
    newest = proof.of_customer(session, workspace.id, bare.id)

    assert states(session, workspace, bare.id) == {(MARKETING, workspace.topic_id): "given"}
    assert states(session, workspace, other.id) == {}
    assert session.get(Customer, (workspace.id, bare.id)).email == "bob@example.com"
    assert suppression.find_of_customer(session, workspace.id, bare.id) is None
    assert {each.event for each in newest} == {"given", "merged"}


def test_an_address_that_no_yes_names_waits_for_its_owner(session, workspace):
    bare = a_customer(session, workspace.id, "bare@example.com")
    other = consented_customer(session, workspace.id, email="bob@example.com")
    made = join(session, bare, other, email="survivor")

    assert suppression.find_of_customer(session, workspace.id, bare.id).reason == "unconfirmed"
    undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)
    assert suppression.find_of_customer(session, workspace.id, bare.id) is None


@pytest.mark.parametrize("who", [0, 1])
def test_who_is_suppressed_by_their_own_word_is_so_at_every_address(session, workspace, two, who):
    digest = two[who].address_digest
    suppression.add(session, workspace.id, address_digest=digest, reason="manual", source="staff", now=NOON)
    made = join(session, *two)

    assert suppression.find_of_customer(session, workspace.id, two[0].id).reason == "manual"
    undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)
    others = session.get(Customer, (workspace.id, two[1 - who].id))
    assert suppression.find(session, workspace.id, others.address_digest) is None


def test_a_dead_mailbox_says_nothing_of_the_other(session, workspace, two):
    digest = two[1].address_digest
    suppression.add(session, workspace.id, address_digest=digest, reason="bounced", source="message 1", now=NOON)
    join(session, *two)

    assert suppression.find_of_customer(session, workspace.id, two[0].id) is None
    assert suppression.is_suppressed(session, workspace.id, digest)


def test_an_undo_gives_both_their_states_back_by_the_records_of_before(session, workspace, two):
    every = text("SELECT * FROM consent_state WHERE workspace_id = :w ORDER BY 2, 3, 4")
    actions.withdraw(session, workspace.id, two[1].id, evidence=a_yes(), now=NOON)
    before = session.execute(every, {"w": workspace.id}).all()
    made = join(session, *two)
    undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)

    assert session.execute(every, {"w": workspace.id}).all() == before
    assert verification.check(session, workspace.id) == []


def test_a_no_said_since_holds_for_both_after_an_undo(session, workspace, two):
    made = join(session, *two)
    actions.withdraw(session, workspace.id, two[0].id, evidence=a_yes(), now=NOON)
    both = undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)

    for person_id in both:
        assert not any(row.allowed for row in permission.state_of(session, workspace.id, person_id))
    assert verification.check(session, workspace.id) == []


def test_a_no_said_while_they_are_one_holds_for_both_when_they_are_two_again(session, workspace, two):
    """Also where the other's no of before held already, so that nothing seemed to change."""
    ada, bob = two
    actions.withdraw(session, workspace.id, bob.id, evidence=a_yes(), now=NOON)
    made = join(session, ada, bob)
    actions.withdraw(session, workspace.id, ada.id, evidence=a_yes(), now=NOON)
    undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)

    for each in two:
        assert not any(row.allowed for row in permission.state_of(session, workspace.id, each.id))


def test_what_is_suppressed_while_they_are_one_stays_so_when_they_are_two_again(session, workspace, two):
    ada, bob = two
    suppression.add(session, workspace.id, address_digest=bob.address_digest, reason="manual", source="staff", now=NOON)
    digest = ada.address_digest
    made = join(session, ada, bob)
    suppression.add(session, workspace.id, address_digest=digest, reason="complained", source="fbl", now=NOON)
    undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)

    assert suppression.is_suppressed(session, workspace.id, digest)


def test_an_address_that_never_agreed_gets_no_yes_of_another(session, workspace):
    """Also where its owner has answered something else."""
    shy = a_customer(session, workspace.id, "shy@example.com")
    actions.withdraw(session, workspace.id, shy.id, purpose=PROFILING, evidence=a_yes(), now=NOON)
    other = consented_customer(session, workspace.id, email="bob@example.com")
    join(session, shy, other, email="survivor")

    assert suppression.find_of_customer(session, workspace.id, shy.id).reason == "unconfirmed"
