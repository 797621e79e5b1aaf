"""A journey that an outage made late is paused until a person looks at it; one that missed nothing goes on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.journeys import definitions, jobs, publishing
from app.journeys.engine import enrolment, outage_holds
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.journeys import a_journey, run_due
from tests.factories.outages import a_silent_relay, an_outage
from tests.factories.waiting_locks import until_somebody_waits

pytestmark = pytest.mark.usefixtures("no_other_workspaces")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def journey_id(database, workspace):
    """A live journey with one person at its first mail since noon."""
    with database.transaction(workspace.id) as session:
        journey = a_journey(session, workspace)
        enrolment.enrol_customer(session, journey, consented_customer(session, workspace.id).id, now=NOON)
        return journey.id


def stands(database, workspace, journey_id):
    with database.transaction(workspace.id) as session:
        journey = definitions.get(session, workspace.id, journey_id)
        mails = session.scalar(text("SELECT count(*) FROM messages"))
        return journey.state, journey.pause_reason, mails


def test_a_step_that_came_due_in_an_outage_waits_for_a_person(client, services, clock, workspace, journey_id):
    clock.advance(DAY)
    with an_outage(services.database, NOON - HOUR, NOON + DAY):
        jobs.advance(services)
        assert stands(services.database, workspace, journey_id) == ("paused", "outage", 0)
        for path in ("/", f"/journeys/{journey_id}", "/journeys"):
            assert "after an outage" in client.get(path).text, path
        assert f'action="/journeys/{journey_id}/resume"' in client.get("/").text

        client.post(f"/journeys/{journey_id}/resume")
        jobs.advance(services)
        assert stands(services.database, workspace, journey_id) == ("live", None, 1)


def test_mail_that_was_laid_down_before_waits_with_its_journey(services, workspace, journey_id):
    with services.database.transaction(workspace.id) as session:
        run_due(session, workspace.id, now=NOON)
    with an_outage(services.database, NOON + HOUR, NOON + DAY):
        jobs.advance(services)

    assert stands(services.database, workspace, journey_id) == ("paused", "outage", 1)
    with services.database.transaction(workspace.id) as session:
        assert session.scalars(text("SELECT state FROM sends ORDER BY id")).all() == ["paused", "paused"]


def test_a_journey_that_missed_nothing_goes_on(services, workspace, journey_id):
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE enrolments SET due_at = :at"), {"at": NOON + 5 * DAY})
    with an_outage(services.database, NOON + HOUR, NOON + DAY):
        jobs.advance(services)

    assert stands(services.database, workspace, journey_id)[0] == "live"


def test_nobody_moves_on_while_the_relay_is_still_away(services, workspace, journey_id):
    with a_silent_relay(services.database, "2 hours"):
        jobs.advance(services)

    assert stands(services.database, workspace, journey_id) == ("live", None, 0)


def test_a_journey_somebody_is_pausing_keeps_their_reason(services, workspace, journey_id):
    """What the list of live journeys said is asked again once the journey is held."""

    def hold():
        with services.database.transaction(workspace.id) as session:
            outage_holds.hold(session, workspace.id, now=NOON + DAY)

    with an_outage(services.database, NOON - HOUR, NOON + DAY), ThreadPoolExecutor(1) as pool:
        with services.database.transaction(workspace.id) as session:
            publishing.pause(session, workspace.id, journey_id, staff_id=None, now=NOON)
            holding = pool.submit(hold)
            until_somebody_waits(services.database, session)
        holding.result()

    assert stands(services.database, workspace, journey_id) == ("paused", None, 0)
