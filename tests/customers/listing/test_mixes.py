"""The mix of customers is counted by a job where there are many of them, and at sight where there are few."""

from __future__ import annotations

from datetime import timedelta

from app.customers.listing import mixes
from app.customers.listing.mixes import Mix
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.customers import a_purchase


def a_few(session, workspace):
    """Three customers, one of whom bought twice."""
    buyer, *_others = (
        consented_customer(session, workspace.id, email=f"{name}@example.com") for name in ("a", "b", "c")
    )
    for _ in range(2):
        a_purchase(session, buyer)


def test_a_small_workspace_is_counted_when_somebody_looks(session, workspace):
    a_few(session, workspace)
    mixes.recount(session, workspace.id, now=NOON)

    assert mixes.find(session, workspace.id, now=NOON) == Mix(3, 1, 1, 0)


def test_the_list_of_a_large_workspace_counts_nobody(session, workspace, statements):
    a_few(session, workspace)
    mixes.recount(session, workspace.id, now=NOON, at_sight=2)

    with statements() as asked:
        found = mixes.find(session, workspace.id, now=NOON + timedelta(minutes=5))

    assert found == Mix(3, 1, 1, 0, counted_at=NOON)
    assert [each for each in asked if "customer_engagement" in each] == []


def test_a_kept_mix_follows_the_customers(session, workspace):
    """It is counted anew each time, and forgotten when few are left."""
    a_few(session, workspace)
    mixes.recount(session, workspace.id, now=NOON, at_sight=2)
    consented_customer(session, workspace.id, email="d@example.com")

    mixes.recount(session, workspace.id, now=NOON + timedelta(minutes=10), at_sight=2)
    later = mixes.find(session, workspace.id, now=NOON)
    mixes.recount(session, workspace.id, now=NOON, at_sight=4)

    assert (later.everyone, later.counted_at) == (4, NOON + timedelta(minutes=10))
    assert mixes.find(session, workspace.id, now=NOON).counted_at is None
