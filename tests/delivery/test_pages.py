"""The pages of delivery and cadence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.delivery.sending import lanes
from app.kernel.database import Database
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def test_a_stopped_stream_says_why_and_starts_again(
    client: FlaskClient, database: Database, workspace: WorkspaceForTests
) -> None:
    """The settings page shows what the provider said, with one button."""
    with database.transaction(workspace.id) as session:
        delivery.a_send(session, workspace)
        lane_id = lanes.ids_of(session, workspace.id, workspace.identity_id)["gmail"]
        lanes.pause(session, workspace.id, lane_id, reason="550 5.7.1 blocked", now=NOON)

    assert "550 5.7.1 blocked" in client.get("/settings").text
    assert client.post(f"/settings/sending/{lane_id}/resume").status_code == 303
    assert "550 5.7.1 blocked" not in client.get("/settings").text


def test_staff_decide_the_frequency(client: FlaskClient) -> None:
    """What was saved is what the card says."""
    answer = client.post(
        "/settings/frequency",
        data={"has_cap": "y", "cap_limit": "2", "cap_days": "10", "sending_days": ["0", "1"]},
    )

    assert answer.status_code == 303, answer.text
    assert "more than 2 mails in 10 days" in client.get("/settings").text


def test_rules_that_let_nothing_leave_are_refused(client: FlaskClient) -> None:
    """A week without a day is no week."""
    answer = client.post("/settings/frequency", data={"sending_days": []})

    assert "at least one sending day" in answer.text


def test_mails_in_doubt_are_named_and_settled(
    client: FlaskClient, services: Services, workspace: WorkspaceForTests
) -> None:
    """Home tells of them; a person reads the names and decides, and the log says who did."""
    send_id, _ = delivery.in_doubt(services, workspace, 2)

    assert "2 mails are in doubt" in client.get("/").text
    assert f"/sending/in-doubt/{send_id}" in client.get("/sending/in-doubt").text
    assert "p1@example.com" in client.get(f"/sending/in-doubt/{send_id}").text
    assert client.post(f"/sending/in-doubt/{send_id}/leave").status_code == 303
    assert "No mail is in doubt" in client.get("/sending/in-doubt").text
    assert "No mail is in doubt" in client.get(f"/sending/in-doubt/{send_id}").text
    client.post(f"/sending/in-doubt/{send_id}/leave")
    assert client.get("/settings/audit").text.count("left mails in doubt as they are") == 1


def test_mails_in_doubt_are_sent_once_more(
    client: FlaskClient, services: Services, workspace: WorkspaceForTests
) -> None:
    send_id, _ = delivery.in_doubt(services, workspace, 2)

    assert client.post(f"/sending/in-doubt/{send_id}/send-again").status_code == 303
    assert set(delivery.states(services.database, workspace).values()) == {("queued", None)}


def test_a_send_that_is_not_there_has_no_doubts(client: FlaskClient) -> None:
    assert client.get("/sending/in-doubt/999999").status_code == 404
    assert client.post("/sending/in-doubt/999999/leave").status_code == 404
    assert client.post("/sending/in-doubt/999999/send-again").status_code == 404
