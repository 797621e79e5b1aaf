"""Daily limits on mail that staff may cause, counted per mailbox and workspace over the whole installation."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts import mailboxes
from app.accounts.models import MailAllowance

_KEPT_FOR = timedelta(days=2)


def take(session: Session, kind: str, subject: str, *, limit: int, now: datetime) -> bool:
    """Count one more mail of this kind about this subject, and say whether the day's limit still had room for it.

    One statement decides, so that a hundred requests at once are worth `limit` mails.
    """
    row = insert(MailAllowance).values(kind=kind, subject=subject, on_day=now.date(), mailed_count=1)
    counted = row.on_conflict_do_update(
        index_elements=["kind", "subject", "on_day"],
        set_={"mailed_count": MailAllowance.mailed_count + 1},
        where=MailAllowance.mailed_count < limit,
    ).returning(MailAllowance.mailed_count)
    return session.execute(counted).first() is not None


def mailbox(address: str) -> str:
    """Return the subject that stands for the mailbox behind an address, not readable as one."""
    return sha256(mailboxes.limit_key(address).encode()).hexdigest()


def sweep(session: Session, *, now: datetime) -> None:
    """Forget the counts of days that are over."""
    session.execute(delete(MailAllowance).where(MailAllowance.on_day < (now - _KEPT_FOR).date()))
