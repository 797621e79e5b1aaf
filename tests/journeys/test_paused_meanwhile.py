"""A pause and an advance at the same time: nothing leaves after the pause, whichever comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.delivery.launching.occasions import Occasion
from app.delivery.models import SendState
from app.delivery.sending import sends
from app.journeys import publishing
from app.journeys.engine import advancing, enrolment
from app.kernel.database import Database
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.journeys import a_journey
from tests.factories.waiting_locks import until_somebody_waits
from tests.factories.workspaces import WorkspaceForTests


@pytest.fixture
def journey_id(database: Database, workspace: WorkspaceForTests) -> int:
    """A live journey with one person at its first mail, which nobody has got."""
    with database.transaction(workspace.id) as session:
        journey = a_journey(session, workspace)
        enrolment.enrol_customer(session, journey, consented_customer(session, workspace.id).id, now=NOON)
        return journey.id


def sends_of(database: Database, workspace: WorkspaceForTests) -> list[str]:
    with database.transaction(workspace.id) as session:
        return list(session.scalars(text("SELECT state FROM sends ORDER BY id")))


def pause(database: Database, workspace: WorkspaceForTests, journey_id: int) -> None:
    with database.transaction(workspace.id) as session:
        publishing.pause(session, workspace.id, journey_id, staff_id=None, now=NOON)


def test_a_pause_waits_for_an_advance_and_stops_what_it_started(
    database: Database, workspace: WorkspaceForTests, journey_id: int
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            assert advancing.advance(session, workspace.id, now=NOON) == 1
            pausing = pool.submit(pause, database, workspace, journey_id)
            until_somebody_waits(database, session)
        pausing.result()

    assert sends_of(database, workspace) == ["paused", "paused"]


def test_an_advance_leaves_a_journey_alone_that_is_being_paused(
    database: Database, workspace: WorkspaceForTests, journey_id: int
) -> None:
    """It does not wait for it either: other journeys go on."""
    with database.transaction(workspace.id) as pausing:
        publishing.pause(pausing, workspace.id, journey_id, staff_id=None, now=NOON)
        with database.transaction(workspace.id) as session:
            assert advancing.advance(session, workspace.id, now=NOON) == 0

    assert sends_of(database, workspace) == ["paused", "paused"]
    with database.transaction(workspace.id) as session:
        publishing.resume(session, workspace.id, journey_id, staff_id=None, now=NOON)
        assert advancing.advance(session, workspace.id, now=NOON) == 1


def test_who_is_added_while_a_send_is_being_paused_does_not_start_it(
    database: Database, workspace: WorkspaceForTests, journey_id: int
) -> None:
    """What was read before the pause is not written over it; the mail waits with the send."""
    with database.transaction(workspace.id) as session:
        send_id = session.scalar(text("SELECT min(id) FROM sends"))
        customer_id = session.scalar(text("SELECT customer_id FROM enrolments"))
    recipient = sends.Recipient(customer_id, Occasion.journey_step(journey_id, 1))

    def add() -> None:
        with database.transaction(workspace.id) as session:
            sends.add(session, workspace.id, send_id, [recipient], now=NOON)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            sends.pause(session, workspace.id, send_id)
            adding = pool.submit(add)
            until_somebody_waits(database, session)
        adding.result()

    with database.transaction(workspace.id) as session:
        assert sends.get(session, workspace.id, send_id).state == SendState.PAUSED
        assert sends.count_queued(session, workspace.id, [send_id]) == 1
