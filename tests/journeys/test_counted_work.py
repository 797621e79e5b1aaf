"""Lists ask the database as often for many rows as for few, and searching looks at all of them."""

from __future__ import annotations

import pytest

from app.followup import tasks
from app.followup.sources import Source
from app.followup.tasks import NewTask
from app.journeys.engine import enrolment
from tests.factories import NOON
from tests.factories.consent import consented_customer
from tests.factories.journeys import a_journey, a_segment, run_due

PAGES = ["/journeys", "/tasks", "/", "/search?q=Welcome"]


def grow(database, workspace, *, to: int, customer_id: int | None = None) -> int:
    """So many journeys, in by segments and by topics, one person on all of them, and as many tasks."""
    with database.transaction(workspace.id) as session:
        ada = customer_id or consented_customer(session, workspace.id).id
        for number in range(to):
            trigger = ("segment", a_segment(session, workspace, tag=f"t{to}-{number}")) if number % 2 else None
            made = a_journey(session, workspace, trigger=trigger, interest="Call")
            enrolment.enrol_customer(session, made, ada, now=NOON)
            task = NewTask("Call", Source("journey", made.id), workspace.owner_id)
            tasks.open_for(session, workspace.id, [ada], task, now=NOON)
        run_due(session, workspace.id, now=NOON)
        return ada


def test_pages_about_journeys_ask_as_often_for_many_as_for_few(client, database, workspace, statements):
    ada = grow(database, workspace, to=2)
    counts = []
    for to in (0, 12):
        grow(database, workspace, to=to, customer_id=ada)
        asked = {}
        for page in (*PAGES, f"/customers/{ada}"):
            client.get(page)
            with statements() as seen:
                assert client.get(page).status_code == 200
            asked[page] = len(seen)
        counts.append(asked)

    assert counts[0] == counts[1]


def test_stopping_somebody_asks_as_often_on_many_journeys_as_on_one(database, workspace, statements):
    counts = []
    for to in (1, 9):
        customer_id = grow(database, workspace, to=to)
        with database.transaction(workspace.id) as session, statements() as seen:
            enrolment.stop_for_purchase(session, workspace.id, customer_id, at=NOON, now=NOON)
        counts.append(len(seen))
        with database.transaction(workspace.id) as session:
            for statement in ("DELETE FROM customers WHERE id = %s", "DELETE FROM addresses WHERE customer_id = %s"):
                session.connection().exec_driver_sql(statement, (customer_id,))

    assert counts[0] == counts[1]


@pytest.mark.parametrize("words", ["needle", "NEEDLE", "eedl"])
def test_the_search_box_finds_a_journey_however_old_it_is(client, database, workspace, words):
    """It is the database that searches; the two hundred newest are not all there is."""
    with database.transaction(workspace.id) as session:
        a_journey(session, workspace, is_live=False).name = "The Needle"
        session.flush()
        session.connection().exec_driver_sql(
            "INSERT INTO journeys (workspace_id, name, state, version, trigger_kind, trigger_id, topic_id, identity_id,"
            " created_at) SELECT workspace_id, 'Hay ' || n, state, version, trigger_kind, trigger_id, topic_id,"
            " identity_id, created_at FROM journeys, generate_series(1, 300) n WHERE name = 'The Needle'"
        )

    assert "The Needle" in client.get(f"/search?q={words}").text


def test_old_journeys_are_reached_page_by_page(client, database, workspace):
    with database.transaction(workspace.id) as session:
        first = a_journey(session, workspace, is_live=False)
        first.name = "The oldest"
        session.flush()
        session.connection().exec_driver_sql(
            "INSERT INTO journeys (workspace_id, name, state, version, trigger_kind, trigger_id, topic_id, identity_id,"
            " created_at) SELECT workspace_id, 'Hay ' || n, state, version, trigger_kind, trigger_id, topic_id,"
            " identity_id, created_at FROM journeys, generate_series(1, 60) n WHERE name = 'The oldest'"
        )
        newest = first.id + 11
    assert "The oldest" not in client.get("/journeys").text
    assert "Hay 1<" in client.get(f"/journeys?before={newest}").text
    assert "The oldest" in client.get(f"/journeys?before={newest}").text
