"""Background loops that every machine runs besides its jobs."""

from __future__ import annotations

from app.kernel.queueing.relay import Loop
from app.tracking.hits import ingest


def local() -> list[Loop]:
    """Return this machine's chores: (name, function of the services, seconds between two rounds)."""
    return [("tracking.ship", lambda services: ingest.ship(services, settled_for=ingest.SETTLE), ingest.SHIP_EVERY)]
