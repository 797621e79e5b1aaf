"""A lane that is closed by a sender and opened by staff in the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from app.delivery.sending import lanes
from app.kernel.database import Database
from tests.factories import NOON
from tests.factories.waiting_locks import until_somebody_waits
from tests.factories.workspaces import WorkspaceForTests


def test_a_lane_opened_while_it_is_being_closed_is_open_afterwards(
    database: Database, workspace: WorkspaceForTests
) -> None:
    """Who opens it waits for who closes it; otherwise the answer is yes, and the lane stays closed."""
    with database.transaction(workspace.id) as session:
        lanes.open_for(session, workspace.id, workspace.identity_id)
        lane_id = lanes.ids_of(session, workspace.id, workspace.identity_id)["gmail"]

    def open_again() -> None:
        with database.transaction(workspace.id) as session:
            lanes.resume(session, workspace.id, lane_id)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction(workspace.id) as session:
            lanes.pause(session, workspace.id, lane_id, reason="550 no", now=NOON)
            waiting = pool.submit(open_again)
            until_somebody_waits(database, session)
        waiting.result()

    with database.transaction(workspace.id) as session:
        lane = lanes.get(session, workspace.id, lane_id)
        assert (lane.paused_at, lane.paused_until, lane.pause_reason, lane.backoffs) == (None, None, None, 0)
