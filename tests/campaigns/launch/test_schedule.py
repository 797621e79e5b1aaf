"""When a campaign leaves: the time is kept with the draft, shown in the review, and asked about when it has passed."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.campaigns import compose, jobs
from app.campaigns.compose import Edit
from app.campaigns.drafts import content_draft_of
from app.campaigns.launch import schedule
from app.campaigns.reports import overview
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, content_of, plan
from tests.factories.consent import consented_customer
from tests.factories.waiting_locks import until_somebody_waits

AT = "2026-03-05T09:00"
DUE = "2026-03-05T08:00:00+00:00"
LIVE = {"HX-Request": "true"}


@pytest.fixture
def draft(database, workspace):
    """A draft that is ready to leave, to one person."""
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, email="ada@example.com", first_name="Ada")
        return a_campaign(session, workspace).id


@pytest.fixture
def held(database, workspace, draft):
    """A campaign that was due an hour and more before anybody could send it."""
    with database.transaction(workspace.id) as session:
        campaign = compose.get(session, workspace.id, draft)
        campaign.send_later, campaign.scheduled_at = True, NOON - timedelta(hours=1, minutes=1)
        plan(session, workspace, draft, now=NOON - timedelta(days=1))
        schedule.launch_planned(session, workspace.id, draft, now=NOON, public_url="https://m.example")
    return draft


def typed(page: str, workspace, **changes: str) -> dict[str, str]:
    """What the browser sends of the compose form."""
    revision = re.search(r'name="revision" id="revision" value="(\d+)"', page)
    assert revision
    return {
        "revision": revision[1], "name": "Spring", "topic": str(workspace.topic_id), "audience": "everybody",
        "language": "en", "format": "markdown", "subject": "Hello", "preheader": "Hi", "source": "# Hi",
        "sender": str(workspace.identity_id), "when": "now", "at": "", **changes,
    }  # fmt: skip


def kept(database, workspace, draft):
    with database.transaction(workspace.id) as session:
        campaign = compose.get(session, workspace.id, draft)
        return campaign.state, campaign.send_later, campaign.scheduled_at and campaign.scheduled_at.isoformat()


@pytest.mark.parametrize("then", ["", "review"])
def test_a_schedule_chosen_in_a_draft_is_kept(client, database, workspace, draft, then):
    """Chosen and saved, by itself or on the way to the review: the review names it, and launching obeys it."""
    data = typed(client.get(f"/campaigns/{draft}").text, workspace, when="later", at=AT, then=then)
    client.post(f"/campaigns/{draft}/save", data=data, headers={} if then else LIVE)

    page, review = client.get(f"/campaigns/{draft}").text, client.get(f"/campaigns/{draft}/review").text
    client.post(f"/campaigns/{draft}/launch", data={"revision": "2"})

    assert f'value="{AT}"' in page
    assert re.search(r'<input checked[^>]*value="later"', page)
    assert "Schedule for Mar 5, 2026" in review
    assert kept(database, workspace, draft) == ("scheduled", True, DUE)
    with database.transaction(workspace.id) as session:
        query = "SELECT run_at FROM outbox WHERE name = 'campaigns.launch_planned' AND args->>'campaign_id' = :id"
        assert session.scalar(text(query), {"id": str(draft)}).isoformat() == DUE


def test_both_buttons_save_what_is_typed_and_lead_to_the_review(client, workspace, draft):
    """There is one way to send: the button of the page's head and that of the time are the same press."""
    page = client.get(f"/campaigns/{draft}").text
    answer = client.post(f"/campaigns/{draft}/save", data=typed(page, workspace, subject="Typed last", then="review"))

    assert re.findall(r"<button[^>]*>Review and send</button>", page) == [
        '<button class="btn btn-primary" form="compose" name="then" value="review">Review and send</button>',
        '<button class="btn btn-primary" name="then" value="review">Review and send</button>',
    ]
    assert (answer.status_code, answer.location) == (303, f"/campaigns/{draft}/review")
    assert "Typed last" in client.get(answer.location).text


