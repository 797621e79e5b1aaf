"""Holds what was being sent when a long outage came: its content may be stale, so a person decides whether it goes on.

Waiting for quiet hours or a cap is no reason: only sends with mail that was due by the end of the outage are held.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.delivery.transitions import send_states
from app.kernel.queueing import outages

PAUSE_REASON = "outage"
_HANDLER = "delivery"


def hold(session: Session, workspace_id: int) -> list[int]:
    """Pause the campaigns and journeys an outage interrupted, once for each outage; return the ids of their sends."""
    outage = outages.take(session, workspace_id, _HANDLER)
    if outage is None:
        return []
    return send_states.pause_interrupted(session, workspace_id, ended_at=outage.ended_at, reason=PAUSE_REASON)
