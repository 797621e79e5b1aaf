"""Whom time alone moves is foreseen: nobody else is evaluated, and the members are whom the rules find."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.commerce import carts
from app.commerce.carts import CartLine, NewCart
from app.commerce.conditions.carts import LeftCart
from app.commerce.conditions.orders import OrderInterval
from app.commerce.conditions.products import BoughtButNot, BoughtProduct
from app.conditions.contacts import Contacted
from app.conditions.on_fields.changes import ChangedWithin
from app.customers.field_kinds.references import ReferenceTargets
from app.customers.models import Customer
from app.customers.organisations.reference_target import ORGANISATIONS
from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import Source
from app.kernel.clock import FixedClock
from app.segments import segments
from app.segments.membership import evaluation, updating, watching
from app.segments.models import SegmentMember
from app.segments.rules import AllOf, Not, Someone
from app.segments.segments import SegmentChange
from app.wiring.conditions import CONDITION_TYPES
from tests.factories.application.extending import carrying
from tests.factories.conditions import Answered, Is, Reported, WithinLast
from tests.factories.customers import a_customer, a_purchase
from tests.factories.segments import NOON
from tests.factories.segments.any_rule import some_rule
from tests.factories.segments.people import many_customers
from tests.factories.workspaces import a_workspace

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
_DAYS = st.sampled_from((1, 2, 7, 30))
# The next check itself, to the microsecond, and the moments beside it, or a while.
_STEPS = st.sampled_from(("check", "before", "after", HOUR, 11 * HOUR, DAY, 6 * DAY, 29 * DAY, 200 * DAY))


@pytest.fixture(scope="module")
def home(opened_database):
    """Thirty customers of every shape."""
    database = carrying(opened_database, ReferenceTargets((ORGANISATIONS,)), CONDITION_TYPES)
    made = a_workspace(database, name="Moments", now=NOON)
    with database.transaction(made.id) as session:
        crowd = [each.id for each in many_customers(session, made.id, made.topic_id, seed=3, count=30)]
    return database, made, crowd


def a_moving_rule(topic_id):
    """Any rule, or one about what the others leave out."""
    more = st.one_of(
        st.builds(LeftCart, st.sampled_from((1, 5)), _DAYS),
        st.builds(OrderInterval, st.just("overdue"), _DAYS),
        st.builds(lambda days: BoughtProduct("orders", 1, days, category="Tea"), _DAYS),
        st.builds(lambda days: BoughtButNot(days, category="Tea", without_category="Cups"), _DAYS),
        st.builds(lambda days: Contacted("call", 1, days), _DAYS),
        st.builds(ChangedWithin, st.just("city"), _DAYS),
        st.builds(lambda days: Answered("marketing", topic_id, "given", days=days), st.none() | _DAYS),
        st.builds(lambda days: Someone("related", Reported("viewed", days=days)), _DAYS),
    )
    return more | more.map(Not) | some_rule(topic_id, list_ids=(10**9,))


def keep(session, workspace, rules_, now):
    """Watch these rules, and put down who is in them."""
    for number, rule in enumerate(rules_):
        made = segments.save(session, workspace.id, SegmentChange(f"S{number}", AllOf((rule,))), staff_id=None, now=now)
        watching.watch(session, workspace.id, made.id, now=now)
        updating.update_whole(session, workspace.id, made.id, now=now)


def follow(session, workspace, clock):
    """Evaluate those who changed or are due, and return the members as they are kept, and as everybody is asked."""
    while updating.update_changed(session, workspace.id, clock):
        pass
    watched = [each.segment_id for each in watching.list_watched(session, workspace.id)]
    found = {each: set() for each in watched}
    for row in session.query(SegmentMember).filter_by(workspace_id=workspace.id):
        found[row.segment_id].add(row.customer_id)
    asked = {
        each: set(session.scalars(segments.members_query(session, workspace.id, each, clock.now()))) for each in watched
    }
    return found, asked


def happen(session, workspace, crowd, random, now):
    """One thing of somebody's, at some time around now."""
    who, other = random.sample(crowd, 2)
    at = now - random.choice((timedelta(0), HOUR, 5 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, -2 * HOUR, -3 * DAY))
    wish = random.randrange(5)
    if wish == 0:
        names = [("viewed", Source.API), ("call", Source.STAFF), ("clicked", Source.TRACKING)]
        name, source = random.choice(names)
        verdict = "human" if source is Source.TRACKING else None
        activities.record_many(session, [ActivityRow(workspace.id, who, at, name, source, verdict=verdict)], now=now)
    elif wish == 1:
        customer = session.get_one(Customer, (workspace.id, who))
        a_purchase(session, customer, at=at, product=random.choice(("Tea", "Cup")))
        session.execute(text("UPDATE products SET category = CASE name WHEN 'Tea' THEN 'Tea' ELSE 'Cups' END"))
    elif wish == 2:
        line = CartLine("T", "Tea", 1, Decimal(5))
        carts.save(session, workspace.id, NewCart(f"c{who}", who, Decimal(5), "EUR", [line], at, at))
    elif wish == 3:
        session.execute(
            text("UPDATE consent_state SET expires_at = :at, since = least(since, :at) WHERE customer_id = :who"),
            {"at": at + 2 * DAY, "who": who},
        )
    else:
        session.execute(
            text(
                "INSERT INTO customer_relations (workspace_id, customer_id, kind, related_id, created_at)"
                " VALUES (:w, :one, 'colleague', :other, :now) ON CONFLICT DO NOTHING"
            ),
            {"w": workspace.id, "one": min(who, other), "other": max(who, other), "now": now},
        )