def test_a_date_filled_in_while_now_is_ticked_is_not_lost(client, database, workspace, draft):
    data = typed(client.get(f"/campaigns/{draft}").text, workspace, when="now", at=AT)
    client.post(f"/campaigns/{draft}/save", data=data, headers=LIVE)

    assert kept(database, workspace, draft) == ("draft", False, DUE)
    assert f'value="{AT}"' in client.get(f"/campaigns/{draft}").text


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2020-01-01T10:00", "This time has passed."),
        ("2031-01-01T10:00", "Choose a time within the next year."),
        ("", "Choose a date and a time."),
        ("yesterday", "Choose a date and a time."),
        ("9999-12-31T23:59", "Choose a time within the next year."),
        ("0001-01-01T00:00", "Choose a date and a time."),
    ],
)
def test_a_time_that_cannot_be_is_refused_at_its_field(client, workspace, draft, at, said):
    """Said beside the field, with all that was typed still there; there is no error page to be stuck on."""
    data = typed(client.get(f"/campaigns/{draft}").text, workspace, when="later", at=at, subject="Kept")
    live = client.post(f"/campaigns/{draft}/save", data=data, headers=LIVE).text
    data |= {"revision": "2", "then": "review"}
    page = client.post(f"/campaigns/{draft}/save", data=data)

    note = re.search(r'id="at-error"[^>]*>(.*?)</div>', page.text, re.DOTALL)
    assert page.status_code == 422
    assert note
    assert said in note[1]
    assert said in live
    assert "Kept" in client.get(f"/campaigns/{draft}").text
    assert client.post(f"/campaigns/{draft}/launch", data={"revision": "2"}).status_code == 303


def test_a_time_that_passes_before_the_button_is_pressed_leads_back(client, clock, database, workspace, draft):
    """The review was left open over lunch: it is shown again with what is so now, and nothing is sent."""
    data = typed(client.get(f"/campaigns/{draft}").text, workspace, when="later", at="2026-03-02T12:00")
    client.post(f"/campaigns/{draft}/save", data=data, headers=LIVE)
    clock.advance(timedelta(hours=2))

    answer = client.post(f"/campaigns/{draft}/launch", data={"revision": "2"})
    review = client.get(answer.location).text

    assert (answer.status_code, answer.location) == (303, f"/campaigns/{draft}/review")
    assert "This time has passed." in review
    assert kept(database, workspace, draft)[0] == "draft"


def test_what_was_changed_after_the_review_is_not_sent(client, database, workspace, draft):
    """Another window chose another time meanwhile: what is confirmed is what was shown, or nothing."""
    page = client.get(f"/campaigns/{draft}").text
    client.get(f"/campaigns/{draft}/review")
    client.post(f"/campaigns/{draft}/save", data=typed(page, workspace, when="later", at=AT), headers=LIVE)

    for revision in ("1", "", "x"):
        answer = client.post(f"/campaigns/{draft}/launch", data={"revision": revision})
        assert answer.location == f"/campaigns/{draft}/review"

    assert "was changed after you opened this page" in html.unescape(client.get(answer.location).text)
    assert kept(database, workspace, draft)[0] == "draft"


def test_what_somebody_saves_while_it_is_being_launched_is_not_sent(client, database, workspace, draft):
    """Their save is under way as the button is pressed: the launch waits for it, and then compares."""
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            campaign = compose.get(session, workspace.id, draft)
            unreviewed = replace(content_draft_of(content_of(session, campaign)), subject="Not reviewed")
            edit = Edit(content_id=content_of(session, campaign).id, content=unreviewed, content_revision=1)
            compose.save(session, workspace.id, draft, edit, now=NOON)
            pressed = pool.submit(client.post, f"/campaigns/{draft}/launch", data={"revision": "1"})
            until_somebody_waits(database, session)
        answer = pressed.result()

    assert answer.location == f"/campaigns/{draft}/review"
    assert kept(database, workspace, draft)[0] == "draft"


def test_a_plan_taken_back_still_knows_its_time(client, database, workspace, draft):
    data = typed(client.get(f"/campaigns/{draft}").text, workspace, when="later", at=AT)
    client.post(f"/campaigns/{draft}/save", data=data, headers=LIVE)
    client.post(f"/campaigns/{draft}/launch", data={"revision": "2"})

    client.post(f"/campaigns/{draft}/unplan")

    assert kept(database, workspace, draft) == ("draft", True, DUE)


def test_a_copy_has_no_time(session, workspace):
    campaign = a_campaign(session, workspace, send_later=True, scheduled_at=NOON + timedelta(days=1))

    copied = compose.copy(session, workspace.id, campaign.id, staff_id=workspace.owner_id, now=NOON)

    assert (copied.send_later, copied.scheduled_at) == (False, None)


