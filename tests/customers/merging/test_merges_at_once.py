"""Merges while something else happens to the same people: a send, an answer, a second merge, a row on its way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.consent import actions, permission
from app.customers.merging import merge, undoing
from app.customers.merging.merge import Decision
from app.customers.profiles import people
from app.delivery.sending import store
from tests.factories import NOON, delivery
from tests.factories.consent import a_yes, consented_customer
from tests.factories.waiting_locks import until_somebody_waits


def find(session, workspace, email):
    return people.find_by_email(session, workspace.id, email)


def join(database, workspace, one_id, other_id):
    with database.transaction(workspace.id) as session:
        return merge.merge(session, workspace.id, Decision(one_id, other_id), now=NOON)


@pytest.fixture
def two(database, workspace):
    with database.transaction(workspace.id) as session:
        people_ = [consented_customer(session, workspace.id, email=f"{name}@example.com") for name in ("ada", "bob")]
    return people_[0].id, people_[1].id


def test_who_is_merged_while_a_batch_is_claimed_gets_the_mail_once(services, workspace, tmp_path):
    delivery.a_launched_send(services.database, workspace, 3)
    with services.database.transaction(workspace.id) as session:
        one, other = find(session, workspace, "p1@example.com").id, find(session, workspace, "p2@example.com").id
    sender = store.SendStore(services, workspace.id, delivery.lane_ids(services.database, workspace)[0])
    claimed = sender.claim() or []
    made = join(services.database, workspace, one, other)

    handed = sender.flush([], claimed)
    gone = {message.id for message in claimed if message.customer_id == other}
    assert handed == {message.id for message in claimed} - gone
    with services.database.transaction(workspace.id) as session:
        left = session.execute(text("SELECT state, reason FROM messages WHERE id = ANY(:ids)"), {"ids": list(gone)})
        assert left.all() == [("skipped", "merged")]
        undoing.take_back(session, workspace.id, made.id, staff_id=None, now=NOON)
        query = text("SELECT state, customer_id FROM messages WHERE id = ANY(:ids)")
        again = session.execute(query, {"ids": list(gone)})
        assert again.all() == [("queued", other)]


def test_a_message_of_the_former_one_alone_leaves_for_the_survivor(services, workspace, tmp_path):
    with services.database.transaction(workspace.id) as session:
        later = consented_customer(session, workspace.id, email="later@example.com").id
    delivery.a_launched_send(services.database, workspace, 2)
    with services.database.transaction(workspace.id) as session:
        session.execute(text("DELETE FROM messages WHERE customer_id = :c"), {"c": later})
        other = find(session, workspace, "p1@example.com").id
    join(services.database, workspace, later, other)

    with delivery.a_sink(tmp_path) as sink:
        delivery.run_lanes(delivery.services_to(services, sink), workspace)
        assert sorted(sink.recipients()) == ["later@example.com", "p0@example.com"]


def test_an_answer_that_waits_for_the_merge_is_the_survivors(database, workspace, two):
    one, other = two
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            merge.merge(session, workspace.id, Decision(one, other), now=NOON)

            def leave():
                with database.transaction(workspace.id) as theirs:
                    actions.withdraw(theirs, workspace.id, other, evidence=a_yes(), now=NOON)

            leaving = pool.submit(leave)
            until_somebody_waits(database, session)
        leaving.result()
    with database.transaction(workspace.id) as session:
        assert not any(row.allowed for row in permission.state_of(session, workspace.id, one))
        assert permission.state_of(session, workspace.id, other) == []


def test_of_two_merges_of_one_pair_one_is_refused(database, workspace, two):
    one, other = two
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            merge.merge(session, workspace.id, Decision(one, other), now=NOON)
            second = pool.submit(join, database, workspace, other, one)
            until_somebody_waits(database, session)
        with pytest.raises(merge.MergedAlready):
            second.result()


def test_a_merge_asks_each_table_a_few_questions_however_much_there_is(database, workspace, two, statements):
    one, other = two
    with statements() as asked:
        join(database, workspace, one, other)

    assert len(asked) < 120
