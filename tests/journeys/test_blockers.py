"""A live journey that enrols nobody or sends nothing says so where staff look, and what to do."""

from __future__ import annotations

import pytest

from app.accounts.identities import identities
from app.journeys import blockers, definitions, publishing
from app.segments.models import Segment
from tests.factories import NOON
from tests.factories.accounts import a_member
from tests.factories.journeys import a_journey, a_segment
from tests.factories.workspaces import PASSWORD

BROKEN = {"type": "field", "field": "gone", "op": "is", "value": "x"}
NO_ENTRY = "The segment “Tagged prospect” does not work any more, so nobody enters."


@pytest.fixture
def on_segment(database, workspace):
    """A live journey on a segment, and the segment's id."""
    with database.transaction(workspace.id) as session:
        segment_id = a_segment(session, workspace)
        return a_journey(session, workspace, trigger=("segment", segment_id)).id, segment_id


def break_segment(database, workspace, segment_id):
    """The segment asks about a field that was removed."""
    with database.transaction(workspace.id) as session:
        session.get(Segment, (workspace.id, segment_id)).rules = BROKEN


def lose_proof(database, workspace):
    """The sender's domain is not verified any more."""
    with database.transaction(workspace.id) as session:
        identity = identities.get(session, workspace.id, workspace.identity_id)
        identities.set_unproved(session, identity, now=NOON)
        return identity.domain


def test_a_broken_segment_is_told_on_the_journey_in_the_list_and_at_home(client, database, workspace, on_segment):
    journey_id, segment_id = on_segment
    for page in (f"/journeys/{journey_id}", "/journeys", "/"):
        assert NO_ENTRY not in client.get(page).text

    break_segment(database, workspace, segment_id)

    for page in (f"/journeys/{journey_id}", "/journeys", "/"):
        assert NO_ENTRY in client.get(page).text, page
    told = client.get(f"/journeys/{journey_id}").text
    assert "Open the segment and change its conditions" in told
    assert f'href="/segments/{segment_id}">Fix' in told


def test_a_sender_that_lost_its_proof_is_told_where_staff_look(client, database, workspace, on_segment):
    domain = lose_proof(database, workspace)

    for page in (f"/journeys/{on_segment[0]}", "/journeys", "/", "/settings"):
        assert f"{domain} is not verified yet, so nothing leaves" in client.get(page).text, page


def test_publishing_names_the_unverified_sender_before_it_is_pressed(client, database, workspace):
    with database.transaction(workspace.id) as session:
        journey_id = a_journey(session, workspace, is_live=False).id
    domain = lose_proof(database, workspace)

    review = client.get(f"/journeys/{journey_id}/publish").text
    assert f"{domain} is not verified yet" in review
    assert f'action="/journeys/{journey_id}/publish"' not in review
    assert f"{domain} is not verified yet" in client.get(f"/journeys/{journey_id}/edit").text
    refused = client.post(f"/journeys/{journey_id}/publish")
    assert refused.status_code == 409
    assert f"{domain} is not verified yet" in refused.text


def test_whoever_may_not_open_the_settings_gets_no_link_there(client, anonymous, database, workspace, on_segment):
    lose_proof(database, workspace)
    identity = f"/settings/identities/{workspace.identity_id}"
    assert identity in client.get(f"/journeys/{on_segment[0]}").text
    with database.transaction(workspace.id) as session:
        email = a_member(session, workspace.id, role="viewer", now=NOON).email
    anonymous.post("/login", data={"email": email, "password": PASSWORD})

    page = anonymous.get(f"/journeys/{on_segment[0]}").text
    assert "is not verified yet" in page
    assert identity not in page


def test_blockers_of_a_whole_list_take_no_more_statements_than_of_one(database, workspace, statements):
    with database.transaction(workspace.id) as session:
        made = [
            a_journey(session, workspace, trigger=("segment", a_segment(session, workspace, tag=f"t{number}")))
            for number in range(5)
        ]
        for journey in made[:2]:
            session.get(Segment, (workspace.id, journey.trigger_id)).rules = BROKEN
        session.flush()
    counts = []
    for number in (1, 5):
        with database.transaction(workspace.id) as session, statements() as asked:
            found = blockers.list_for_many(
                session, workspace.id, definitions.list_live(session, workspace.id)[:number], now=NOON
            )
        counts.append(len(asked))

    assert sorted(found) == sorted(journey.id for journey in made[:2])
    assert counts[0] == counts[1]


def test_publishing_on_a_broken_segment_says_which(database, workspace):
    with database.transaction(workspace.id) as session:
        segment_id = a_segment(session, workspace)
        journey = a_journey(session, workspace, trigger=("segment", segment_id), is_live=False)
        session.get(Segment, (workspace.id, segment_id)).rules = BROKEN
        session.flush()

        with pytest.raises(publishing.NotReady, match="Tagged prospect"):
            publishing.publish(session, workspace.id, journey.id, staff_id=None, now=NOON)
