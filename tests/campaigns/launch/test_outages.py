"""A campaign that an outage interrupted says so where staff look, and goes on at the press of one button."""

from __future__ import annotations

import re
from datetime import timedelta

from app.campaigns import compose
from app.campaigns.reports import overview
from app.delivery.sending import outage_holds
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, launch
from tests.factories.consent import consented_customer
from tests.factories.outages import an_outage


def test_it_is_told_on_its_page_in_the_list_and_at_home_until_resumed(client, database, workspace):
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id)
        campaign_id = a_campaign(session, workspace).id
        launch(session, workspace, campaign_id)
    with (
        an_outage(database, NOON + timedelta(hours=1), NOON + timedelta(days=2)),
        database.transaction(workspace.id) as session,
    ):
        outage_holds.hold(session, workspace.id)

    assert "1 campaign was interrupted by an outage" in client.get("/").text
    assert f'action="/campaigns/{campaign_id}/resume"' in client.get("/").text
    assert "interrupted by an outage" in client.get("/campaigns").text
    assert "The service was down for more than an hour" in client.get(f"/campaigns/{campaign_id}").text

    client.post(f"/campaigns/{campaign_id}/resume")
    for path in ("/", "/campaigns", f"/campaigns/{campaign_id}"):
        assert "interrupted by an outage" not in client.get(path).text, path
    with database.transaction(workspace.id) as session:
        assert overview.state_of(session, compose.get(session, workspace.id, campaign_id)) == "sending"


def test_an_outage_is_still_told_after_a_cancelling_was_taken_back(client, database, workspace):
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id)
        campaign_id = a_campaign(session, workspace).id
        launch(session, workspace, campaign_id)
    with (
        an_outage(database, NOON + timedelta(hours=1), NOON + timedelta(days=2)),
        database.transaction(workspace.id) as session,
    ):
        outage_holds.hold(session, workspace.id)
    client.post(f"/campaigns/{campaign_id}/cancel")
    (again,) = re.findall(r"/undo/\d+", client.get(f"/campaigns/{campaign_id}").text)
    assert "interrupted by an outage" not in client.get("/").text

    client.post(again)

    assert "1 campaign was interrupted by an outage" in client.get("/").text
    assert "The service was down for more than an hour" in client.get(f"/campaigns/{campaign_id}").text
