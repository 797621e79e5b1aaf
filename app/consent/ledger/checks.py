"""Ledger checks: runs the verification and keeps when it ran and what it found."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.consent.ledger import verification
from app.consent.ledger.verification import Head
from app.consent.models import LedgerCheck


@dataclass(frozen=True, slots=True)
class LedgerCheckResult:
    """One look over the ledger. `head` is what the chain ended with and must still pass through next time."""

    at: datetime
    head: Head
    problems: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        return not self.problems


def run_check(session: Session, workspace_id: int, *, now: datetime) -> LedgerCheckResult:
    """Check the ledger against itself and against the heads that earlier looks noted, and note the result."""
    head = verification.find_head(session, workspace_id) or Head(0, "")
    found = verification.check(session, workspace_id)
    problems = [str(problem) for problem in found[:50]]
    session.add(
        LedgerCheck(workspace_id=workspace_id, at=now, head_seq=head.seq, head_hash=head.hash, problems=problems)
    )
    session.flush()
    return LedgerCheckResult(now, head, tuple(problems))


def latest(session: Session, workspace_id: int) -> LedgerCheckResult | None:
    """Return the latest look, or None before the first."""
    row = session.scalars(
        select(LedgerCheck).where(LedgerCheck.workspace_id == workspace_id).order_by(LedgerCheck.id.desc()).limit(1)
    ).first()
    return LedgerCheckResult(row.at, Head(row.head_seq, row.head_hash), tuple(row.problems)) if row else None
