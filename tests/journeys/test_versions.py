"""A step keeps its id through every version, and with it the occasion of its mail: nobody gets it twice in a run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.delivery.launching.occasions import Occasion
from app.delivery.sending import sends
from app.delivery.sending.sends import Recipient
from app.journeys import drafts, positions, publishing, versions
from app.journeys.engine import enrolment
from app.journeys.steps.wait import Wait
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.journeys import a_journey, a_mail, advance_all, run_due, step_ids


def published_again(session, workspace, journey):
    publishing.publish(session, workspace.id, journey.id, staff_id=None, now=NOON)


def test_steps_keep_their_ids_when_others_come_and_go(session, workspace):
    journey = a_journey(session, workspace)
    first, wait, second = step_ids(session, journey)
    drafts.change(session, journey, first, a_mail("Better", "Better"))
    drafts.remove(session, journey, wait)
    added = drafts.add(session, journey, Wait(days=2), after=first)
    published_again(session, workspace, journey)

    assert step_ids(session, journey) == [first, added, second]
    query = "SELECT step_id, array_agg(version ORDER BY version) FROM journey_steps GROUP BY step_id"
    assert dict(session.execute(text(query)).all()) == {first: [1, 2], wait: [1], second: [1, 2], added: [2]}


def test_a_step_rewritten_in_a_later_version_is_the_same_occasion(session, workspace):
    """Whoever had the mail of the earlier version gets no second one of the same step in the same run."""
    journey = a_journey(session, workspace)
    ada = consented_customer(session, workspace.id)
    enrolment.enrol_customer(session, journey, ada.id, now=NOON)
    run_due(session, workspace.id, now=NOON)
    first = step_ids(session, journey)[0]
    drafts.change(session, journey, first, a_mail("Better", "Better"))
    published_again(session, workspace, journey)
    later = versions.sends_at(session, workspace.id, {(journey.id, 2)})[journey.id, 2, first]

    counts = [
        sends.add(
            session,
            workspace.id,
            later,
            [Recipient(ada.id, Occasion.journey_step(journey.id, first, run))],
            now=NOON,
        ).queued
        for run in (1, 2)
    ]

    assert counts == [0, 1]
    query = "SELECT s.subject FROM messages m JOIN sends s ON s.id = m.send_id ORDER BY m.id"
    assert session.scalars(text(query)).all() == ["First", "Better"]


def test_people_of_every_version_are_counted_at_their_step(session, workspace):
    journey = a_journey(session, workspace, Wait(days=3), a_mail("Hello", "Hello"))
    early, late = (consented_customer(session, workspace.id, email=f"{name}@example.com") for name in ("early", "late"))
    enrolment.enrol_customer(session, journey, early.id, now=NOON)
    wait, mail = step_ids(session, journey)
    drafts.change(session, journey, mail, a_mail("Better", "Better"))
    published_again(session, workspace, journey)
    enrolment.enrol_customer(session, journey, late.id, now=NOON)

    counts = positions.count(session, journey)
    assert (counts.at, counts.earlier) == ({wait: 2}, 1)
    found = positions.list_people(session, journey, positions.Narrowed(step_id=wait))
    assert [person.customer_id for person in found] == [early.id, late.id]

    advance_all(session, workspace.id, now=NOON + timedelta(days=3))
    subjects = session.execute(
        text("SELECT m.customer_id, s.subject FROM messages m JOIN sends s ON s.id = m.send_id ORDER BY m.id")
    )
    assert dict(subjects.all()) == {early.id: "Hello", late.id: "Better"}


def test_who_is_done_is_remembered_at_the_last_step(session, workspace):
    """The state says that it is over; the step says where."""
    journey = a_journey(session, workspace, a_mail("Hello", "Hello"))
    ada = consented_customer(session, workspace.id)
    enrolment.enrol_customer(session, journey, ada.id, now=NOON)
    advance_all(session, workspace.id, now=NOON)

    row = session.execute(text("SELECT state, step_id, run, due_at FROM enrolments")).one()
    assert tuple(row) == ("done", step_ids(session, journey)[0], 1, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journey_versions SET graph = '{}'",
        "UPDATE journey_steps SET number = 2",
        "UPDATE enrolments SET step_id = 'gone'",
        "INSERT INTO enrolments (workspace_id, journey_id, customer_id, run, version, step_id, due_at, state,"
        " entered_at)"
        " SELECT workspace_id, journey_id, customer_id, 2, version, step_id, due_at, state, entered_at FROM enrolments",
    ],
)
def test_the_database_keeps_published_versions_and_one_active_run(database, workspace, statement):
    with database.transaction(workspace.id) as session:
        journey = a_journey(session, workspace)
        enrolment.enrol_customer(session, journey, consented_customer(session, workspace.id).id, now=NOON)

    with pytest.raises(DBAPIError), database.transaction(workspace.id) as session:
        session.execute(text(statement))
