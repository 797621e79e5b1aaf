"""A planned campaign that is not ready when its time comes says so where its author looks, until it is dealt with."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.campaigns import compose
from app.campaigns.compose import Edit
from app.campaigns.drafts import draft_of
from app.campaigns.launch import schedule
from app.consent import actions
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, plan
from tests.factories.consent import a_yes, consented_customer

URL = "https://m.example"


@pytest.fixture
def failed(database, workspace):
    """A campaign whose time came when nobody was mailable any more; its author looks an hour later."""
    at = NOON - timedelta(hours=1)
    with database.transaction(workspace.id) as session:
        ada = consented_customer(session, workspace.id, now=at)
        campaign = a_campaign(session, workspace, send_later=True, scheduled_at=at)
        plan(session, workspace, campaign.id, now=at)
        actions.withdraw(session, workspace.id, ada.id, evidence=a_yes(), now=at)
        schedule.launch_planned(session, workspace.id, campaign.id, now=at, public_url=URL)
        return campaign.id


def failure_of(database, workspace, campaign_id):
    with database.transaction(workspace.id) as session:
        return compose.get(session, workspace.id, campaign_id).launch_failure


def test_the_reason_is_on_its_page_in_the_list_and_at_home(client, workspace, failed):
    for path in ("/", "/campaigns", f"/campaigns/{failed}"):
        page = client.get(path).text
        assert "ot sent on Mar 2, 2026" in page or "not ready on Mar 2, 2026" in page, path
        assert "None of the recipients is mailable for this topic." in page, path
    assert "It is a draft again" in client.get(f"/campaigns/{failed}").text


def test_the_reason_is_in_the_readers_language(client, failed):
    client.set_cookie("language", "zh")

    for path in ("/", "/campaigns", f"/campaigns/{failed}"):
        page = client.get(path).text
        assert "所选的人中没有人可以接收此订阅类别的邮件。" in page, path
        assert "None of the recipients" not in page, path


def test_editing_it_clears_the_reason(database, workspace, client, failed):
    with database.transaction(workspace.id) as session:
        campaign = compose.get(session, workspace.id, failed)
        draft = draft_of(campaign)
        compose.save(session, workspace.id, failed, Edit(draft, 1), now=NOON)
        assert campaign.launch_failure is not None, "saving what it says already is no edit"
        changed = replace(draft, name="Another name")
        compose.save(session, workspace.id, failed, Edit(changed, 1), now=NOON)

    assert failure_of(database, workspace, failed) is None
    assert "Not sent on" not in client.get("/campaigns").text


def test_sending_it_clears_the_reason(database, workspace, failed):
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, email="bob@example.com")
        compose.get(session, workspace.id, failed).send_later = False
        plan(session, workspace, failed)
        schedule.launch_planned(session, workspace.id, failed, now=NOON, public_url=URL)
        assert compose.get(session, workspace.id, failed).launched_at is not None

    assert failure_of(database, workspace, failed) is None


def test_a_copy_has_no_failure(database, workspace, failed):
    with database.transaction(workspace.id) as session:
        made = compose.copy(session, workspace.id, failed, staff_id=workspace.owner_id, now=NOON)

        assert made.launch_failure is None
