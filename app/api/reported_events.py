"""The numbers of events that programs have told lately, so that one told again is known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from app.api.models import ReportedEvent
from app.kernel.sql import arrays

KEPT_FOR = timedelta(days=30)
# In one order, so that two requests with the same numbers wait for each other and never in a circle.
_ADD = text(
    """
    INSERT INTO reported_events (workspace_id, event_ref, created_at)
    SELECT :workspace_id, ref, :now FROM unnest(CAST(:refs AS text[])) AS told (ref) ORDER BY ref
    ON CONFLICT (workspace_id, event_ref) DO NOTHING RETURNING event_ref
    """
)


def add(session: Session, workspace_id: int, refs: Iterable[str], *, now: datetime) -> set[str]:
    """Note these numbers and return those that are new; who tells one at the same moment waits for this transaction."""
    told = sorted(set(refs))
    if not told:
        return set()
    values = {"workspace_id": workspace_id, "refs": arrays.texts(told), "now": now}
    return set(session.scalars(_ADD, values))


def forget(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Forget numbers that nobody tells again any more."""
    session.execute(
        delete(ReportedEvent).where(
            ReportedEvent.workspace_id == workspace_id, ReportedEvent.created_at < now - KEPT_FOR
        )
    )
