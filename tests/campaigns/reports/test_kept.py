"""The numbers of large campaigns are counted by a job, and are those anybody would count."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import text

from app.campaigns import jobs
from app.campaigns.launch import stopping
from app.campaigns.reports import kept, numbers, overview, results
from app.customers.timeline.event_names import EventName
from app.delivery.sending.send_queries import Progress
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, launch, send_of
from tests.factories.consent import consented_customer
from tests.factories.journeys import let_mail_leave

LARGE = kept.COUNTED_AT_SIGHT + 1


def a_large_campaign(session, workspace):
    """A launched campaign that counts as large, whose two mails have left, one of them clicked."""
    clicker = consented_customer(session, workspace.id, email="a@example.com")
    consented_customer(session, workspace.id, email="b@example.com")
    campaign = a_campaign(session, workspace)
    launch(session, workspace, campaign.id)
    kept.begin(session, campaign, recipients=LARGE, now=NOON)
    let_mail_leave(session, workspace.id, now=NOON)
    session.execute(
        text(
            "INSERT INTO activities (workspace_id, customer_id, at, recorded_at, name, source, send_id, verdict)"
            " VALUES (:w, :customer, :now, :now, 'clicked', 'tracking', :send, 'human')"
        ),
        {"w": workspace.id, "customer": clicker.id, "now": NOON, "send": send_of(session, campaign)},
    )
    return campaign


def wakes(session, campaign):
    """When the campaign's numbers are to be counted."""
    query = text("SELECT run_at FROM outbox WHERE key = :key")
    return session.scalars(query, {"key": f"campaigns.results:{campaign.workspace_id}:{campaign.id}"}).all()


def test_the_kept_numbers_are_those_counted_at_sight(session, workspace):
    campaign = a_large_campaign(session, workspace)
    at_sight = results.summary(session, workspace.id, campaign.id, now=NOON)

    kept.recount(session, workspace.id, campaign.id, now=NOON)

    shown = results.summary(session, workspace.id, campaign.id, now=NOON)
    assert shown.counted_at == NOON
    assert (shown.progress, shown.clicks, shown.human_clicks) == (
        at_sight.progress, at_sight.clicks, at_sight.human_clicks
    )  # fmt: skip
    assert (shown.delivered, shown.human_clicks.count) == (2, 1)


def test_no_page_counts_messages_or_activities_of_a_large_campaign(session, workspace, statements):
    campaign = a_large_campaign(session, workspace)
    kept.recount(session, workspace.id, campaign.id, now=NOON)

    with statements() as asked:
        results.summary(session, workspace.id, campaign.id, now=NOON)
        (line,) = overview.recent(session, workspace.id, limit=5)

    assert [each for each in asked if "FROM messages" in each or "FROM activities" in each] == []
    assert (line.sent, line.human_clicks.count) == (2, 1)


def test_the_numbers_of_a_small_campaign_are_not_kept(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)

    launch(session, workspace, campaign.id)

    assert wakes(session, campaign) == []
    assert kept.find(session, workspace.id, [campaign.id]) == {}


def test_a_campaign_is_counted_less_often_as_it_grows_older(session, workspace):
    campaign = a_large_campaign(session, workspace)
    first = wakes(session, campaign)
    session.execute(text("DELETE FROM outbox"))

    kept.recount(session, workspace.id, campaign.id, now=NOON + timedelta(days=50))

    assert first == [NOON + timedelta(seconds=10)]
    assert wakes(session, campaign) == [NOON + timedelta(days=51)]


def test_a_pause_is_seen_at_once_and_has_the_campaign_counted(session, workspace):
    """Where its sends stand is never kept; how far they are is counted as soon as somebody changed it."""
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    launch(session, workspace, campaign.id)
    kept.begin(session, campaign, recipients=LARGE, now=NOON)
    kept.recount(session, workspace.id, campaign.id, now=NOON)
    session.execute(text("DELETE FROM outbox"))

    stopping.pause(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)

    assert results.summary(session, workspace.id, campaign.id, now=NOON).progress.state == "paused"
    assert wakes(session, campaign) == [None]


def test_the_job_counts_and_asks_to_be_called_again(services, workspace):
    with services.database.transaction(workspace.id) as session:
        campaign_id = a_large_campaign(session, workspace).id

    jobs.count_results(services, workspace_id=workspace.id, campaign_id=campaign_id)

    with services.database.transaction(workspace.id) as session:
        found = kept.find(session, workspace.id, [campaign_id])[campaign_id]
    assert (found.sent, found.clicked) == (2, 1)


def test_numbers_are_written_as_json_and_read_back_the_same():
    given = numbers.Numbers(
        of_sends={7: Progress("done", None, total=3, sent=2, skipped=1, reasons={"suppressed": 1})},
        events={7: {EventName.CLICKED: {"human": 1}, EventName.OPENED: {"proxy": 2}}},
        clickers={None: (0, 1), 9: (1, 0)},
        may_see_opens=2,
        may_see_clicks=1,
        counted_at=NOON,
    )

    written = json.loads(json.dumps(numbers.dump(given)))

    assert numbers.load(written, counted_at=NOON) == given
