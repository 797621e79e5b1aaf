"""The visual editor's answers: what it is told, what it saves, and what it is refused."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import text

from app.campaigns.library import designs
from app.rendering.blocks import schema
from tests.factories import NOON
from tests.factories.campaigns import a_campaign, content_of, launch
from tests.factories.consent import consented_customer


@pytest.fixture
def draft(database, workspace):
    """A draft in blocks: its campaign and content."""
    begun = designs.start("welcome", "en")
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, email="ada@example.com", first_name="Ada")
        campaign = a_campaign(session, workspace, format="blocks", source=begun.source)
        return campaign.id, content_of(session, campaign).id


def save(client, draft, source, revision=1):
    campaign_id, content_id = draft
    given = {"revision": revision, "source": source if isinstance(source, str) else json.dumps(source)}
    return client.post(f"/campaigns/{campaign_id}/design/state?content={content_id}", json=given)


def kept(database, workspace, draft) -> str:
    with database.transaction(workspace.id) as session:
        return session.scalar(text("SELECT source FROM campaign_contents WHERE id = :id"), {"id": draft[1]})


MAIL = {"blocks": [{"id": "a", "kind": "heading", "text": "New"}, {"id": "f", "kind": "footer"}]}


def test_a_design_is_chosen_changed_and_leaves(client, database, workspace):
    with database.transaction(workspace.id) as session:
        consented_customer(session, workspace.id, email="ada@example.com", first_name="Ada")
    begun = client.post("/campaigns/new", data={"name": "Hi", "topic": workspace.topic_id, "design": "newsletter"})
    page = client.get(begun.location).text
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)[1])

    answer = client.post(data["url"], json={"revision": data["revision"], "source": json.dumps(MAIL)})
    told = answer.get_json()

    assert answer.status_code == 200
    assert told["revision"] == data["revision"] + 1
    assert 'class="b-a ink"' in told["html"]
    assert told["problems"] == []
    assert "Edit the design" in client.get(begun.location.replace("/design", "")).text


def test_what_is_wrong_is_told_at_its_block(client, draft):
    mail = {"blocks": [{"id": "go", "kind": "button", "text": "", "href": ""},
                       {"id": "pic", "kind": "image", "src": "https://a.example/i.png"},
                       {"id": "pale", "kind": "text", "html": "<p>x</p>", "color": "#eeeeee"},
                       {"id": "who", "kind": "text", "html": "<p>{{ customer.shoe }}</p>"}]}  # fmt: skip

    first = save(client, draft, mail).get_json()["problems"]
    mail["blocks"].pop()
    then = save(client, draft, mail, revision=2).get_json()["problems"]

    assert [(each["block"], each["level"]) for each in first] == [("who", "error")]
    assert [(each["block"], each["level"]) for each in then if each["block"]] == [
        ("go", "error"), ("go", "error"), ("pic", "warning"), ("pale", "warning"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    ["", "[]", "{" * 5000, json.dumps({"blocks": [{"id": "a", "kind": "button", "href": "javascript:x"}]}),
     json.dumps({"blocks": [{"id": "a", "kind": "text", "html": "x" * 70_000}]}), '{"width": 1e999}', "\ud800", "\0"],
)  # fmt: skip
def test_what_is_no_mail_is_refused_and_what_was_there_stays(client, database, workspace, draft, source):
    before = kept(database, workspace, draft)
    answer = save(client, draft, source)

    assert answer.status_code == 422
    assert answer.get_json()["message"]
    assert kept(database, workspace, draft) == before


def test_no_object_no_list_and_no_words_are_refused(client, draft):
    campaign_id, content_id = draft
    url = f"/campaigns/{campaign_id}/design/state?content={content_id}"

    for given in ([], "x", None, {"source": 5}, {"revision": 1}):
        assert client.post(url, json=given).status_code == 422


def test_the_second_of_two_is_told_what_the_first_saved(client, draft):
    first = {"blocks": [{"id": "a", "kind": "heading", "text": "First"}]}
    second = {"blocks": [{"id": "a", "kind": "heading", "text": "Second"}]}
    save(client, draft, first)

    answer = save(client, draft, second)
    told = answer.get_json()
    again = save(client, draft, second, revision=told["revision"])

    assert answer.status_code == 409
    assert json.loads(told["source"])["blocks"][0]["text"] == "First"
    assert again.status_code == 200


def test_what_a_colleague_saved_is_told_once(client, draft):
    campaign_id, content_id = draft
    url = f"/campaigns/{campaign_id}/design/state?content={content_id}"
    save(client, draft, MAIL)

    assert client.get(f"{url}&revision=2").status_code == 204
    assert client.get(f"{url}&revision=1").get_json()["revision"] == 2


def test_a_launched_campaign_and_a_source_keep_what_they_say(client, database, workspace, draft):
    with database.transaction(workspace.id) as session:
        other = a_campaign(session, workspace)
        written = (other.id, content_of(session, other).id)
    before = kept(database, workspace, draft)
    with database.transaction(workspace.id) as session:
        launch(session, workspace, draft[0], now=NOON)

    assert save(client, written, MAIL).status_code == 409
    assert save(client, draft, MAIL).status_code == 409
    assert kept(database, workspace, draft) == before
    assert client.get(f"/campaigns/{draft[0]}/design").status_code == 303


def test_products_are_found_by_name(client, database, workspace):
    with database.transaction(workspace.id) as session:
        session.execute(
            text("INSERT INTO products (workspace_id, ref, name, price, currency, created_at, updated_at) "
                 "VALUES (:w, 'p1', 'Oolong & Co', 9.8, 'EUR', now(), now())"), {"w": workspace.id},
        )  # fmt: skip

    found = client.get("/campaigns/products.json?q=oolong").get_json()

    assert [(each["name"], each["price"]) for each in found] == [("Oolong & Co", "€9.80")]
    assert client.get("/campaigns/products.json?q=").get_json() == []


def test_the_canvas_runs_nothing_and_is_ours_to_reach_into(client):
    answer = client.get("/campaigns/design/canvas")

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "sandbox" not in policy
    assert "frame-ancestors 'self'" in policy


def test_a_design_of_the_library_is_shown_in_a_sandbox(client):
    answer = client.get("/campaigns/designs/offer")

    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "<h1" in answer.text
    assert client.get("/campaigns/designs/nothing").status_code == 404


def test_the_compose_page_keeps_a_design_whatever_is_posted(client, database, workspace, draft):
    before = kept(database, workspace, draft)
    page = client.get(f"/campaigns/{draft[0]}").text
    revision = re.search(r'name="revision" id="revision" value="(\d+)"', page)[1]
    given = {"revision": revision, "content_revision": "1", "name": "n", "topic": "", "audience": "everybody"}
    given |= {"language": "en", "format": "html", "subject": "Other", "preheader": "", "source": "<p>gone</p>"}

    client.post(f"/campaigns/{draft[0]}/save?content={draft[1]}", data=given)

    assert kept(database, workspace, draft) == before
    assert schema.read(before).blocks
