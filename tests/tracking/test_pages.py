"""Replies wait in the inbox and on the home page until somebody is done with them."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import text

from app.kernel.database import Database
from app.tracking.replies import replies
from tests.factories import NOON
from tests.factories.tracking import a_tracked_customer
from tests.factories.workspaces import WorkspaceForTests

WORDS = "Do you have it in blue?"


def a_reply(
    database: Database, workspace: WorkspaceForTests, words: str = WORDS, *, is_verified: bool = True
) -> int:
    with database.transaction(workspace.id) as session:
        ada = a_tracked_customer(session, workspace.id, purposes=(), now=NOON)
        replies.record(
            session,
            workspace.id,
            replies.ReceivedReply(subject="<b>Re: Offer</b>", text=words, headers={}, is_verified=is_verified),
            customer_id=ada,
            message_id=None,
            now=NOON,
        )
        return replies.list_waiting(session, workspace.id)[0].id


def test_a_reply_waits_and_is_done_and_can_be_reopened(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    reply_id = a_reply(database, workspace)
    waiting = client.get("/").text
    done = client.post(f"/replies/{reply_id}/done", follow_redirects=True).text
    client.post(f"/replies/{reply_id}/reopen")

    assert "Do you have it in blue?" in waiting
    assert "<b>Re: Offer" not in waiting
    assert "Do you have it in blue?" not in done
    assert "Do you have it in blue?" in client.get("/").text


def test_the_inbox_shows_who_waits_and_what_follows(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    reply_id = a_reply(database, workspace)
    inbox = client.get("/inbox").text
    done = client.post(f"/replies/{reply_id}/done", data={"next": "/inbox"})

    assert "Do you have it in blue?" in inbox
    assert "mailto:" in inbox
    assert "Do you have it in blue?" not in client.get(f"/inbox?after={reply_id}").text
    assert done.location == "/inbox"


def test_what_may_be_a_request_is_flagged_and_done_with_one_click(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    """Staff decide; the ledger says that it was they who did."""
    reply_id = a_reply(database, workspace, "I bought three and shall unsubscribe soon", is_verified=False)
    inbox = client.get("/inbox").text
    client.post(f"/replies/{reply_id}/unsubscribe", data={"next": "/inbox"})

    assert "May be an unsubscribe request" in inbox
    assert "Sender not verified" in inbox
    assert "unsubscribe soon" not in client.get("/inbox").text
    with database.transaction(workspace.id) as session:
        actors = session.scalars(text("SELECT CAST(record AS jsonb) ->> 'actor' FROM consent_ledger")).all()
    assert "staff" in actors


def test_a_reply_of_another_workspace_is_not_there(client: FlaskClient) -> None:
    assert client.post("/replies/999999/done").status_code == 404
