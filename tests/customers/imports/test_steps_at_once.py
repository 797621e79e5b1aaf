"""Two steps of one import at once: the second waits for the first, and goes by what it left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from app.customers.imports import files, steps
from app.customers.imports.models import ImportFile
from tests.factories import NOON
from tests.factories.customers import an_uploaded_file, outcome_of
from tests.factories.files.workbooks import a_workbook
from tests.factories.waiting_locks import until_somebody_waits

BOOK = a_workbook({"People": [["email"], ["ada@example.com"]], "Old": [["email"], ["bob@example.com"]]})
COLUMNS = {"match_by": "email", "date_order": "ymd", "decimal": ".", "repeats": "merge", "column-0": "email"}
STEPS = [
    ("sheet", {"sheet": "Old"}),
    ("reading", {"encoding": "cp1252", "delimiter": ";"}),
    ("columns", {**COLUMNS, "topic": "news"}),
    ("fix", {"what": "date_order", "value": "dmy"}),
]


def a_book(database, workspace, state):
    import_id = an_uploaded_file(database, workspace.id, BOOK, mapped={"0": "email"})
    with database.transaction(workspace.id) as session:
        steps.held(session, workspace.id, import_id).state = state
    return import_id


def while_held(database, workspace, import_id, first, second):
    """What `second` answers that began while `first` was not committed yet."""
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            first(session, steps.held(session, workspace.id, import_id))
            session.flush()
            waiting = pool.submit(second)
            until_somebody_waits(database, session)
        return waiting.result()


@pytest.mark.parametrize(("step", "data"), STEPS)
def test_a_started_import_is_read_as_it_was_when_it_was_started(client, database, workspace, step, data):
    import_id = a_book(database, workspace, "checked")
    there = f"/customers/imports/{import_id}"
    before = outcome_of(database, workspace.id, import_id)

    answer = while_held(
        database, workspace, import_id, steps.start, lambda: client.post(f"{there}/{step}", data=data)
    )
    assert (answer.status_code, answer.location) == (303, there)
    assert "has been started already" in client.get(there).text
    found = outcome_of(database, workspace.id, import_id)
    told = ("sheet", "header", "encoding", "delimiter", "mapping", "options")
    assert found.state == "running"
    assert [getattr(found, name) for name in told] == [getattr(before, name) for name in told]
    with database.transaction(workspace.id) as session:
        assert b"ada@example.com" in files.sample_of(session, found)


def test_a_cancelled_import_is_not_started_again(client, database, workspace):
    import_id = a_book(database, workspace, "paused")
    there = f"/customers/imports/{import_id}"

    answer = while_held(
        database,
        workspace,
        import_id,
        lambda session, found: steps.cancel(session, found, now=NOON),
        lambda: client.post(f"{there}/start"),
    )
    assert (answer.status_code, answer.location) == (303, there)
    assert "This import has ended" in client.get(there).text
    assert outcome_of(database, workspace.id, import_id).state == "cancelled"


def test_a_sheet_chosen_twice_at_once_is_stored_once(client, database, workspace):
    import_id = a_book(database, workspace, "checked")

    def choose(session, found):
        files.use_sheet(session, found, files.read_sheet(session, found, "Old"))
        steps.reopen(found)

    answer = while_held(
        database,
        workspace,
        import_id,
        choose,
        lambda: client.post(f"/customers/imports/{import_id}/sheet", data={"sheet": "Old"}),
    )
    assert answer.status_code == 303
    found = outcome_of(database, workspace.id, import_id)
    assert (found.state, found.sheet, found.mapping) == ("uploaded", "Old", {})
    with database.transaction(workspace.id) as session:
        assert b"bob@example.com" in files.sample_of(session, found)
        rows = select(func.count()).select_from(ImportFile).where(ImportFile.is_upload.is_(False))
        assert session.scalar(rows) == 1


@pytest.mark.parametrize("state", ["running", "paused", "cancelled", "done", "failed", "undoing", "undone"])
@pytest.mark.parametrize(("step", "data"), STEPS)
def test_columns_are_chosen_before_the_start_only(client, database, workspace, state, step, data):
    import_id = a_book(database, workspace, state)
    assert client.post(f"/customers/imports/{import_id}/{step}", data=data).status_code == 303

    found = outcome_of(database, workspace.id, import_id)
    assert (found.state, found.mapping, found.sheet) == (state, {"0": "email"}, "People")
