"""Members of watched segments are who the rules say, whatever changes and however, and each move is written down."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from sqlalchemy import text

from app.customers.models import Customer
from app.customers.profiles import people
from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import Source
from app.segments import codec, jobs, segments
from app.segments.lists import adding, lists
from app.segments.lists.adding import HAND, Origin
from app.segments.membership import evaluation, watching
from app.segments.models import Segment, SegmentMember, SegmentMove
from app.segments.rules import AllOf, Not, Someone
from app.segments.segments import SegmentChange
from tests.factories.conditions import GreaterThan, InSegment, Is, OnList, Permission, Purchased, Reported, WithinLast
from tests.factories.customers import a_customer, a_purchase
from tests.factories.segments import NOON

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def kept(services, database, workspace):
    """Run the job, and return the members of each watched segment as they are kept."""

    def read():
        jobs.update_members(services)
        with database.transaction(workspace.id) as session:
            found = {each.segment_id: set() for each in watching.list_watched(session, workspace.id)}
            for row in session.query(SegmentMember).filter_by(workspace_id=workspace.id):
                found[row.segment_id].add(row.customer_id)
        return found

    return read


def save(session, workspace, name, rule, *, is_watched=True):
    made = segments.save(session, workspace.id, SegmentChange(name, rule), staff_id=None, now=NOON)
    if is_watched:
        watching.watch(session, workspace.id, made.id, now=NOON)
    return made.id


def asked(session, workspace, segment_id, now):
    return set(session.scalars(segments.members_query(session, workspace.id, segment_id, now)))


def test_members_are_who_the_rules_say_whatever_happens(database, workspace, clock, kept):
    """Fifty random changes of every kind; after each few the kept members are those asked anew."""
    random = Random(4)
    with database.transaction(workspace.id) as session:
        crowd = [a_customer(session, workspace.id, city=random.choice(("Rome", "Oslo"))).id for _ in range(12)]
        guests = lists.create(session, workspace.id, "Guests", staff_id=None, now=NOON).id
        base = save(session, workspace, "Romans", Is("city", "Rome"), is_watched=False)
        watched = [
            save(session, workspace, "In it", InSegment(base)),
            save(session, workspace, "Not in it", Not(InSegment(base))),
            save(session, workspace, "Guests", AllOf((OnList(guests), GreaterThan("spent", Decimal(10))))),
            save(session, workspace, "Viewed", Reported("viewed", at_least=2, days=30)),
            save(session, workspace, "Bought", Purchased("sum", Decimal(30), 60)),
            save(session, workspace, "Mailable", Permission("marketing", workspace.topic_id, "allowed")),
            save(session, workspace, "Family", Someone("related", Is("city", "Rome"))),
        ]
    kept()
    for _ in range(10):
        clock.advance(timedelta(hours=random.randrange(1, 400)))
        for _ in range(5):
            with database.transaction(workspace.id) as session:
                _change(session, workspace, crowd, guests, random, clock.now())
        found = kept()
        with database.transaction(workspace.id) as session:
            assert found == {each: asked(session, workspace, each, clock.now()) for each in watched}


def _change(session, workspace, crowd, guests, random, now):
    who = random.choice(crowd)
    customer = session.get_one(Customer, (workspace.id, who))
    wish = random.randrange(6)
    if wish == 0:
        city = random.choice(("Rome", "Oslo", None))
        people.change(session, customer, values_by_name={"city": city}, source="staff:1", now=now)
    elif wish == 1:
        adding.add(session, workspace.id, guests, [who], Origin(HAND), staff_id=None, now=now)
    elif wish == 2:
        adding.remove(session, workspace.id, guests, [who], staff_id=workspace.owner_id, now=now)
    elif wish == 3:
        row = ActivityRow(workspace.id, who, now, "viewed", Source.API, facts={"data": {}})
        activities.record_many(session, [row, row], now=now)
    elif wish == 4:
        a_purchase(session, customer, amount="20.00", at=now)
    else:
        other = random.choice([each for each in crowd if each != who])
        session.execute(
            text(
                "INSERT INTO customer_relations (workspace_id, customer_id, kind, related_id, created_at)"
                " VALUES (:w, :one, 'colleague', :other, :now) ON CONFLICT DO NOTHING"
            ),
            {"w": workspace.id, "one": min(who, other), "other": max(who, other), "now": now},
        )


def test_moves_are_written_down_and_announced_once(services, database, workspace, clock, kept):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, city="Rome").id
        rome = save(session, workspace, "Romans", Is("city", "Rome"))
    assert kept() == {rome: {ada}}
    with database.transaction(workspace.id) as session:
        assert _announced(session, workspace) == []
        bob = a_customer(session, workspace.id, city="Rome").id
        people.change(session, session.get_one(Customer, (workspace.id, ada)), values_by_name={"city": "Oslo"},
                      source="staff:1", now=clock.now())  # fmt: skip
    clock.advance(MINUTE)
    assert kept() == {rome: {bob}}
    assert kept() == {rome: {bob}}
    with database.transaction(workspace.id) as session:
        moves = session.query(SegmentMove).filter_by(workspace_id=workspace.id).order_by(SegmentMove.id)
        assert {(move.customer_id, move.has_entered, move.at) for move in moves} == {
            (bob, True, NOON + MINUTE),
            (ada, False, NOON + MINUTE),
        }
        assert _announced(session, workspace) == [(rome, [bob])]


def _announced(session, workspace):
    rows = session.execute(text("SELECT args FROM outbox WHERE name = 'journeys.join_segment'")).scalars()
    return [(row["segment_id"], row["customer_ids"]) for row in rows if row["workspace_id"] == workspace.id]


def test_time_alone_moves_people(database, workspace, clock, kept):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id).id
        fresh = save(session, workspace, "New", WithinLast("created_at", 30))
    assert kept() == {fresh: {ada}}
    clock.advance(31 * DAY)

    assert kept() == {fresh: set()}


def test_nobody_is_marked_where_nothing_is_watched(session, workspace):
    person = a_customer(session, workspace.id)
    save(session, workspace, "Romans", Is("city", "Rome"), is_watched=False)
    people.change(session, person, values_by_name={"city": "Rome"}, source="staff:1", now=NOON)

    assert evaluation.take_changed(session, workspace.id) == ([], False)


def test_a_rule_that_cannot_be_used_keeps_its_members_and_no_other_waiting(database, workspace, clock, kept):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, city="Rome").id
        rome = save(session, workspace, "Romans", Is("city", "Rome"))
        other = save(session, workspace, "Others", Is("city", "Oslo"))
    kept()
    with database.transaction(workspace.id) as session:
        session.get_one(Segment, (workspace.id, rome)).rules = codec.dump(Is("custom.gone", "x"))
        bob = a_customer(session, workspace.id, city="Oslo").id
    clock.advance(MINUTE)

    assert kept() == {rome: {ada}, other: {bob}}


def test_a_new_rule_is_evaluated_for_everybody(database, workspace, clock, kept):
    with database.transaction(workspace.id) as session:
        ada, bob = (a_customer(session, workspace.id, city=city).id for city in ("Rome", "Oslo"))
        rome = save(session, workspace, "Romans", Is("city", "Rome"))
    assert kept() == {rome: {ada}}
    with database.transaction(workspace.id) as session:
        change = SegmentChange("Romans", Is("city", "Oslo"), rome)
        segments.save(session, workspace.id, change, staff_id=None, now=clock.advance(MINUTE))

    assert kept() == {rome: {bob}}


def test_its_pages_show_who_entered_and_left(client, database, workspace, kept):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, city="Rome", first_name="Ada").id
        rome = save(session, workspace, "Romans", Is("city", "Rome"), is_watched=False)
    assert "Stop watching" not in client.get(f"/segments/{rome}").text
    assert client.post(f"/segments/{rome}/watch").status_code == 303
    kept()
    page = client.get(f"/segments/{rome}").text

    assert "Stop watching" in page
    assert f"/customers/{ada}" in page
    assert f"/segments/{rome}" in client.get(f"/customers/{ada}").text
    assert client.post(f"/segments/{rome}/unwatch").status_code == 303
    assert kept() == {}


def test_who_is_in_a_segment_that_another_names_is_asked_again_when_it_is_saved(database, workspace, clock, kept):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, city="Rome").id
        inner = save(session, workspace, "Inner", Is("city", "Rome"), is_watched=False)
        outer = save(session, workspace, "Outer", InSegment(inner))
    assert kept() == {outer: {ada}}
    with database.transaction(workspace.id) as session:
        change = SegmentChange("Inner", Is("city", "Oslo"), segment_id=inner)
        segments.save(session, workspace.id, change, staff_id=None, now=NOON + MINUTE)
    clock.advance(MINUTE)

    assert kept() == {outer: set()}


def test_a_rule_that_is_saved_while_it_is_evaluated_is_evaluated_again(session, workspace):
    segment_id = save(session, workspace, "Romans", Is("city", "Rome"))
    (watched,) = watching.list_watched(session, workspace.id)
    change = SegmentChange("Romans", Is("city", "Oslo"), segment_id=segment_id)
    segments.save(session, workspace.id, change, staff_id=None, now=NOON + MINUTE)
    watching.evaluated(session, workspace.id, watched, took=MINUTE, now=NOON + MINUTE)

    assert watching.kept_query(session, workspace.id, segment_id) is None
