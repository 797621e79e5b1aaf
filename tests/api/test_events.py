"""Events that programs report: each once, by itself, and at once there for segments."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.api import reported_events
from tests.factories import NOON, conditions
from tests.factories.segments import counted

ADA = {"email": "ada@example.com"}
VIEWED = {
    "customer": ADA,
    "name": "Viewed a product",
    "at": "2026-03-01T12:00:00Z",
    "data": {"sku": "T-1", "price": 4.5},
}
UNKNOWN = {**VIEWED, "customer": {"email": "nobody@example.com"}}


@pytest.fixture
def ada(api):
    return api("PUT", "/customers", {**ADA, "external_ref": "C-1"}).json["customer"]["id"]


def on_record(session):
    query = "SELECT customer_id, name, facts -> 'data' ->> 'sku' FROM activities WHERE source = 'api' ORDER BY id"
    return [tuple(row) for row in session.execute(text(query))]


def test_of_a_batch_each_event_is_told_by_itself(api, ada, session):
    ours = {**VIEWED, "name": "Clicked"}
    late = {**VIEWED, "at": "2035-01-01T00:00:00Z"}
    by_ref = {**VIEWED, "customer": {"external_ref": "C-1"}, "data": {"sku": "T-2"}}
    by_id = {**VIEWED, "customer": {"id": ada}, "data": {}}
    made = api("POST", "/events/batch", {"events": [VIEWED, UNKNOWN, ours, late, by_ref, by_id]})

    assert (made.status_code, made.json["recorded"]) == (201, 3)
    assert [bool(each["event"]) for each in made.json["results"]] == [True, False, False, False, True, True]
    refused = [each["errors"][0]["pointer"] for each in made.json["results"][1:4]]
    assert refused == ["/customer", "/name", "/at"]
    assert set(on_record(session)) == {(ada, "Viewed a product", sku) for sku in ("T-1", "T-2", None)}


@pytest.mark.parametrize("many", [1, 100])
def test_a_batch_takes_as_many_statements_as_one_event(api, ada, statements, many):
    """However many events there are, they are looked up, noted and recorded together."""
    events = [{**VIEWED, "event_ref": f"E-{number}"} for number in range(many)]
    with statements() as asked:
        made = api("POST", "/events/batch", {"events": events})

    assert made.json["recorded"] == many
    assert len(asked) < 20


def test_an_event_told_again_under_its_number_is_one_event(api, ada, session):
    told = {**VIEWED, "event_ref": "E-1"}
    first = api("POST", "/events", told)
    again = api("POST", "/events/batch", {"events": [told, {**told, "event_ref": "E-2"}, {**told, "event_ref": "E-2"}]})

    assert (first.status_code, first.json["is_new"]) == (201, True)
    assert [each["event"]["is_new"] for each in again.json["results"]] == [False, True, False]
    assert len(on_record(session)) == 2


def test_a_refused_event_may_be_told_again_under_its_number(api, ada):
    early = api("POST", "/events/batch", {"events": [{**UNKNOWN, "event_ref": "E-1"}]})
    api("PUT", "/customers", {"email": "nobody@example.com"})
    made = api("POST", "/events/batch", {"events": [{**UNKNOWN, "event_ref": "E-1"}]})

    assert (early.json["recorded"], made.json["results"][0]["event"]["is_new"]) == (0, True)


def test_programs_that_tell_the_same_at_the_same_time_record_it_once(api, app, ada, session):
    told = [{**VIEWED, "event_ref": f"E-{number}"} for number in range(30)]

    def tell(turn):
        events = told if turn % 2 else told[::-1]
        return api("POST", "/events/batch", {"events": events}, client=app.test_client()).status_code

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(tell, range(8))) == {201}
    assert len(on_record(session)) == 30


def test_numbers_are_forgotten_after_a_month(api, ada, database, workspace):
    told = {**VIEWED, "event_ref": "E-1"}
    api("POST", "/events", told)
    with database.transaction(workspace.id) as session:
        reported_events.forget(session, workspace.id, now=NOON + reported_events.KEPT_FOR * 2)

    assert api("POST", "/events", told).json["is_new"] is True


@pytest.mark.parametrize(
    ("events", "pointer"),
    [
        ([], "/events"),
        ([VIEWED] * 101, "/events"),
        ([VIEWED, {**VIEWED, "name": "x" * 81}], "/events/1/name"),
        ([{**VIEWED, "data": {"Bad key": 1}}], "/events/0/data/Bad key"),
        ([{**VIEWED, "event_ref": "a\nb"}], "/events/0/event_ref"),
        ([{**VIEWED, "customer": {}}], "/events/0/customer"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(api, ada, events, pointer):
    refused = api("POST", "/events/batch", {"events": events})

    assert refused.status_code == 422
    assert pointer in refused.json["errors"][0]["pointer"]


def test_segments_see_an_event_as_soon_as_it_is_told(api, ada, database, workspace):
    did_something = conditions.Did("event", days=30)
    answers = []
    for _ in range(2):
        with database.transaction(workspace.id, reading=True) as session:
            answers.append(counted(session, workspace.id, did_something, now=NOON))
        api("POST", "/events/batch", {"events": [VIEWED]})

    assert answers == [0, 1]
