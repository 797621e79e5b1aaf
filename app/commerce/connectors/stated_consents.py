"""Hands what shops say about people's answers to the room that keeps permission; nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel import extensions
from app.kernel.translatable import MessageId


@dataclass(frozen=True)
class ConsentStatement:
    """What a shop says about one person's answer, and what the workspace states about the question that was asked.

    A yes counts only with its time, its method, its topic and the words; a no needs no proof, and no email. `source`
    names the webhook to people, `body_sha256` its bytes.
    """

    customer_id: int
    email: str
    is_yes: bool
    at: datetime | None
    method: str
    topic: str
    wording: str
    source: str
    body_sha256: str
    stated_by: int | None


class ConsentRecorder:
    """Who keeps permission for what shops tell; this one keeps nothing, a higher room's does."""

    def lock_answers(self, session: Session, workspace_id: int) -> None:
        """Wait until answers may be written; asked before any customer is held."""

    def list_topics(self, session: Session, workspace_id: int) -> list[tuple[str, str]]:
        """Return (key, name) of every topic a shop's question can be about."""
        return []

    def record(
        self, session: Session, workspace_id: int, statement: ConsentStatement, *, now: datetime
    ) -> list[MessageId]:
        """Judge and write down one statement; return why it counts for nothing, where it does."""
        return []


@dataclass(frozen=True)
class StatedConsents:
    """Who is told what shops say about permission."""

    recorder: ConsentRecorder = field(default_factory=ConsentRecorder)


def lock_answers(session: Session, workspace_id: int) -> None:
    """Wait for the keeper of permission, so that nobody waits for a customer whom we hold meanwhile."""
    _recorder(session).lock_answers(session, workspace_id)


def topics(session: Session, workspace_id: int) -> list[tuple[str, str]]:
    """Return (key, name) of the topics a shop's question can be about."""
    return _recorder(session).list_topics(session, workspace_id)


def record(session: Session, workspace_id: int, statement: ConsentStatement, *, now: datetime) -> list[MessageId]:
    """Hand a statement on; return why it counts for nothing, where it does."""
    return _recorder(session).record(session, workspace_id, statement, now=now)


def _recorder(session: Session) -> ConsentRecorder:
    return extensions.of(session, StatedConsents).recorder
