"""A step happens to a person once, in order, and not to who answered, bought or said no."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.consent import actions
from app.customers.profiles import engagement
from app.customers.timeline import activities
from app.followup import tasks
from app.journeys import positions, publishing
from app.journeys.engine import advancing, enrolment
from app.journeys.steps.task import Task
from tests.factories import NOON
from tests.factories.consent import a_yes, consented_customer
from tests.factories.customers import a_purchase, a_response
from tests.factories.journeys import a_journey, a_mail, a_segment, advance_all, hold_mail_back, let_mail_leave, run_due

LATER = NOON + timedelta(days=10)


def mails(session, customer):
    """The subjects queued for a customer, in the order they came."""
    query = "SELECT s.subject FROM messages m JOIN sends s ON s.id = m.send_id WHERE m.customer_id = :id ORDER BY m.id"
    return list(session.scalars(text(query), {"id": customer.id}))


@pytest.fixture
def ada(session, workspace):
    return consented_customer(session, workspace.id)


@pytest.fixture
def journey(session, workspace, ada):
    """Two mails ten days apart, with ada at the beginning."""
    made = a_journey(session, workspace, interest="Call")
    enrolment.enrol_customer(session, made, ada.id, now=NOON)
    return made


def test_a_mail_that_waits_for_the_cap_holds_the_next_step_back(session, workspace, journey, ada):
    """Ten days after the first mail means after it left, not after it was asked for."""
    freed_at = NOON + timedelta(days=7)
    run_due(session, workspace.id, now=NOON)
    hold_mail_back(session, workspace.id, until=freed_at)
    run_due(session, workspace.id, now=NOON + timedelta(days=6))
    waiting = stand(session, workspace, ada)
    assert (waiting.step_number, waiting.mail.reason, waiting.mail.due_at) == (1, "waiting:cap", freed_at)

    let_mail_leave(session, workspace.id, now=freed_at)
    run_due(session, workspace.id, now=freed_at + timedelta(hours=1))
    assert stand(session, workspace, ada).step_number == 2

    run_due(session, workspace.id, now=freed_at + timedelta(days=10, seconds=-1))
    assert mails(session, ada) == ["First"]
    run_due(session, workspace.id, now=freed_at + timedelta(days=10))
    assert mails(session, ada) == ["First", "Second"]


def test_a_mail_held_back_longer_than_the_whole_journey_is_still_the_first(session, workspace, journey, ada):
    run_due(session, workspace.id, now=NOON)
    for days in range(1, 60):
        hold_mail_back(session, workspace.id, until=NOON + timedelta(days=days + 1), reason="waiting:quiet_hours")
        run_due(session, workspace.id, now=NOON + timedelta(days=days))

    assert mails(session, ada) == ["First"]


@pytest.mark.parametrize("state", ["refused", "skipped", "in_doubt"])
def test_a_mail_that_will_never_leave_holds_nobody_back(session, workspace, journey, ada, state):
    run_due(session, workspace.id, now=NOON)
    values = {"state": state, "now": NOON}
    session.execute(text("UPDATE messages SET state = :state, reason = 'content', handed_at = :now"), values)

    run_due(session, workspace.id, now=LATER)
    run_due(session, workspace.id, now=LATER + timedelta(days=10))

    assert mails(session, ada) == ["First", "Second"]


def test_whoever_waits_at_a_mail_long_is_looked_at_seldom(session, workspace, journey, ada):
    """A closed lane may hold a hundred thousand; they are not all asked about each minute."""
    run_due(session, workspace.id, now=NOON)
    looks, now = 0, NOON
    while now < NOON + timedelta(days=1):
        now += timedelta(minutes=1)
        looks += advancing.advance(session, workspace.id, now=now)

    assert looks < 70
    let_mail_leave(session, workspace.id, now=now)
    run_due(session, workspace.id, now=now + advancing.SELDOM)
    assert stand(session, workspace, ada).due_at == now + timedelta(days=10)


def test_steps_are_looked_up_together_however_many_people_stand_at(session, workspace, journey, ada, statements):
    for _ in range(4):
        enrolment.enrol_customer(session, a_journey(session, workspace), ada.id, now=NOON)

    with statements() as asked:
        advancing.advance(session, workspace.id, now=NOON)

    assert sum("INSERT INTO messages" in statement for statement in asked) == 5
    assert sum(statement.startswith("SELECT journey_steps") for statement in asked) == 1
    assert sum(statement.startswith("SELECT journey_versions") for statement in asked) == 1
    assert sum("unnest" in statement and "asked" in statement for statement in asked) == 1


def stand(session, workspace, customer):
    return positions.of_customer(session, workspace.id, customer.id)[0]


def test_the_first_mail_goes_at_once_and_the_second_after_the_wait(session, workspace, journey, ada):
    advance_all(session, workspace.id, now=NOON)
    assert mails(session, ada) == ["First"]

    advance_all(session, workspace.id, now=LATER - timedelta(seconds=1))
    assert mails(session, ada) == ["First"]

    advance_all(session, workspace.id, now=LATER)
    assert mails(session, ada) == ["First", "Second"]
    assert stand(session, workspace, ada).state == "done"


def test_advancing_twice_does_nothing_twice(session, workspace, journey, ada):
    for _again in range(3):
        advance_all(session, workspace.id, now=NOON)

    assert mails(session, ada) == ["First"]


def test_many_workers_at_once_do_each_step_once(database, workspace):
    """The row is locked while its step happens, so whoever comes second finds it moved on."""
    with database.transaction(workspace.id) as session:
        journey = a_journey(session, workspace, a_mail("Hello", "Hello"), Task(title="Call"))
        people = [consented_customer(session, workspace.id, email=f"{n}@example.com") for n in range(30)]
        for person in people:
            enrolment.enrol_customer(session, journey, person.id, now=NOON)

    def work(now):
        with database.transaction(workspace.id) as session:
            while advancing.advance(session, workspace.id, now=now, limit=4):
                pass

    def work_off(now):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, [now] * 4))

    work_off(NOON)
    with database.transaction(workspace.id) as session:
        assert let_mail_leave(session, workspace.id, now=NOON) == 30
    work_off(NOON + advancing.SOON)

    with database.transaction(workspace.id) as session:
        assert positions.count(session, journey).done == 30
        assert tasks.count_open(session, workspace.id) == 30
        assert session.scalar(text("SELECT count(*) FROM messages WHERE workspace_id = :w"), {"w": workspace.id}) == 30


def responded(session, workspace, customer):
    at = NOON + timedelta(days=1)
    activities.record_hits(session, workspace.id, [a_response(customer.id, at=at)], version=1, now=NOON)


def replied(session, workspace, customer):
    at = NOON + timedelta(days=1)
    engagement.record_reply(session, workspace.id, customer.id, at=at)


def bought(session, workspace, customer):
    a_purchase(session, customer, at=NOON + timedelta(days=1))


def withdrew(session, workspace, customer):
    actions.withdraw(session, workspace.id, customer.id, evidence=a_yes(), now=NOON + timedelta(days=1))


@pytest.mark.parametrize(
    ("act", "reason", "gives_task"),
    [
        (responded, "interest", True),
        (replied, "reply", True),
        (bought, "purchase", False),
        (withdrew, "withdrawn", False),
    ],
)
def test_whatever_a_person_did_stops_them_even_if_nobody_announced_it(
    session, workspace, journey, ada, act, reason, gives_task
):
    advance_all(session, workspace.id, now=NOON)
    act(session, workspace, ada)

    advance_all(session, workspace.id, now=LATER)

    assert mails(session, ada) == ["First"]
    assert stand(session, workspace, ada).stop_reason == reason
    assert tasks.count_open(session, workspace.id) == (1 if gives_task else 0)


def test_what_happened_before_entering_stops_nobody(session, workspace, journey, ada):
    a_purchase(session, ada, at=NOON - timedelta(days=1))
    hit = a_response(ada.id, at=NOON - timedelta(days=1))
    activities.record_hits(session, workspace.id, [hit], version=1, now=NOON)

    advance_all(session, workspace.id, now=LATER)

    assert stand(session, workspace, ada).state == "active"


def test_announced_news_stop_at_once(session, workspace, journey, ada):
    at = NOON + timedelta(hours=1)
    enrolment.hear_response(session, workspace.id, [ada.id], reason=enrolment.Stop.INTEREST, at=at, now=at)
    enrolment.hear_response(session, workspace.id, [ada.id], reason=enrolment.Stop.REPLY, at=at, now=at)

    assert stand(session, workspace, ada).stop_reason == "interest"
    task = tasks.list_open(session, workspace.id)[0]
    assert (task.title, task.owner, task.customer) == ("Call", "Olga Owner", "ada@example.com")


def test_a_mail_that_waits_to_leave_does_not_leave_after_the_answer(session, workspace, journey, ada):
    """Quiet hours may hold a mail back for a night; the reply that came meanwhile counts."""
    run_due(session, workspace.id, now=NOON)
    enrolment.hear_response(session, workspace.id, [ada.id], reason=enrolment.Stop.REPLY, at=NOON, now=NOON)

    states = session.execute(text("SELECT state, reason FROM messages WHERE customer_id = :id"), {"id": ada.id}).all()
    assert states == [("skipped", "journey_ended")]


def test_a_click_from_before_entering_is_no_news(session, workspace, journey, ada):
    at = NOON - timedelta(hours=1)

    enrolment.hear_response(session, workspace.id, [ada.id], reason=enrolment.Stop.INTEREST, at=at, now=NOON)

    assert stand(session, workspace, ada).state == "active"


def test_an_imported_purchase_stops_everyone_who_made_one(session, workspace, journey, ada):
    other = consented_customer(session, workspace.id, email="bo@example.com")
    enrolment.enrol_customer(session, journey, other.id, now=NOON)
    a_purchase(session, ada, at=LATER)

    enrolment.stop_all_who_bought(session, workspace.id, now=LATER)

    assert stand(session, workspace, ada).stop_reason == "purchase"
    assert stand(session, workspace, other).state == "active"


def test_withdrawing_another_topic_stops_nothing(session, workspace, journey, ada):
    enrolment.stop_where_withdrawn(session, workspace.id, ada.id, topic_id=workspace.topic_id + 1, now=NOON)
    assert stand(session, workspace, ada).state == "active"

    enrolment.stop_where_withdrawn(session, workspace.id, ada.id, topic_id=0, now=NOON)
    assert stand(session, workspace, ada).state == "stopped"


def test_a_paused_journey_moves_nobody_and_goes_on_where_it_stood(session, workspace, journey, ada):
    advance_all(session, workspace.id, now=NOON)
    publishing.pause(session, workspace.id, journey.id, staff_id=None, now=NOON)
    advance_all(session, workspace.id, now=LATER)
    assert mails(session, ada) == ["First"]

    publishing.resume(session, workspace.id, journey.id, staff_id=None, now=LATER)
    advance_all(session, workspace.id, now=LATER)

    assert mails(session, ada) == ["First", "Second"]


def test_only_who_may_be_mailed_and_is_in_the_segment_enters_once(session, workspace):
    segment_id = a_segment(session, workspace)
    inside = consented_customer(session, workspace.id, email="in@example.com", tags=["prospect"])
    consented_customer(session, workspace.id, email="out@example.com")
    withdrew(session, workspace, consented_customer(session, workspace.id, email="no@example.com", tags=["prospect"]))
    journey = a_journey(session, workspace, trigger=("segment", segment_id), is_live=False)
    assert enrolment.count_candidates(session, journey, now=NOON + timedelta(days=2)) == 1

    published = publishing.publish(session, workspace.id, journey.id, staff_id=None, now=NOON + timedelta(days=2))

    assert published.entered == 1
    assert enrolment.enrol_segment(session, journey, now=NOON + timedelta(days=3)) == 0
    assert [person.customer_id for person in positions.list_people(session, journey)] == [inside.id]
