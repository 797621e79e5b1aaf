"""What was given up is shown to owners, who may have it tried again; nothing stands still unseen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app.kernel.queueing import outbox, queue
from app.kernel.services import Services
from tests.factories import NOON
from tests.factories.accounts import a_member
from tests.factories.workspaces import PASSWORD, WorkspaceForTests

TITLE = "Some work was given up after many attempts"
WHEN_GIVEN_UP = (
    "UPDATE outbox SET failed_at = clock_timestamp(), attempts = 12, error = 'no',"
    " leased_until = clock_timestamp() + interval '1 hour'"
)


@pytest.fixture
def given_up(services: Services, workspace: WorkspaceForTests) -> Iterator[WorkspaceForTests]:
    """A workspace one of whose planned campaigns could not be launched however often it was tried."""
    with services.database.transaction() as session:
        session.execute(text("DELETE FROM outbox"))
        outbox.enqueue(session, "campaigns.launch_planned", workspace_id=workspace.id, campaign_id=1)
        session.execute(text(WHEN_GIVEN_UP))
    yield workspace
    with services.database.transaction() as session:
        session.execute(text("DELETE FROM outbox"))


def test_an_owner_sees_what_was_given_up_and_has_it_tried_again(
    services: Services, given_up: WorkspaceForTests, client: FlaskClient
):
    shown = client.get("/").text
    assert TITLE in shown
    assert "Launching a scheduled campaign: 1, since" in shown

    client.post("/settings/failed-jobs/try-again")

    assert TITLE not in client.get("/").text
    assert "retried failed jobs" in client.get("/settings/audit").text
    with services.database.transaction() as session:
        row_id = session.scalar(text("SELECT id FROM outbox WHERE name = 'campaigns.launch_planned'"))
    assert queue.run_with(services, row_id)


def test_what_is_given_up_in_one_workspace_is_nobody_elses_news(
    services: Services, given_up: WorkspaceForTests, client: FlaskClient
):
    with services.database.transaction() as session:
        session.execute(text("UPDATE outbox SET args = args || '{\"workspace_id\": 0}'"))
    assert TITLE not in client.get("/").text
    client.post("/settings/failed-jobs/try-again")

    with services.database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM outbox WHERE failed_at IS NOT NULL")) == 1


def test_only_owners_hear_of_it_and_may_try_again(
    services: Services, given_up: WorkspaceForTests, anonymous: FlaskClient
):
    with services.database.transaction(given_up.id) as session:
        member = a_member(session, given_up.id, role="marketer", now=NOON)
    anonymous.post("/login", data={"email": member.email, "password": PASSWORD})

    assert TITLE not in anonymous.get("/").text
    assert anonymous.post("/settings/failed-jobs/try-again").status_code == 403
