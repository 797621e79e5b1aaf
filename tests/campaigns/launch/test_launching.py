"""Leaving once, in time, to those who agreed, and stopping honestly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.campaigns import compose
from app.campaigns.launch import audience, schedule, stopping, timing
from app.campaigns.reports import overview, results
from app.campaigns.studio import preflight
from app.consent import actions
from app.customers.profiles import people
from app.tracking.replies import replies
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, launch, plan, send_of
from tests.factories.consent import a_yes, consented_customer


def test_only_those_who_agreed_get_it_and_the_others_have_a_reason(session, workspace):
    consented_customer(session, workspace.id, email="yes@example.com")
    people.upsert(session, workspace.id, email="no@example.com", fields={}, source="test", now=NOON)
    campaign = a_campaign(session, workspace)

    launch(session, workspace, campaign.id)

    progress = results.summary(session, workspace.id, campaign.id).progress
    assert (progress.total, progress.queued, progress.reasons) == (2, 1, {"no_permission": 1})


def test_launching_twice_makes_one_send(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)

    launch(session, workspace, campaign.id)
    launch(session, workspace, campaign.id)

    assert session.scalar(text("SELECT count(*) FROM messages")) == 1
    assert session.scalar(text("SELECT count(*) FROM sends WHERE kind = 'campaign'")) == 1


def test_the_waterfall_adds_up(session, workspace):
    consented_customer(session, workspace.id, email="a@example.com")
    consented_customer(session, workspace.id, email="b@example.com")
    people.upsert(session, workspace.id, email="c@example.com", fields={}, source="test", now=NOON)
    campaign = a_campaign(session, workspace)

    found = audience.count(session, campaign, now=NOON)

    assert found == audience.Audience(matched=3, no_permission=1, suppressed=0, mailable=2, later=0)


def test_who_has_had_enough_is_counted_as_later(session, workspace):
    ada = consented_customer(session, workspace.id)
    session.execute(
        text(
            "UPDATE customer_engagement SET recent_contact_at = array_fill(:at ::timestamptz, ARRAY[40]),"
            " recent_contact_topic = array_fill(:topic ::bigint, ARRAY[40]) WHERE customer_id = :id"
        ),
        {"at": NOON - timedelta(hours=1), "topic": workspace.topic_id, "id": ada.id},
    )

    found = audience.count(session, a_campaign(session, workspace), now=NOON)

    assert found is not None
    assert (found.mailable, found.later) == (1, 1)


def test_a_planned_campaign_leaves_when_its_time_has_come_and_once(session, workspace):
    consented_customer(session, workspace.id)
    at = NOON + timedelta(hours=2)
    campaign = a_campaign(session, workspace, send_later=True, scheduled_at=at)
    for _ in range(2):
        plan(session, workspace, campaign.id)

    schedule.launch_planned(session, workspace.id, campaign.id, now=NOON, public_url="https://m.example")
    assert campaign.state == "scheduled"
    for _ in range(2):
        schedule.launch_planned(session, workspace.id, campaign.id, now=at, public_url="https://m.example")

    assert (campaign.state, campaign.launched_at) == ("sending", at)
    wishes = "SELECT count(*) FROM outbox WHERE name = 'campaigns.launch_planned' AND args->>'workspace_id' = :id"
    assert session.scalar(text(wishes), {"id": str(workspace.id)}) == 1


def test_a_campaign_planned_anew_for_later_leaves_later(session, workspace):
    """The wish left from the first plan finds it too early, and asks to be called again."""
    consented_customer(session, workspace.id)
    early, late = NOON + timedelta(hours=2), NOON + timedelta(hours=5)
    campaign = a_campaign(session, workspace, send_later=True, scheduled_at=early)
    plan(session, workspace, campaign.id)
    schedule.unplan(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)
    campaign.scheduled_at = late
    plan(session, workspace, campaign.id)
    session.execute(text("UPDATE outbox SET holder = 'a worker' WHERE name = 'campaigns.launch_planned'"))

    schedule.launch_planned(session, workspace.id, campaign.id, now=early, public_url="https://m.example")

    wish = "SELECT run_at FROM outbox WHERE name = 'campaigns.launch_planned' AND is_wanted_again"
    assert (campaign.state, session.scalar(text(wish))) == ("scheduled", late)


def test_a_planned_campaign_can_be_taken_back(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    plan(session, workspace, campaign.id)
    schedule.unplan(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)

    schedule.launch_planned(session, workspace.id, campaign.id, now=NOON, public_url="https://m.example")

    assert (campaign.state, campaign.launched_at) == ("draft", None)


def test_a_planned_campaign_that_is_not_ready_any_more_becomes_a_draft(session, workspace):
    """The last person who is mailable withdraws before the time has come."""
    ada = consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    plan(session, workspace, campaign.id)
    actions.withdraw(session, workspace.id, ada.id, evidence=a_yes(), now=NOON)

    schedule.launch_planned(session, workspace.id, campaign.id, now=NOON, public_url="https://m.example")

    assert (campaign.state, campaign.launched_at) == ("draft", None)
    assert session.scalar(text("SELECT count(*) FROM audit_entries WHERE action = 'campaign.held_back'")) == 1


def test_a_time_that_has_passed_is_refused(session, workspace):
    campaign = a_campaign(session, workspace, send_later=True, scheduled_at=NOON - timedelta(hours=1))

    with pytest.raises(timing.TimeHasPassed):
        plan(session, workspace, campaign.id)


@pytest.mark.parametrize(
    ("typed", "utc"),
    [("2026-03-02T12:00", "2026-03-02T11:00:00+00:00"), ("2026-07-01T12:00", "2026-07-01T10:00:00+00:00")],
)
def test_a_time_is_the_workspaces_own(typed, utc):
    assert timing.at_local_time(typed, "Europe/Berlin").astimezone(NOON.tzinfo).isoformat() == utc


def test_pause_resume_and_cancel_leave_a_trace(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    launch(session, workspace, campaign.id)

    stopping.pause(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)
    assert overview.state_of(session, campaign) == "paused"
    stopping.resume(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)
    assert overview.state_of(session, campaign) == "sending"
    stopped, _again = stopping.cancel(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)

    assert (stopped, overview.state_of(session, campaign)) == (1, "cancelled")
    assert session.scalar(text("SELECT count(*) FROM audit_entries WHERE action LIKE 'campaign.%'")) == 3


def test_nothing_leaves_with_an_error_in_it(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace, source="{{ customer.frist_name }}")

    with pytest.raises(preflight.NotReady, match="frist_name"):
        launch(session, workspace, campaign.id)

    assert compose.get(session, workspace.id, campaign.id).state == "draft"


def test_automatic_answers_and_requests_to_stop_are_not_counted_as_replies(session, workspace):
    """One asks a question; one is away, one wants no more, one may want no more, and one answers as a stranger."""
    answers = [
        ("Do you have it in blue?", {}, True),
        ("I am away.", {"Auto-Submitted": "auto-replied"}, True),
        ("Unsubscribe", {}, True),
        ("Unsubscribe", {}, False),
        ("Do you have it in red?", {}, False),
    ]
    people_of = [consented_customer(session, workspace.id, email=f"{n}@example.com") for n in range(len(answers))]
    campaign = a_campaign(session, workspace)
    launch(session, workspace, campaign.id)
    for customer, (said, headers, is_verified) in zip(people_of, answers, strict=True):
        replies.record(
            session,
            workspace.id,
            replies.ReceivedReply(subject="Re: Spring", text=said, headers=headers, is_verified=is_verified),
            customer_id=customer.id,
            message_id=None,
            send_id=send_of(session, campaign),
            now=NOON,
        )

    assert results.summary(session, workspace.id, campaign.id, now=NOON).replies == 1


def test_a_launch_evaluates_its_recipients_once(session, workspace, statements):
    """What a launch counts are the messages it wrote: a million people are looked at in one pass."""
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)

    with statements() as asked:
        launch(session, workspace, campaign.id)

    assert len([each for each in asked if "consent_state" in each]) == 1


@pytest.mark.parametrize("agrees", [False, None], ids=["nobody may be written to", "nobody is there"])
def test_nothing_is_kept_of_a_launch_without_recipients(session, workspace, agrees):
    if agrees is not None:
        people.upsert(session, workspace.id, email="no@example.com", fields={}, source="test", now=NOON)
    campaign = a_campaign(session, workspace)

    with pytest.raises(preflight.NotReady), session.begin_nested():
        launch(session, workspace, campaign.id)

    assert session.scalar(text("SELECT count(*) FROM sends WHERE kind = 'campaign'")) == 0
    assert session.scalar(text("SELECT count(*) FROM messages")) == 0
