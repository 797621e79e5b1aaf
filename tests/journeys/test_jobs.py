"""What other rooms announce reaches whoever it is about."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.consent import actions, permission
from app.consent.imports import consents
from app.consent.imports.consents import Claim, ImportTerms
from app.consent.ledger.evidence import Evidence
from app.customers.profiles import people
from app.journeys import jobs, positions
from app.wiring.extensions import JOBS, LISTENERS
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.journeys import a_journey, a_segment, let_mail_leave

pytestmark = pytest.mark.usefixtures("no_other_workspaces")


@pytest.fixture
def committed(database, workspace):
    """A live journey about "news" and a subscriber, seen by jobs."""
    with database.transaction(workspace.id) as session:
        journey = a_journey(session, workspace)
        ada = consented_customer(session, workspace.id)
    return journey, ada


def stands(database, workspace, customer):
    with database.transaction(workspace.id) as session:
        return [(stand.state, stand.stop_reason) for stand in positions.of_customer(session, workspace.id, customer.id)]


def join(services, workspace, customer):
    given = {"workspace_id": workspace.id, "customer_id": customer.id}
    jobs.join_topic(services, **given, purpose="marketing", topic_id=workspace.topic_id)


def test_every_fact_this_room_hears_has_its_job():
    names = {name for heard in LISTENERS.by_fact.values() for name in heard if name.startswith("journeys.")}

    assert names <= {job.name for job in JOBS.list_all()}


def test_subscribing_to_the_topic_leads_in_once(services, database, workspace, committed):
    _journey, ada = committed
    join(services, workspace, ada)
    join(services, workspace, ada)

    assert stands(database, workspace, ada) == [("active", None)]


def test_whoever_a_file_made_mailable_is_let_in_with_all_others_of_it(services, database, workspace, committed):
    """One news for a whole batch; who had agreed before and who withdrew since stay where they are."""
    _journey, ada = committed
    with database.transaction(workspace.id) as session:
        bob, eve = (
            people.upsert(session, workspace.id, email=f"{name}@b.co", fields={}, source="import", now=NOON)
            for name in ("bob", "eve")
        )
        terms = ImportTerms("paper form", "news", wording="Yes, write to me.")
        claims = [
            Claim(each.id, row, each.email, each.address_digest, NOON, terms) for row, each in enumerate((bob, eve))
        ]
        consents.record_many(session, workspace.id, "import 1", claims, NOON)
        first, last = (permission.state_of(session, workspace.id, each.id)[0].ledger_seq for each in (bob, eve))
        actions.withdraw(session, workspace.id, eve.id, evidence=Evidence(method="one_click"), now=NOON)
    told = {"workspace_id": workspace.id, "topic_id": workspace.topic_id, "first": first, "last": last}
    jobs.join_imported(services, **told)
    jobs.join_imported(services, **told)

    assert [stands(database, workspace, each) for each in (ada, bob, eve)] == [[], [("active", None)], []]


def test_allowing_clicks_to_be_counted_leads_nowhere(services, database, workspace, committed):
    _journey, ada = committed
    given = {"workspace_id": workspace.id, "customer_id": ada.id}
    jobs.join_topic(services, **given, purpose="click_tracking", topic_id=0)

    assert stands(database, workspace, ada) == []


def test_the_clock_moves_everybody_on(services, clock, database, workspace, committed):
    _journey, ada = committed
    join(services, workspace, ada)
    for days in (10, 1):
        jobs.advance(services)
        with database.transaction(workspace.id) as session:
            let_mail_leave(session, workspace.id, now=clock.now())
        clock.advance(timedelta(days=days))
    jobs.advance(services)

    assert stands(database, workspace, ada) == [("done", None)]


def test_a_withdrawal_stops_and_a_new_purchase_changes_nothing_then(services, database, workspace, committed):
    _journey, ada = committed
    join(services, workspace, ada)
    given = {"workspace_id": workspace.id, "customer_id": ada.id}
    jobs.stop_withdrawn(services, **given, purpose="marketing", topic_id=0)
    jobs.hear_purchase(services, **given, at=NOON.isoformat())

    assert stands(database, workspace, ada) == [("stopped", "withdrawn")]


def test_a_deleted_segment_lets_nobody_in_and_breaks_nothing(services, database, workspace):
    with database.transaction(workspace.id) as session:
        journey = a_journey(session, workspace, trigger=("segment", a_segment(session, workspace)))
        journey.trigger_id += 10**6

    jobs.enrol(services)

    with database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT count(*) FROM enrolments")) == 0
