"""A reported event lets those into a journey with whom it happens: each once, and none for what is history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.conditions.events import EventTest
from app.customers.timeline import activities, reporting
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import Source
from app.journeys import definitions, drafts, jobs, positions, publishing
from app.journeys.definitions import Plan
from app.journeys.event_trigger import EventTrigger
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.journeys import TWO_MAILS

pytestmark = pytest.mark.usefixtures("no_other_workspaces")
LARGE = EventTrigger("cart_updated", (EventTest("value", "more_than", "50"),))


@pytest.fixture
def journey(database, workspace):
    """A live journey for whoever has a cart of more than 50."""
    with database.transaction(workspace.id) as session:
        plan = Plan("Carts", "event", None, workspace.topic_id, trigger_event=LARGE)
        made = definitions.create(session, workspace.id, plan, staff_id=workspace.owner_id, now=NOON)
        for step in TWO_MAILS:
            drafts.add(session, made, step)
        publishing.publish(session, workspace.id, made.id, staff_id=workspace.owner_id, now=NOON)
        return made.id


@pytest.fixture
def ada(database, workspace):
    with database.transaction(workspace.id) as session:
        return consented_customer(session, workspace.id).id


@pytest.fixture
def report(services, database, workspace, clock, ada):
    """Report an event of Ada's and run what heard of it, twice; return on how many journeys she is."""

    def told(name="cart_updated", *, at=NOON, by=reporting.record, **data):
        row = ActivityRow(workspace.id, ada, at, name, Source.API, facts={"data": data})
        with database.transaction(workspace.id) as session:
            if by is reporting.record:
                by(session, workspace.id, [row, row], now=clock.now())
            else:
                by(session, [row], now=clock.now())
        with database.transaction(workspace.id) as session:
            heard = list(session.scalars(text("DELETE FROM outbox WHERE name = 'journeys.hear_event' RETURNING args")))
        for args in heard + heard:
            jobs.hear_event(services, **args)
        with database.transaction(workspace.id) as session:
            return [each.state for each in positions.of_customer(session, workspace.id, ada)]

    return told


def test_it_lets_in_once_whom_it_happens_with_as_its_properties_say(report, journey):
    assert report(value=20) == []
    assert report(value="many") == []
    assert report("cart", value=80) == []
    assert report(value=80) == ["active"]
    assert report(value=90) == ["active"]


@pytest.mark.parametrize("ago", [timedelta(days=2), timedelta(minutes=-10)])
def test_what_happened_long_ago_or_is_ahead_lets_nobody_in(report, journey, ago):
    assert report(value=80, at=NOON - ago) == []


def test_what_is_merely_recorded_such_as_a_file_lets_nobody_in(report, journey):
    assert report(value=80, by=activities.record_many) == []


def test_nothing_is_announced_that_no_live_journey_awaits(report, journey, database, services, workspace, ada):
    with database.transaction(workspace.id) as session:
        publishing.pause(session, workspace.id, journey, staff_id=workspace.owner_id, now=NOON)
    assert report(value=80) == []
    with database.transaction(workspace.id) as session:
        publishing.resume(session, workspace.id, journey, staff_id=workspace.owner_id, now=NOON)
    assert report(value=80, at=NOON + timedelta(minutes=1)) == ["active"]


def test_who_agreed_to_nothing_is_not_let_in(report, journey, database, workspace, ada):
    with database.transaction(workspace.id) as session:
        session.execute(text("UPDATE consent_state SET allowed = false, state = 'withdrawn'"))

    assert report(value=80) == []


FORM = {
    "name": "Carts",
    "way_in": "event:",
    "interest_owner_id": "0",
    "event_name": "cart_updated",
    "property1": "value",
    "compare1": "more_than",
    "value1": "50",
}


@pytest.fixture
def form(workspace, database):
    with database.transaction(workspace.id) as session:
        sender = session.scalar(text("SELECT id FROM sending_identities WHERE workspace_id = :w"), {"w": workspace.id})
    return FORM | {"topic_id": str(workspace.topic_id), "identity_id": str(sender)}


def test_the_form_offers_it_and_pages_say_it_in_words(client, form):
    made = client.post("/journeys/new", data=form)
    assert made.status_code == 303, made.text
    page = made.location.removesuffix("/edit")
    words = "“cart_updated” (where value is more than “50”)"

    assert f"{words} happens" in client.get(f"{page}/edit").text
    assert f"{words} happens" in client.get("/journeys").text
    assert 'value="cart_updated"' in client.get(f"{page}/plan").text
    client.post(f"{page}/steps/new?kind=send", data={"subject": "Hi", "format": "markdown", "source": "Hello"})
    assert f"People enter as {words} is reported of them" in client.get(f"{page}/publish").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"event_name": ""}, "Enter the name of the event"),
        ({"event_name": "Clicked"}, "recorded here itself"),
        ({"value1": ""}, "Enter some text."),
        ({"value1": "many"}, "Enter a number."),
        ({"compare1": "like"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_place(client, form, wrong, said):
    refused = client.post("/journeys/new", data=form | wrong)

    assert refused.status_code == 422
    assert said in refused.text
    assert 'value="value"' in refused.text


def test_the_way_in_of_a_published_journey_stays(client, journey, form):
    page = client.get(f"/journeys/{journey}/plan")
    assert "cart_updated" in page.text
    changed = client.post(f"/journeys/{journey}/plan", data=form | {"value1": "60", "seen": "{}"})

    assert changed.status_code == 422
    assert "cannot be changed" in changed.text
