"""The pages of campaigns, as a browser meets them."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import text

from app.campaigns import schedule, views
from tests.factories import NOON
from tests.factories.campaigns import a_campaign
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
    for word in ("Audience", "Content", "Checks", "When", "The subject is empty.", "Nobody is chosen yet."):
        assert word in page


def test_what_is_written_is_saved_with_checks_and_numbers(client, workspace, draft):
    data = form_of(client.get(f"/campaigns/{draft}").text) | {"topic": str(workspace.topic_id), "source": "{{ nope }}"}

    answer = client.post(f"/campaigns/{draft}/save", data=data, headers={"HX-Request": "true"}).text

    assert "Saved" in answer
    assert "Line 1, column 4" in answer
    assert 'value="2"' in answer
    assert "Will get it" in answer


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
    assert "1 person will get this mail now" in review

    first = client.post(f"/campaigns/{draft}/launch", data={"when": "now"})
    again = client.post(f"/campaigns/{draft}/launch", data={"when": "now"})
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
        schedule.launch(session, workspace.id, draft, now=NOON)

    client.post(f"/campaigns/{draft}/pause")
    paused = client.get(f"/campaigns/{draft}").text
    client.post(f"/campaigns/{draft}/cancel")
    ended = client.get(f"/campaigns/{draft}").text

    assert "Still waiting: 1 person." in paused
    assert "Ended. 1 person will not get this mail." in ended
    assert "you ended the campaign" in ended


def test_later_is_in_the_workspaces_own_time(client, database, workspace, draft):
    client.post(f"/campaigns/{draft}/launch", data={"when": "later", "at": "2026-03-05T09:00"})

    with database.transaction(workspace.id) as session:
        at = session.scalar(text("SELECT scheduled_at FROM campaigns WHERE id = :id"), {"id": draft})
        query = "SELECT run_at FROM outbox WHERE name = 'campaigns.launch_planned' AND args->>'campaign_id' = :id"
        run_at = session.scalar(text(query), {"id": str(draft)})
    assert at.isoformat() == run_at.isoformat() == "2026-03-05T08:00:00+00:00"
    assert client.post(f"/campaigns/{draft}/unplan").status_code == 303


@pytest.mark.parametrize("at", ["", "yesterday", "2020-01-01T10:00"])
def test_a_time_that_makes_no_sense_is_refused(client, draft, at):
    assert client.post(f"/campaigns/{draft}/launch", data={"when": "later", "at": at}).status_code in (303, 422)
    assert "A draft" in client.get(f"/campaigns/{draft}").text


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
        schedule.launch(session, workspace.id, draft, now=NOON)

    assert "Latest campaigns" in client.get("/").text