@settings(deadline=None, max_examples=12, suppress_health_check=QUIET, phases=(Phase.explicit, Phase.generate))
@given(data=st.data())
def test_members_are_those_everybody_is_asked_for(home, data):
    """Eight rules, some steps of time, some of them to the very moment of a check, and things that happen between."""
    database, workspace, crowd = home
    clock = FixedClock(NOON)
    rules_ = data.draw(st.lists(a_moving_rule(workspace.topic_id), min_size=8, max_size=8))
    random = Random(data.draw(st.integers(0, 10**6)))
    with database.transaction(workspace.id) as session:
        keep(session, workspace, rules_, NOON)
        for step in data.draw(st.lists(_STEPS, min_size=3, max_size=8)):
            _advance(session, workspace, clock, step)
            found, asked = follow(session, workspace, clock)
            assert found == asked
            happen(session, workspace, crowd, random, clock.now())
            found, asked = follow(session, workspace, clock)
            assert found == asked
        session.rollback()


def _advance(session, workspace, clock, step):
    if isinstance(step, timedelta):
        clock.advance(step)
        return
    due_at = evaluation.next_due(session, workspace.id)
    beside = {"check": timedelta(0), "before": timedelta(microseconds=-1), "after": timedelta(microseconds=1)}[step]
    if due_at is not None:
        clock.advance(max(due_at + beside - clock.now(), timedelta(0)))


def test_only_those_are_evaluated_whom_time_may_move(session, workspace, clock):
    ada, _bob = (a_customer(session, workspace.id, now=NOON - days * DAY).id for days in (29, 3))
    keep(session, workspace, [WithinLast("created_at", 30), Is("city", "Rome")], NOON)
    clock.advance(DAY)
    assert evaluation.take_due(session, workspace.id, now=clock.now()) == ([], False)
    clock.advance(timedelta(microseconds=1))

    assert evaluation.take_due(session, workspace.id, now=clock.now()) == ([ada], False)
    assert evaluation.next_due(session, workspace.id) == NOON + 27 * DAY + timedelta(microseconds=1)


def test_where_very_many_are_due_everybody_is_evaluated_once(session, workspace, clock):
    ada = a_customer(session, workspace.id).id
    keep(session, workspace, [WithinLast("created_at", 30)], NOON)
    fill = "INSERT INTO member_checks SELECT :w, 10000000 + n, :now FROM generate_series(1, 60000) n"
    session.execute(text(fill), {"w": workspace.id, "now": NOON})
    now = clock.advance(31 * DAY)
    while updating.update_changed(session, workspace.id, clock):
        pass
    (due,) = updating.list_due(session, workspace.id, now=now)
    updating.update_whole(session, workspace.id, due, now=now)

    assert evaluation.next_due(session, workspace.id) is None
    assert updating.list_due(session, workspace.id, now=now) == []
    assert session.query(SegmentMember).filter_by(customer_id=ada).count() == 0


def test_a_check_that_is_due_outlives_the_evaluation_of_another_segment(session, workspace, clock):
    ada = a_customer(session, workspace.id, now=NOON - 29 * DAY).id
    keep(session, workspace, [WithinLast("created_at", 30), WithinLast("created_at", 60)], NOON)
    now = clock.advance(DAY + timedelta(microseconds=1))
    later = watching.list_watched(session, workspace.id)[1].segment_id
    updating.update_whole(session, workspace.id, later, now=now)

    assert evaluation.take_due(session, workspace.id, now=now) == ([ada], False)


# What changes with time of which nobody says when: watched segments with it are evaluated as a whole.
UNFORESEEN = {"owns", "item_due", "bought_elsewhere", "spent_on"}


def test_every_condition_that_changes_with_time_says_when_or_is_listed_here():
    moving = {each.type for each in CONDITION_TYPES if "days" in each.__dataclass_fields__}
    said = {each.type for each in CONDITION_TYPES if each.is_foreseen}

    assert moving - said == UNFORESEEN
