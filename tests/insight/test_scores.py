"""Who bought lately, often and much is known of those who allow it, and of nobody else."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest

from app.customers.profiles import fields, inferred_scores
from app.insight import concentration, jobs, rfm
from tests.factories import NOON
from tests.factories.customers import a_customer, a_purchase
from tests.factories.insight import allow_profiling, withdraw_profiling

pytestmark = pytest.mark.usefixtures("no_other_workspaces")


@pytest.fixture
def shop(session, workspace):
    """Ten customers who allow profiling: the first spent most, each next one half as much and longer ago."""
    found = []
    for place in range(10):
        customer = a_customer(session, workspace.id, first_name=f"C{place}")
        for order in range(10 - place if place < 3 else 1):
            amount = str(Decimal(1024) / 2**place)
            a_purchase(session, customer, amount=amount, at=NOON - timedelta(days=place * 10 + order))
        allow_profiling(session, customer)
        found.append(customer)
    return found


def test_the_best_have_five_and_equals_are_equal(session, workspace, shop):
    assert rfm.score_workspace(session, workspace.id, NOON) == 10

    scores = [inferred_scores.find(session, workspace.id, customer.id) for customer in shop]
    best = scores[0]
    assert (best.recency, best.frequency, best.monetary, best.value_tier) == (5, 5, 5, "top_1")
    assert best.segment_label == "champion"
    assert scores[-1].recency == 1
    assert {found.frequency for found in scores[3:]} == {1}
    assert sum(found.revenue_share for found in scores) == pytest.approx(1, abs=1e-5)


def test_tiers_and_curve_add_up(session, workspace, shop):
    rfm.score_workspace(session, workspace.id, NOON)

    tiers = concentration.list_tiers(session, workspace.id)
    assert sum(tier.people for tier in tiers) == 10
    assert sum(tier.revenue_share for tier in tiers) == pytest.approx(1, abs=1e-4)
    assert [tier.name for tier in tiers][:1] == ["top_1"]
    curve = concentration.curve(session, workspace.id)
    assert curve[0] == (0.0, 0.0)
    assert curve[-1] == pytest.approx((1.0, 1.0), abs=1e-4)
    assert all(left[1] <= right[1] for left, right in itertools.pairwise(curve))
    assert concentration.list_top(session, workspace.id)[0].name == "C0"


def test_without_permission_nothing_is_inferred(session, workspace):
    bob = a_customer(session, workspace.id)
    a_purchase(session, bob)

    assert rfm.score_workspace(session, workspace.id, NOON) == 0
    assert inferred_scores.find(session, workspace.id, bob.id) is None


def test_who_withdraws_is_forgotten_by_the_next_run(session, workspace, shop):
    rfm.score_workspace(session, workspace.id, NOON)
    withdraw_profiling(session, shop[0])

    assert rfm.score_workspace(session, workspace.id, NOON + timedelta(days=1)) == 9
    assert inferred_scores.find(session, workspace.id, shop[0].id) is None


def test_who_withdraws_is_forgotten_at_once(database, services, workspace):
    with database.transaction(workspace.id) as session:
        bob = a_customer(session, workspace.id)
        a_purchase(session, bob)
        allow_profiling(session, bob)
        rfm.score_workspace(session, workspace.id, NOON)
    jobs.forget(services, workspace_id=workspace.id, customer_id=bob.id)
    with database.transaction(workspace.id) as session:
        assert inferred_scores.find(session, workspace.id, bob.id) is not None
        withdraw_profiling(session, bob)
    jobs.forget(services, workspace_id=workspace.id, customer_id=bob.id)
    with database.transaction(workspace.id) as session:
        assert inferred_scores.find(session, workspace.id, bob.id) is None


def test_every_workspace_is_scored_at_night(database, services, workspace):
    with database.transaction(workspace.id) as session:
        bob = a_customer(session, workspace.id)
        a_purchase(session, bob)
        allow_profiling(session, bob)
    jobs.score_nightly(services)

    with database.transaction(workspace.id) as session:
        assert inferred_scores.find(session, workspace.id, bob.id).value_tier == "top_1"


def test_segments_can_ask_for_tiers(session, workspace):
    tier = fields.columns(session, workspace.id)["value_tier"]

    assert (tier.kind, tier.group) == ("choice", "traits")
    assert "top_1" in dict(tier.choices)


def test_the_pages_show_the_scores_with_reasons(client, database, workspace):
    assert "Nobody is scored yet" in client.get("/insight").text
    with database.transaction(workspace.id) as session:
        bob = a_customer(session, workspace.id, first_name="Bob")
        a_purchase(session, bob, amount="99.00")
        allow_profiling(session, bob)
        rfm.score_workspace(session, workspace.id, NOON)

    page = client.get("/insight").text
    assert "Bob" in page
    assert "/segments/new?rules=" in page
    assert client.post("/insight/score").status_code == 303
    assert "Top 1 percent" in client.get(f"/customers/{bob.id}").text
