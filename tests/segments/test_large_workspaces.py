"""In a workspace of many customers the builder opens at once, and counts when it is there."""

from __future__ import annotations

from app.customers.listing import mixes
from app.segments import segments
from app.segments.segments import SegmentChange
from tests.factories.conditions import Is
from tests.factories.customers import a_customer
from tests.factories.segments import NOON

_COUNTS = 'hx-trigger="load" hx-include="#builder" hx-swap="outerHTML"'


def test_the_page_is_there_before_the_numbers(client, database, workspace, statements):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id, city="Rome")
        mixes.recount(session, workspace.id, now=NOON, at_sight=0)
        rome = segments.save(session, workspace.id, SegmentChange("R", Is("city", "Rome")), staff_id=None, now=NOON).id
    for address in ("/segments/new", f"/segments/{rome}", "/segments/new?starter=loyal"):
        with statements() as said:
            page = client.get(address).text
        assert _COUNTS in page
        assert "Counting …" in page
        assert not [each for each in said if "consented" in each]
    counted = client.post("/segments/summary", data={"r-match": "all"}, headers={"HX-Request": "true"}).text

    assert "1 person matches" in counted
    assert _COUNTS not in counted


def test_a_small_one_is_counted_at_once(client, database, workspace):
    with database.transaction(workspace.id) as session:
        a_customer(session, workspace.id)
    page = client.get("/segments/new").text

    assert "1 person matches" in page
    assert "Begin with a template" in page
