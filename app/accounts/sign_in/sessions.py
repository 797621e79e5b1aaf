"""Server-side sessions of staff: the cookie holds a random token, the table only its digest."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.models import StaffSession

LIFETIME = timedelta(days=14)
# Sliding the expiry on every request would be a write per page.
SLIDE_AFTER = timedelta(hours=1)


def open_for(session: Session, staff_id: int, *, workspace_id: int | None, now: datetime) -> str:
    """Start a session and return the token for its cookie, which cannot be read back later."""
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            digest=_digest(token),
            staff_id=staff_id,
            active_workspace_id=workspace_id,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    session.flush()
    return token


def find(session: Session, token: str, *, now: datetime) -> StaffSession | None:
    """Return the live session of this cookie and, now and then, move its expiry on."""
    found = session.scalar(
        select(StaffSession).where(StaffSession.digest == _digest(token), StaffSession.expires_at > now)
    )
    if found and found.expires_at - LIFETIME <= now - SLIDE_AFTER:
        found.expires_at = now + LIFETIME
    return found


def enter(session: Session, session_id: int, *, workspace_id: int) -> None:
    """Make this the workspace the browser works in. The caller has made sure that its owner is a member."""
    session.get_one(StaffSession, session_id).active_workspace_id = workspace_id


def close(session: Session, token: str) -> None:
    """End the session of this cookie; a second time finds nothing to do."""
    session.execute(delete(StaffSession).where(StaffSession.digest == _digest(token)))


def revoke_all(session: Session, staff_id: int) -> None:
    """End every session of this account."""
    session.execute(delete(StaffSession).where(StaffSession.staff_id == staff_id))


def sweep(session: Session, *, now: datetime) -> None:
    """Forget the sessions that have run out."""
    session.execute(delete(StaffSession).where(StaffSession.expires_at <= now))


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