def test_somebody_elses_change_loses_nothing_that_was_typed(client, workspace, draft):
    """Without JavaScript as well: the page comes back with the text, the conflict, and both ways out."""
    data = typed(client.get(f"/campaigns/{draft}").text, workspace)
    client.post(f"/campaigns/{draft}/save", data=data, headers=LIVE)

    told = client.post(f"/campaigns/{draft}/save", data=data | {"subject": "Mine", "then": "review"})
    kept_mine = client.post(f"/campaigns/{draft}/save", data=data | {"subject": "Mine", "overwrite": "yes"})

    assert told.status_code == 409
    assert 'value="Mine"' in told.text
    assert "Keep mine" in told.text
    assert kept_mine.status_code == 303
    assert 'value="Mine"' in client.get(f"/campaigns/{draft}").text


@pytest.mark.parametrize(("late", "state"), [(timedelta(minutes=59), "sending"), (timedelta(minutes=61), "held")])
def test_what_is_more_than_an_hour_late_asks_instead_of_leaving(services, clock, workspace, late, state):
    """The machine stood still over the time: within the hour it is sent, after it a person decides."""
    with services.database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id)
        campaign = a_campaign(session, workspace, send_later=True, scheduled_at=NOON + timedelta(hours=1))
        plan(session, workspace, campaign.id)
        campaign_id = campaign.id
    clock.advance(timedelta(hours=1) + late)

    for _ in range(2):
        jobs.launch_planned(services, workspace_id=workspace.id, campaign_id=campaign_id)

    with services.database.transaction(workspace.id) as session:
        assert compose.get(session, workspace.id, campaign_id).state == state
        assert session.scalar(text("SELECT count(*) FROM messages")) == (1 if state == "sending" else 0)


def test_what_was_to_leave_now_is_held_too_when_nobody_sent_it_for_an_hour(session, workspace):
    consented_customer(session, workspace.id)
    campaign = a_campaign(session, workspace)
    plan(session, workspace, campaign.id)

    late = NOON + timedelta(hours=3)
    schedule.launch_planned(session, workspace.id, campaign.id, now=late, public_url="https://m.example")

    assert campaign.state == "held"


def test_a_held_campaign_says_so_and_offers_three_ways(client, database, workspace, held):
    for path in ("/", "/campaigns", f"/campaigns/{held}"):
        assert "was due on Mar 2, 2026" in client.get(path).text
    page = client.get(f"/campaigns/{held}").text

    assert "Send now to 1 person" in page
    assert "Reschedule" in page
    assert "Cancel the sending" in page
    assert "1 now" in page


def test_a_held_campaign_is_sent_only_when_asked(client, services, workspace, held):
    for _ in range(2):
        client.post(f"/campaigns/{held}/send-held")
    jobs.launch_planned(services, workspace_id=workspace.id, campaign_id=held)

    with services.database.transaction(workspace.id) as session:
        assert overview.state_of(session, compose.get(session, workspace.id, held)) == "sending"
        assert session.scalar(text("SELECT count(*) FROM messages")) == 1


def test_a_held_campaign_gets_another_time_or_is_refused_at_the_field(client, database, workspace, held):
    refused = client.post(f"/campaigns/{held}/reschedule", data={"at": "2020-01-01T10:00"})
    client.post(f"/campaigns/{held}/reschedule", data={"at": AT})

    assert refused.status_code == 422
    assert "This time has passed." in refused.text
    assert 'value="2020-01-01T10:00"' in refused.text
    assert kept(database, workspace, held) == ("scheduled", True, DUE)


def test_a_held_campaign_becomes_a_draft_again(client, database, workspace, held):
    client.post(f"/campaigns/{held}/unplan")

    assert kept(database, workspace, held)[0] == "draft"
    assert "This time has passed." in client.get(f"/campaigns/{held}").text
    assert "was due on" not in client.get("/").text


def test_a_deleted_draft_comes_back_as_it_was(client, database, workspace, draft):
    """Deleting offers Undo, and back it comes under its own address, with its time; a second press finds nothing."""
    data = typed(client.get(f"/campaigns/{draft}").text, workspace, when="later", at=AT, subject="Written with care")
    client.post(f"/campaigns/{draft}/save", data=data, headers=LIVE)
    client.post(f"/campaigns/{draft}/delete")
    page = client.get("/campaigns").text
    gone = client.get(f"/campaigns/{draft}").status_code
    again = re.search(r"/undo/\d+", page)
    assert again
    client.post(again[0])

    assert "Written with care" not in page
    assert gone == 404
    assert "Written with care" in client.get(f"/campaigns/{draft}").text
    assert kept(database, workspace, draft) == ("draft", True, DUE)
    assert client.post(again[0]).status_code == 410
