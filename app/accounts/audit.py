"""The audit log: one entry per action of staff, written in the action's own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.accounts.models import AuditEntry, Staff


@dataclass(frozen=True)
class Entry:
    """One line of the audit page. `staff_name` is None where nobody in particular acted."""

    id: int
    at: datetime
    staff_name: str | None
    action: str
    subject_kind: str
    subject_id: int | None
    details: dict[str, Any]


class Audited(Protocol):
    """A row the audit log tells of: what it is, and what names it to people."""

    audit_kind: ClassVar[str]

    @property
    def workspace_id(self) -> int:
        """The workspace it belongs to."""

    @property
    def id(self) -> int:
        """Its number."""

    def audit_details(self) -> dict[str, Any]:
        """Return the values that name the row once it is gone; never secrets."""


def note(session: Session, row: Audited, action: str, *, staff_id: int | None, now: datetime, **details: Any) -> None:
    """Write down one action upon this row, with its own details and these."""
    record(
        session,
        row.workspace_id,
        staff_id=staff_id,
        action=action,
        subject_kind=row.audit_kind,
        subject_id=row.id,
        details={**row.audit_details(), **details},
        now=now,
    )


def record(
    session: Session,
    workspace_id: int,
    *,
    staff_id: int | None,
    action: str,
    subject_kind: str,
    subject_id: int | None,
    details: dict[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write down one action. `action` is `thing.past_tense`; details hold ids and plain values, never secrets."""
    session.execute(
        insert(AuditEntry).values(
            workspace_id=workspace_id,
            at=now,
            staff_id=staff_id,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            details=details or {},
        )
    )


def list_entries(session: Session, workspace_id: int, *, before: int | None = None, limit: int = 50) -> list[Entry]:
    """Return the newest entries, or the next ones older than `before`."""
    query = (
        select(
            AuditEntry.id,
            AuditEntry.at,
            Staff.name,
            AuditEntry.action,
            AuditEntry.subject_kind,
            AuditEntry.subject_id,
            AuditEntry.details,
        )
        .outerjoin(Staff, Staff.id == AuditEntry.staff_id)
        .where(AuditEntry.workspace_id == workspace_id)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    if before:
        query = query.where(AuditEntry.id < before)
    return [Entry(*row) for row in session.execute(query)]
