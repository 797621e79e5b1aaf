"""Tasks say who asks for them, wait until somebody does them, and can be taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.followup import tasks
from app.followup.models import Task
from app.followup.sources import Source, SourceName
from app.followup.tasks import NewTask
from app.kernel import page_links
from app.kernel.refusals import NotFound
from tests.factories import NOON
from tests.factories.customers import a_customer
from tests.factories.journeys import a_journey

CALL = NewTask("Call", Source("staff"))


def test_a_task_names_the_journey_that_opened_it(session, workspace):
    journey = a_journey(session, workspace)
    ada = a_customer(session, workspace.id)
    tasks.open_for(session, workspace.id, [ada.id], NewTask("Call", Source("journey", journey.id)), now=NOON)

    task = tasks.list_open(session, workspace.id)[0]
    page = page_links.to("journeys.show_journey", journey_id=journey.id)
    assert task.source == SourceName("Journey", "Welcome", page)


@pytest.mark.parametrize("source", [Source("staff"), Source("journey", 404), Source("survey", 1)])
def test_a_source_that_is_gone_or_unknown_keeps_nobody_from_the_task(session, workspace, source):
    ada = a_customer(session, workspace.id)
    tasks.open_for(session, workspace.id, [ada.id], NewTask("Call", source), now=NOON)

    assert tasks.list_open(session, workspace.id)[0].source is None
    assert session.query(Task).one().source == source.kind


def test_nobody_to_call_opens_nothing(session, workspace):
    tasks.open_for(session, workspace.id, [], CALL, now=NOON)

    assert tasks.count_open(session, workspace.id) == 0


def test_done_twice_is_done_once_and_can_be_taken_back(session, workspace):
    ada = a_customer(session, workspace.id)
    tasks.open_for(session, workspace.id, [ada.id], CALL, now=NOON)
    task_id = tasks.list_open(session, workspace.id)[0].id
    tasks.finish(session, workspace.id, task_id, staff_id=workspace.owner_id, now=NOON)
    done = tasks.finish(session, workspace.id, task_id, staff_id=workspace.owner_id, now=NOON + timedelta(days=1))

    assert done.done_at == NOON
    assert tasks.list_open(session, workspace.id) == []
    tasks.reopen(session, workspace.id, task_id)
    assert tasks.count_open(session, workspace.id) == 1


def test_a_task_of_nobody_is_not_there(session, workspace):
    with pytest.raises(NotFound):
        tasks.finish(session, workspace.id, 404, staff_id=workspace.owner_id, now=NOON)


def test_the_page_lists_mine_or_everybodys(client, database, workspace):
    with database.transaction(workspace.id) as session:
        ada = a_customer(session, workspace.id, first_name="Ada")
        for owner, title in ((workspace.owner_id, "Call"), (None, "Visit")):
            tasks.open_for(session, workspace.id, [ada.id], NewTask(title, Source("staff"), owner), now=NOON)

    everybody, mine = client.get("/tasks").text, client.get("/tasks?owner=me").text
    assert "Call" in everybody
    assert "Visit" in everybody
    assert "Call" in mine
    assert "Visit" not in mine
    assert "Visit" in client.get(f"/customers/{ada.id}").text
