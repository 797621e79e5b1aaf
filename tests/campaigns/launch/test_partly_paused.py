"""A campaign of which a part was paused by itself, while the rest is being sent."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.campaigns import variants
from app.delivery.sending import sends
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, launch, sends_of
from tests.factories.consent import consented_customer

REFUSED = "content_refused"


@pytest.fixture
def campaign_id(database, workspace):
    """Two variants to forty people; the first one's content cannot be sent."""
    with database.transaction(workspace.id) as session:
        for number in range(40):
            consented_customer(session, workspace.id, email=f"{number}@example.com")
        campaign = a_campaign(session, workspace)
        variants.add(session, workspace.id, campaign.id, now=NOON)
        launch(session, workspace, campaign.id)
        first, _second = sends_of(session, campaign)
        sends.pause(session, workspace.id, first, reason=REFUSED)
        return campaign.id


def states(database, workspace) -> list[tuple[str, str | None]]:
    with database.transaction(workspace.id) as session:
        query = text("SELECT state, pause_reason FROM sends WHERE kind = 'campaign' ORDER BY id")
        return [tuple(row) for row in session.execute(query)]


def undo_of(client, campaign_id, action) -> str:
    """Do it, and return the address that takes it back."""
    client.post(f"/campaigns/{campaign_id}/{action}")
    page = html.unescape(client.get(f"/campaigns/{campaign_id}").text)
    return re.findall(rf'action="(/undo/\d+|/campaigns/{campaign_id}/[a-z]+\?[^"]+)"', page)[-1]


def test_the_report_goes_on_and_says_which_part_is_paused(client, campaign_id):
    """Pause is offered while anything is being sent, and what stopped can be resumed by itself."""
    page = client.get(f"/campaigns/{campaign_id}").text
    piece = client.get(f"/campaigns/{campaign_id}/progress?was=sending")

    assert f'action="/campaigns/{campaign_id}/pause"' in page
    for shown in (page, piece.text):
        assert 'hx-trigger="every 2s"' in shown
        assert "A · English</span>: The content cannot be sent as it is." in shown
        assert "Resume the paused part" in shown
        assert "B · English" not in shown
    assert "a part is paused" in client.get("/campaigns").text


def test_the_part_is_resumed_while_the_rest_is_being_sent(client, database, workspace, campaign_id):
    client.post(f"/campaigns/{campaign_id}/resume")

    assert states(database, workspace) == [("running", None), ("running", None)]
    assert "A part of it is paused" not in client.get(f"/campaigns/{campaign_id}").text


def test_taking_a_pause_back_resumes_nothing_else(client, database, workspace, campaign_id):
    again = undo_of(client, campaign_id, "pause")
    assert states(database, workspace) == [("paused", REFUSED), ("paused", "staff")]
    assert "The content cannot be sent as it is." in client.get(f"/campaigns/{campaign_id}").text

    client.post(again)
    assert states(database, workspace) == [("paused", REFUSED), ("running", None)]


def test_taking_a_cancelling_back_keeps_why_each_part_was_paused(client, database, workspace, campaign_id):
    before = states(database, workspace)

    client.post(undo_of(client, campaign_id, "cancel"))

    assert states(database, workspace) == before
    assert "A · English</span>: The content cannot be sent as it is." in client.get(f"/campaigns/{campaign_id}").text


def test_taking_a_resuming_back_pauses_what_it_resumed_for_the_reason_it_had(client, database, workspace, campaign_id):
    """What ran before goes on, and nobody is told that staff had paused what the service itself had."""
    before = states(database, workspace)
    again = undo_of(client, campaign_id, "resume")
    assert states(database, workspace) == [("running", None), ("running", None)]

    client.post(again)
    assert states(database, workspace) == before == [("paused", REFUSED), ("running", None)]
    assert "The content cannot be sent as it is." in client.get(f"/campaigns/{campaign_id}").text


def test_what_is_over_is_not_paused_again(client, database, workspace, campaign_id):
    again = undo_of(client, campaign_id, "resume")
    with database.transaction(workspace.id) as session:
        session.execute(text("UPDATE sends SET state = 'done', finished_at = created_at"))

    assert client.post(again).status_code == 410
    assert states(database, workspace) == [("done", None), ("done", None)]


def test_an_old_undo_does_not_lift_the_pause_somebody_made_since(client, clock, database, workspace, campaign_id):
    first = undo_of(client, campaign_id, "pause")
    client.post(f"/campaigns/{campaign_id}/resume")
    clock.advance(timedelta(minutes=1))
    client.post(f"/campaigns/{campaign_id}/pause")

    assert client.post(first).status_code == 410
    assert {state for state, _reason in states(database, workspace)} == {"paused"}
