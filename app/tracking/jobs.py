"""Background jobs of tracking: storing of hits, and new verdicts for recent ones."""

from __future__ import annotations

from datetime import timedelta

from app.accounts import workspaces
from app.kernel.queueing.jobs import job
from app.kernel.services import Services
from app.tracking.hits import ingest, rescoring


@job("tracking.ship_spool", every=timedelta(minutes=1))
def ship_spool(services: Services) -> None:
    """Store what this machine's spool holds; the relay does so all the time, this is for when it does not."""
    ingest.ship(services, settled_for=ingest.SETTLE)


@job("tracking.rescore_hits", every=timedelta(days=1))
def rescore_hits(services: Services) -> None:
    """Judge the last two days' hits once more, whole messages together."""

    def rescore_one(workspace_id: int) -> None:
        with services.database.transaction(workspace_id) as session:
            rescoring.rescore(session, workspace_id, now=services.clock.now(), within=timedelta(days=2))

    workspaces.for_each(services.database, rescore_one)
