"""The pages of campaigns, as a browser meets them."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.campaigns import views
from app.campaigns.launch import schedule
from app.campaigns.reports import overview, rates, results
from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.customers.timeline.event_names import EventName, Source
from app.segments import codec
from app.segments.models import Segment
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, launch, send_of
from tests.factories.conditions import Is
from tests.factories.consent import consented_customer

HOSTILE = '"><script>alert(1)</script>{{ 7*7 }}'


@pytest.fixture
def draft(database, workspace):
    """A draft that is ready to leave, to one person."""
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, email="ada@example.com", first_name="Ada")
        return a_campaign(session, workspace).id


@pytest.fixture
def ada(database, workspace, draft):
    """The one person the draft is for."""
    with database.transaction(workspace.id) as session:
        return session.scalar(text("SELECT id FROM customers"))


def form_of(page: str) -> dict[str, str]:
    """What the browser would send of the compose form."""
    revision = re.search(r'name="revision" id="revision" value="(\d+)"', page)
    assert revision
    return {"revision": revision[1], "name": "Spring", "topic": "", "audience": "everybody", "language": "en",
            "format": "markdown", "subject": "Hello", "preheader": "", "source": "# Hi"}  # fmt: skip


def test_from_an_empty_list_to_a_draft(client, workspace):
    assert "No campaigns yet" in client.get("/campaigns").text

    answer = client.post("/campaigns/new", data={"name": "Autumn", "topic": workspace.topic_id})
    page = client.get(answer.location).text

    assert answer.status_code == 303
    for word in ("Audience", "Content", "Checks", "When", "The subject is empty.", "No recipients are chosen yet."):
        assert word in page


def test_what_is_written_is_saved_with_checks_and_numbers(client, workspace, draft):
    data = form_of(client.get(f"/campaigns/{draft}").text) | {"topic": str(workspace.topic_id), "source": "{{ nope }}"}

    answer = client.post(f"/campaigns/{draft}/save", data=data, headers={"HX-Request": "true"}).text

    assert "Saved" in answer
    assert "Line 1, column 4" in answer
    assert 'value="2"' in answer
    assert "Mailable" in answer


def test_a_second_window_is_told_and_may_keep_its_text(client, workspace, draft):
    data = form_of(client.get(f"/campaigns/{draft}").text)
    live = {"HX-Request": "true"}
    client.post(f"/campaigns/{draft}/save", data=data, headers=live)

    told = client.post(f"/campaigns/{draft}/save", data=data | {"subject": "Mine"}, headers=live).text
    mine = data | {"subject": "Mine", "overwrite": "yes"}
    kept = client.post(f"/campaigns/{draft}/save", data=mine, headers=live).text

    assert "changed in another window" in told
    assert "Keep mine" in told
    assert "Saved" in kept
    assert 'value="Mine"' in client.get(f"/campaigns/{draft}").text


def test_the_preview_is_framed_and_runs_nothing(client, draft, ada):
    for mode in ("desktop", "phone", "dark", "text"):
        answer = client.get(f"/campaigns/{draft}/mail?mode={mode}")

        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "allow-same-origin" not in answer.headers["Content-Security-Policy"]
        assert "allow-scripts" not in answer.headers["Content-Security-Policy"]
    assert "Hello Ada" in client.get(f"/campaigns/{draft}/mail?customer={ada}").text


def test_a_hostile_name_is_only_text(client, database, workspace):
    with database.transaction(workspace.id) as session:
        campaign = a_campaign(session, workspace, name=HOSTILE, subject="x" + HOSTILE.replace("{{ 7*7 }}", "")).id
    for path in ("/campaigns", f"/campaigns/{campaign}", f"/campaigns/{campaign}/review"):
        page = client.get(path).text

        assert "<script>alert" not in page
        assert html.escape("<script>alert") in page


def test_pressing_launch_twice_sends_once_and_says_how_many(client, database, workspace, draft):
    review = client.get(f"/campaigns/{draft}/review").text
    assert "1 now" in review

    first = client.post(f"/campaigns/{draft}/launch", data={"revision": "1"})
    again = client.post(f"/campaigns/{draft}/launch", data={"revision": "1"})
    with database.transaction(workspace.id) as session:
        schedule.launch_planned(session, workspace.id, draft, now=NOON, public_url="https://m.example")
        schedule.launch_planned(session, workspace.id, draft, now=NOON, public_url="https://m.example")
        sends = session.scalar(text("SELECT count(*) FROM sends WHERE kind = 'campaign'"))

    assert (first.status_code, again.status_code, sends) == (303, 303, 1)
    report = client.get(f"/campaigns/{draft}").text
    assert "Next: 1 person" in report
    assert "Pause" in report


def test_a_campaign_under_way_is_paused_and_ended_in_numbers(client, database, workspace, draft):
    with database.transaction(workspace.id) as session:
        launch(session, workspace, draft)

    client.post(f"/campaigns/{draft}/pause")
    paused = client.get(f"/campaigns/{draft}").text
    client.post(f"/campaigns/{draft}/cancel")
    ended = client.get(f"/campaigns/{draft}").text

    assert "Still waiting: 1 person." in paused
    assert "Cancelled. 1 person will not get this mail." in ended
    assert "the sending was cancelled" in ended
    assert re.search(r"/undo/\d+", ended)


def test_a_test_goes_to_oneself_only(client, database, workspace, draft):
    client.post(f"/campaigns/{draft}/test", data={"to": "victim@example.com"})

    with database.transaction(workspace.id) as session:
        rows = session.execute(text("SELECT to_address, body FROM staff_mails WHERE kind = 'test'")).all()
    assert [row.to_address for row in rows] == [workspace.owner_email]
    assert b"[Test] Spring is here" in bytes(rows[0].body)


def test_search_finds_campaigns(app, session, workspace):
    a_campaign(session, workspace, name="Winter sale")
    with app.test_request_context():
        assert [hit[0] for hit in views.search(session, workspace.id, "winter")] == ["Winter sale"]


def test_the_home_page_shows_the_latest_campaigns(client, database, workspace, draft):
    with database.transaction(workspace.id) as session:
        launch(session, workspace, draft)

    assert "Latest campaigns" in client.get("/").text


def test_cancelling_the_rest_can_be_taken_back_for_an_hour(client, database, workspace, draft, clock):
    """Whoever had not got it waits again; later than that nothing old is sent by a stale press of Undo."""
    with database.transaction(workspace.id) as session:
        launch(session, workspace, draft)

    client.post(undo_of(client, draft, "cancel"))
    back = client.get(f"/campaigns/{draft}").text
    with database.transaction(workspace.id) as session:
        assert session.scalar(text("SELECT due_at FROM messages WHERE state = 'queued'")) == NOON
    late = undo_of(client, draft, "cancel")
    clock.advance(timedelta(minutes=61))
    refused = client.post(late)

    assert "Not cancelled after all" in back
    assert "too long ago" in refused.text
    with database.transaction(workspace.id) as session:
        query = "SELECT s.state, m.state FROM sends s, messages m WHERE s.kind = 'campaign'"
        assert [tuple(row) for row in session.execute(text(query))] == [("cancelled", "skipped")]


def test_a_cancelled_campaign_that_was_paused_comes_back_paused(client, database, workspace, draft):
    with database.transaction(workspace.id) as session:
        launch(session, workspace, draft)
    client.post(f"/campaigns/{draft}/pause")

    client.post(undo_of(client, draft, "cancel"))

    with database.transaction(workspace.id) as session:
        query = text("SELECT state, pause_reason FROM sends WHERE kind = 'campaign'")
        assert [tuple(row) for row in session.execute(query)] == [("paused", "staff")]


def undo_of(client, draft, action):
    """Do it, and return the address that takes it back."""
    client.post(f"/campaigns/{draft}/{action}")
    found = re.findall(r"/undo/\d+", client.get(f"/campaigns/{draft}").text)
    return found[-1]


def test_a_subject_is_shown_as_a_person_reads_it(client, database, workspace):
    """Never with its tags: in the list, on the report, in search, and in the history of the one who got it."""
    subject = "{{ customer.first_name|default('Hello') }}, your {% if customer.city %}{{ customer.city }} {% endif %}"
    subject += "tea"
    with database.transaction(workspace.id) as session:
        person = consented_customer(session, workspace.id, email="bea@example.com", first_name="Bea", city="Bonn")
        campaign = a_campaign(session, workspace, subject=subject)
        launch(session, workspace, campaign.id)
        session.execute(text("UPDATE messages SET state = 'sent', sent_at = :now"), {"now": NOON})
        campaign_id, customer_id = campaign.id, person.id

    for path in ("/campaigns", f"/campaigns/{campaign_id}", "/search?q=tea"):
        page = html.unescape(client.get(path).text)
        assert "Ada, your tea" in page
        assert "{{" not in page
        assert "{%" not in page
    history = html.unescape(client.get(f"/customers/{customer_id}").text)
    assert "Bea, your Bonn tea" in history
    assert "{{" not in history


def test_list_and_report_name_one_click_rate(client, database, workspace):
    """Three got it, one clicked, one mail was refused: 33.3 % of 3 delivered, everywhere, and nothing twice."""
    with database.transaction(workspace.id) as session:
        people = [consented_customer(session, workspace.id, email=f"{name}@example.com") for name in "abcd"]
        campaign = a_campaign(session, workspace)
        launch(session, workspace, campaign.id)
        send_id = send_of(session, campaign)
        session.execute(text("UPDATE messages SET state = 'sent', sent_at = :now"), {"now": NOON})
        session.execute(
            text("UPDATE messages SET state = 'refused', sent_at = NULL, reason = 'address' WHERE customer_id = :id"),
            {"id": people[3].id},
        )
        activities.record_many(
            session,
            [
                ActivityRow(
                    *(workspace.id, people[0].id, NOON, EventName.CLICKED, Source.TRACKING),
                    send_id=send_id,
                    verdict="human",
                ),
                ActivityRow(
                    *(workspace.id, people[3].id, NOON, EventName.BOUNCED, Source.DELIVERY), send_id=send_id
                ),
            ],
            now=NOON,
        )
        summary = results.summary(session, workspace.id, campaign.id, now=NOON)
        line = overview.recent(session, workspace.id, limit=1)[0]
        campaign_id = campaign.id

    assert (summary.delivered, summary.bounced) == (3, 1)
    assert summary.human_clicks == line.human_clicks == rates.Share(1, 3)
    report = client.get(f"/campaigns/{campaign_id}").text
    assert "1 of 3 delivered" in report
    assert "1 bounced" in report
    for path in ("/", "/campaigns", f"/campaigns/{campaign_id}"):
        assert "33.3" in client.get(path).text


def test_a_segment_whose_field_is_gone_lets_its_author_choose_another(client, database, workspace):
    """The field was removed after the segment was made: every page of the campaign answers, and says what is wrong."""
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id)
        rule = codec.dump(Is("shirt", "M"))
        segment = Segment(workspace_id=workspace.id, name="Shirts", rules=rule, updated_at=NOON, created_by=None)
        session.add(segment)
        session.flush()
        drafted = a_campaign(session, workspace, is_for_everyone=False, segment_id=segment.id)
        planned = a_campaign(session, workspace, is_for_everyone=False, segment_id=segment.id)
        planned.state, planned.scheduled_at, planned.send_later = "scheduled", NOON + timedelta(days=1), True
        ids = (drafted.id, planned.id)

    pages = [f"/campaigns/{ids[0]}{page}" for page in ("", "/review", "/preview", "/mail")]
    answers = {page: client.get(page) for page in [*pages, f"/campaigns/{ids[1]}", "/campaigns", "/"]}
    assert {page: answer.status_code for page, answer in answers.items() if answer.status_code != 200} == {}
    for page in (f"/campaigns/{ids[0]}", f"/campaigns/{ids[0]}/review", f"/campaigns/{ids[1]}"):
        assert "The segment “Shirts” does not work any more." in html.unescape(answers[page].text)
    assert "There is no field “shirt”." in html.unescape(answers[pages[0]].text)

    data = form_of(answers[pages[0]].text) | {"topic": str(workspace.topic_id)}
    saved = client.post(f"/campaigns/{ids[0]}/save", data=data, headers={"HX-Request": "true"})
    assert "does not work any more" not in saved.text
    assert "Mailable" in saved.text
