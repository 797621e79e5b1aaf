"""The builder as a marketer meets it."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.kernel import page_links
from app.kernel.clock import FixedClock
from app.kernel.database import Database
from app.kernel.services import install, services
from app.segments import codec, rules, segments
from app.segments.segments import SegmentChange
from app.segments.used_in import SegmentUses, Use
from tests.factories import conditions
from tests.factories.application.extending import extended
from tests.factories.segments import NOON
from tests.factories.segments.people import many_customers
from tests.factories.workspaces import WorkspaceForTests

LIVE = {"HX-Request": "true"}
BERLIN = {"r-match": "all", "r.0-what": "city", "r.0-op": "is", "r.0-value": "Berlin"}


def kept(database: Database, workspace: WorkspaceForTests, name: str = "Berliners") -> int:
    with database.transaction(workspace.id) as session:
        rule = rules.AllOf((conditions.Is("city", "Berlin"),))
        return segments.save(session, workspace.id, SegmentChange(name, rule), staff_id=None, now=NOON).id


def test_an_empty_list_says_what_a_segment_is(client: FlaskClient) -> None:
    page = client.get("/segments")

    assert page.status_code == 200
    assert "No segments yet" in page.text


def test_the_builder_counts_what_is_typed(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    with database.transaction(workspace.id) as session:
        people = many_customers(session, workspace.id, workspace.topic_id, seed=3, count=30)
    expected = sum(who.values["city"] == "Berlin" for who in people)
    piece = client.post("/segments/summary", data=BERLIN, headers=LIVE)

    assert f"{expected} p" in piece.text
    assert "Customers for whom city is “Berlin”." in piece.text
    assert "<html" not in piece.text


def test_buttons_work_with_and_without_javascript(client: FlaskClient) -> None:
    for headers in (LIVE, {}):
        page = client.post("/segments/draft", data={**BERLIN, "do": "group@r"}, headers=headers)

        assert 'name="r.1-match"' in page.text
        assert 'value="Berlin"' in page.text
        assert ("<html" in page.text) == (not headers)


def test_saving_leads_to_the_kept_segment(client: FlaskClient) -> None:
    answer = client.post("/segments/save", data={**BERLIN, "name": "Berliners"})
    page = client.get(answer.headers["Location"])

    assert answer.status_code == 303
    assert "Berliners" in page.text
    assert "Customers for whom city is “Berlin”." in client.get("/segments").text


def test_a_mistake_is_named_and_nothing_is_saved(client: FlaskClient) -> None:
    wrong = {"r-match": "all", "r.0-what": "spent", "r.0-op": "greater_than", "r.0-value": "many", "name": "Rich"}
    answer = client.post("/segments/save", data=wrong, headers=LIVE)

    assert answer.status_code == 422
    assert "Enter a number." in answer.text
    assert "No segments yet" in client.get("/segments").text


@pytest.mark.parametrize(("name", "said"), [("", "Give the segment a name."), ("Berliners", "There is a segment with")])
def test_a_name_that_cannot_be_is_said_at_the_name(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests, name: str, said: str
) -> None:
    kept(database, workspace)
    answer = client.post("/segments/save", data={**BERLIN, "name": name})

    assert answer.status_code == 422
    assert said in answer.text


def test_rules_from_elsewhere_prefill_the_builder(client: FlaskClient) -> None:
    rule = json.dumps(codec.dump(rules.AnyOf((conditions.HasTag("vip"), conditions.GreaterThan("spent", 100)))))  # type: ignore[arg-type]
    page = client.get("/segments/new", query_string={"rules": rule})

    assert 'value="vip"' in page.text
    assert client.get("/segments/new", query_string={"rules": "{"}).status_code == 422


def test_names_and_values_are_shown_as_text(client: FlaskClient) -> None:
    hostile = "<script>alert(1)</script>"
    client.post("/segments/save", data={**BERLIN, "r.0-value": hostile, "name": hostile})
    page = client.get("/segments")

    assert hostile not in page.text
    assert "&lt;script&gt;" in page.text


def test_a_deleted_segment_can_be_brought_back_but_not_while_used(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    segment_id = kept(database, workspace)
    given = services()
    sale = Use("campaign", "Sale", page_links.to("campaigns.show", campaign_id=1))
    used = SegmentUses((lambda session, workspace_id, of: [sale],))
    install(extended(given, used))
    assert client.post(f"/segments/{segment_id}/delete").status_code == 409
    assert "Sale" in client.get(f"/segments/{segment_id}").text
    install(given)
    client.post(f"/segments/{segment_id}/delete")
    again = re.search(r'action="(/undo/\d+)"', client.get("/segments").text)
    assert again

    assert client.get(f"/segments/{segment_id}").status_code == 404
    back = client.post(again[1])
    assert back.headers["Location"] == f"/segments/{segment_id}"
    assert "Berliners" in client.get(back.headers["Location"]).text


def test_a_segment_of_another_workspace_is_not_there(client: FlaskClient, database: Database) -> None:
    from tests.factories.workspaces import a_workspace

    other = a_workspace(database, name="Other", now=NOON)
    segment_id = kept(database, other)

    assert client.get(f"/segments/{segment_id}").status_code == 404
    assert client.post("/segments/save", data={**BERLIN, "name": "x", "segment_id": segment_id}).status_code == 404


def test_the_schema_is_public(anonymous: FlaskClient) -> None:
    assert anonymous.get("/segments/schema.json").get_json()["title"] == "Segment rules"


def test_two_who_save_one_segment_do_not_undo_each_other(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests, clock: FixedClock
) -> None:
    """Whoever saves second is told that the page is not the newest; saving once more is their decision."""
    segment_id = kept(database, workspace)
    opened = re.search(r'name="opened_at" value="([^"]+)"', client.get(f"/segments/{segment_id}").text)
    assert opened
    form = {**BERLIN, "name": "Berliners", "segment_id": str(segment_id), "opened_at": opened[1]}
    clock.advance(timedelta(seconds=5))
    assert client.post("/segments/save", data={**form, "r.0-value": "Rome"}).status_code == 303
    late = client.post("/segments/save", data={**form, "r.0-value": "Oslo"})
    assert late.status_code == 422
    assert "Somebody else has saved this segment" in late.text
    assert 'value="Oslo"' in late.text
    assert "Rome" in client.get("/segments").text
    again = re.search(r'name="opened_at" value="([^"]+)"', late.text)
    assert again
    assert client.post("/segments/save", data={**form, "r.0-value": "Oslo", "opened_at": again[1]}).status_code == 303


def test_a_count_belongs_to_the_rule_that_was_counted(database: Database, workspace: WorkspaceForTests) -> None:
    """A rule that was replaced while somebody counted the old one does not get the old one's number."""
    segment_id = kept(database, workspace)
    with database.transaction(workspace.id) as session:
        segments.remember_count(session, workspace.id, segment_id, 7, of=NOON - timedelta(hours=1), now=NOON)
        assert segments.get(session, workspace.id, segment_id).latest_count is None
        segments.remember_count(session, workspace.id, segment_id, 8, of=NOON, now=NOON)
        session.expire_all()
        assert segments.get(session, workspace.id, segment_id).latest_count == 8
