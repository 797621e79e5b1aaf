"""Deletes activities that are older than the workspace keeps them; segments ask for it, with what they still need."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers.timeline import activities

AT_ONCE = 20_000


def cutoff(session: Session, workspace_id: int, *, needed: datetime | None, now: datetime) -> datetime | None:
    """Return before when activities may go, or None where all are kept: from `needed` on, whatever is set."""
    months = workspaces.get(session, workspace_id).activity_months
    if not months or (needed and needed <= activities.EARLIEST):
        return None
    years, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    begins = now.replace(year=years, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return min(begins, needed) if needed else begins


def delete_expired(session: Session, workspace_id: int, *, before: datetime) -> bool:
    """Delete some of what is older, and say whether there may be more."""
    return activities.delete_before(session, workspace_id, before, limit=AT_ONCE) == AT_ONCE
