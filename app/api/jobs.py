"""Background jobs of the API: sweeping of idempotency keys and of the numbers of events."""

from __future__ import annotations

from datetime import timedelta

from app.accounts import workspaces
from app.api import idempotency, reported_events
from app.kernel.queueing.jobs import job
from app.kernel.services import Services


@job("api.forget_keys", every=timedelta(days=1))
def forget_keys(services: Services) -> None:
    """Forget idempotency keys and numbers of events that are past their time."""

    def forget_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            idempotency.forget(session, workspace_id, now=services.clock.now())
            reported_events.forget(session, workspace_id, now=services.clock.now())

    workspaces.for_each(services.database, forget_one)
