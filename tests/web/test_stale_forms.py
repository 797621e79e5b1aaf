"""Two editors of one record: what each left alone is never written back from a page that has become stale."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app.kernel.database import Database
from tests.factories.application.pages import controls_of
from tests.factories.consent import a_form
from tests.factories.journeys import a_journey
from tests.factories.waiting_locks import until_somebody_waits
from tests.factories.workspaces import WorkspaceForTests


@dataclass(frozen=True)
class Record:
    """A page with a form, and two of its fields with what two editors write into them."""

    url: str
    table: str
    id: int
    mine: tuple[str, str]
    theirs: tuple[str, str]


@pytest.fixture(params=["signup_form", "journey", "identity"])
def record(request: pytest.FixtureRequest, database: Database, workspace: WorkspaceForTests) -> Record:
    with database.transaction(workspace.id) as session:
        if request.param == "signup_form":
            number = a_form(session, workspace.id, [workspace.topic_id]).id
            names = ("name", "Mine"), ("introduction", "Theirs")
            return Record(f"/consent/forms/{number}", "signup_forms", number, *names)
        if request.param == "journey":
            number = a_journey(session, workspace, is_live=False).id
            names = ("name", "Mine"), ("interest_title", "Theirs")
            return Record(f"/journeys/{number}/plan", "journeys", number, *names)
        number = workspace.identity_id
        names = ("from_name", "Mine"), ("reply_to", "theirs@shop.test")
        return Record(f"/settings/identities/{number}", "sending_identities", number, *names)


def shown(client: FlaskClient, record: Record) -> dict[str, str]:
    page = client.get(record.url).text
    sent = controls_of(page, record.url) or controls_of(page, "")
    assert sent.get("seen"), "the form carries along what it showed"
    return sent


def kept(database: Database, workspace: WorkspaceForTests, record: Record) -> tuple[str, str]:
    query = text(f"SELECT {record.mine[0]}, {record.theirs[0]} FROM {record.table} WHERE id = :id")
    with database.transaction(workspace.id) as session:
        return tuple(session.execute(query, {"id": record.id}).one())


def test_two_pages_opened_before_either_was_saved_keep_both_changes(client, database, workspace, record):
    first, second = shown(client, record), shown(client, record)

    assert client.post(record.url, data=first | dict([record.mine])).status_code == 303
    assert client.post(record.url, data=second | dict([record.theirs])).status_code == 303

    assert kept(database, workspace, record) == (record.mine[1], record.theirs[1])


def test_a_save_that_waits_for_another_sees_what_that_wrote(client, database, workspace, record):
    """Both requests are under way at once: the later holds the row before it reads what it writes back."""
    page = shown(client, record)
    change = text(f"UPDATE {record.table} SET {record.mine[0]} = :value WHERE id = :id")
    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            session.execute(change, {"value": record.mine[1], "id": record.id})
            waiting = pool.submit(client.post, record.url, data=page | dict([record.theirs]))
            until_somebody_waits(database, session)
        assert waiting.result().status_code == 303

    assert kept(database, workspace, record) == (record.mine[1], record.theirs[1])


def test_a_mail_server_that_somebody_else_set_meanwhile_is_not_replaced_unseen(client, database, workspace):
    """Its field is never filled in, so a stale page would put the installation's own back without a word."""
    page, url = f"/settings/identities/{workspace.identity_id}", f"/settings/identities/{workspace.identity_id}/relay"
    stale = controls_of(client.get(page).text, url)
    theirs = stale | {"smtp_url": "smtp+starttls://u:p@smtp.example.com:587"}
    assert client.post(url, data=theirs).status_code == 303

    refused = client.post(url, data=stale)
    assert refused.status_code == 422
    assert "Somebody else has changed the mail server" in refused.text
    fresh = controls_of(refused.text, url)
    assert client.post(url, data=fresh).status_code == 303
