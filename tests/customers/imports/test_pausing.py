"""A run is paused, goes on, and is cancelled between two batches; nothing is written twice or half."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.customers.imports import running, steps
from app.customers.imports.kinds import ImportKinds
from app.customers.imports.models import ImportFile
from app.customers.imports.people import People
from app.customers.imports.people_staging import PeopleStage
from app.customers.imports.undoing import undo
from app.customers.models import Customer
from app.kernel.clock import FixedClock
from tests.factories import NOON
from tests.factories.application.extending import carrying
from tests.factories.customers import an_uploaded_file, outcome_of

PEOPLE = 10
CONTENT = "email\n" + "".join(f"p{number}@example.com\n" for number in range(PEOPLE))


class InterruptedStage(PeopleStage):
    """While the third batch is read, staff do something to the import."""

    def lay_out(self, batch, digest_key):
        if batch.first == 2 + 2 * 2:
            self.interrupt()
        return super().lay_out(batch, digest_key)


class InterruptedPeople(People):
    """People as a kind of import, whose run is interrupted."""

    def __init__(self, interrupt):
        self.interrupt = interrupt

    def stage(self, found, options):
        stage = InterruptedStage(found, options)
        stage.interrupt = self.interrupt
        return stage


def interrupted(database, workspace, act):
    """An import of five batches, in the midst of which staff act."""
    import_id = an_uploaded_file(database, workspace.id, CONTENT)

    def interrupt():
        with database.transaction(workspace.id) as session:
            act(session, steps.held(session, workspace.id, import_id))

    kinds = ImportKinds((InterruptedPeople(interrupt),))
    running.run(carrying(database, kinds), FixedClock(NOON), workspace.id, import_id, rows=2)
    return outcome_of(database, workspace.id, import_id)


def counted(database, workspace, table):
    with database.transaction(workspace.id) as session:
        return session.scalar(select(func.count()).select_from(table))


def test_a_paused_run_waits_and_goes_on_where_it_was(database, workspace):
    found = interrupted(database, workspace, lambda _session, found: steps.pause(found))
    assert found.state == "paused"
    written = counted(database, workspace, Customer)
    assert written == found.counts.get("created", 0) < PEOPLE

    with database.transaction(workspace.id) as session:
        steps.start(session, steps.get(session, workspace.id, found.id))
    running.run(database, FixedClock(NOON), workspace.id, found.id, rows=2)
    assert outcome_of(database, workspace.id, found.id).counts == {"created": PEOPLE}
    assert counted(database, workspace, Customer) == PEOPLE


def test_a_cancelled_run_ends_forgets_its_file_and_may_be_undone(database, workspace):
    found = interrupted(database, workspace, lambda session, found: steps.cancel(session, found, now=NOON))
    assert found.state == "cancelled"
    assert counted(database, workspace, Customer) == found.counts.get("created", 0) < PEOPLE
    assert counted(database, workspace, ImportFile) == 0

    with database.transaction(workspace.id) as session:
        undo.ask(session, steps.get(session, workspace.id, found.id))
    undo.run(database, FixedClock(NOON), workspace.id, found.id)
    assert counted(database, workspace, Customer) == 0


@pytest.mark.parametrize("state", ["uploaded", "checked", "done", "undone"])
def test_only_what_runs_is_paused_or_cancelled(database, workspace, state):
    import_id = an_uploaded_file(database, workspace.id, CONTENT)
    with database.transaction(workspace.id) as session:
        steps.get(session, workspace.id, import_id).state = state
        session.flush()
        with pytest.raises(steps.NotReady):
            steps.pause(steps.held(session, workspace.id, import_id))
        with pytest.raises(steps.NotReady):
            steps.cancel(session, steps.get(session, workspace.id, import_id), now=NOON)


def test_the_page_pauses_resumes_and_cancels(client, database, workspace):
    there = f"/customers/imports/{an_uploaded_file(database, workspace.id, CONTENT)}"
    assert "Cancel import" in client.get(there).text

    assert client.post(f"{there}/pause").status_code == 303
    assert "Import paused" in client.get(there).text
    assert client.post(f"{there}/start").status_code == 303
    assert client.post(f"{there}/cancel").status_code == 303
    assert "Import cancelled" in client.get(there).text
