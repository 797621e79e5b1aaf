"""What one sender knows of the domains that refuse its identity's mail, and so which of its messages must wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.delivery import gate, refusals
from app.delivery.gate import WaitUntil
from app.delivery.letters import Letter
from app.delivery.models import MessageState
from app.delivery.outcomes import Effect, Record
from app.delivery.refusals import Standing

_REASON = "deferred:policy"


class Domains:
    """Looked up with every batch: they are few, and mostly there are none."""

    def __init__(self, workspace_id: int) -> None:
        self.identity_id = 0
        self._workspace_id = workspace_id
        self._refusing: dict[str, Standing] = {}
        self._tried: set[str] = set()

    def look(self, session: Session) -> None:
        """Learn what other senders found out meanwhile."""
        self._refusing = refusals.known(session, self._workspace_id, self.identity_id)

    def answer(self, email: str, now: datetime) -> gate.Answer:
        """Let those wait whose domain rests, and all but one of those whose domain is tried again."""
        standing = self._refusing.get(refusals.domain_of(email)) if self._refusing else None
        if standing is None or standing.until is None:
            return gate.SEND
        if standing.rests(now):
            return WaitUntil(standing.until, _REASON)
        if standing.domain not in self._tried:
            self._tried.add(standing.domain)
            return gate.SEND
        return WaitUntil(now + refusals.BEHIND_A_TRIAL, _REASON)

    def rests(self, letter: Letter, now: datetime) -> bool:
        """Say whether a letter in hand must not leave any more; a notice, which somebody waits for, always may."""
        standing = self._refusing.get(refusals.domain_of(letter.email)) if self._refusing else None
        return standing is not None and standing.rests(now) and not letter.plan.rules.is_notice

    def weigh(self, session: Session, records: Sequence[Record], now: datetime) -> None:
        """Note who was refused as ours, and what such domains took; what other domains took costs nothing."""
        refused = {_domain(record) for record in records if record.effect is Effect.DOMAIN_REFUSED}
        concerned = refused | self._refusing.keys()
        if not concerned:
            return
        told = [
            (
                record.letter.email,
                record.letter.address_digest,
                record.effect is Effect.DOMAIN_REFUSED,
                f"{record.code} {record.reply}",
            )
            for record in records
            if record.effect is Effect.DOMAIN_REFUSED or record.state is MessageState.SENT
            if _domain(record) in concerned
        ]
        if told:
            refusals.note(session, self._workspace_id, self.identity_id, refusals.gather(told), now=now)
            self.look(session)
            self._tried -= refused


def _domain(record: Record) -> str:
    return refusals.domain_of(record.letter.email)
