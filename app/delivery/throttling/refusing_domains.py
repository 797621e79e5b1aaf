"""What one sender knows of the domains that refuse its identity's mail, and so which of its messages must wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.delivery import gate
from app.delivery.gate import WaitUntil
from app.delivery.models import MessageState
from app.delivery.sending.outgoing import OutgoingMessage
from app.delivery.sending.results import Effect, Result
from app.delivery.throttling import provider_refusals
from app.delivery.throttling.provider_refusals import Answers, DomainState

_REASON = "deferred:policy"


class RefusingDomains:
    """Looked up with every batch: they are few, and mostly there are none."""

    def __init__(self, workspace_id: int) -> None:
        self.identity_id = 0
        self._workspace_id = workspace_id
        self._refusing: dict[str, DomainState] = {}
        self._tried: set[str] = set()
        self._taken: Counter[str] = Counter()

    def look(self, session: Session) -> None:
        """Learn what other senders found out meanwhile."""
        self._refusing = provider_refusals.known(session, self._workspace_id, self.identity_id)

    def answer(self, email: str, now: datetime) -> gate.Decision:
        """Let those wait whose domain rests, and all but one of those whose domain is tried again."""
        state = self._refusing.get(provider_refusals.domain_of(email)) if self._refusing else None
        if state is None or state.until is None:
            return gate.SEND_NOW
        if state.rests(now):
            return WaitUntil(state.until, _REASON)
        if state.domain not in self._tried:
            self._tried.add(state.domain)
            return gate.SEND_NOW
        return WaitUntil(now + provider_refusals.BEHIND_A_TRIAL, _REASON)

    def rests(self, message: OutgoingMessage, now: datetime) -> bool:
        """Say whether a message in hand must not leave any more; transactional mail always may."""
        state = self._refusing.get(provider_refusals.domain_of(message.email)) if self._refusing else None
        return state is not None and state.rests(now) and not message.plan.rules.is_transactional

    def answers(self, records: Sequence[Result]) -> dict[str, Answers]:
        """Return who was refused as ours, and how much such domains took in this run; other domains cost nothing."""
        refused: dict[str, dict[bytes, str]] = {}
        for record in records:
            if record.state is MessageState.SENT:
                self._taken[provider_refusals.domain_of(record.message.email)] += 1
            elif record.effect is Effect.DOMAIN_REFUSED:
                message = record.message
                of_domain = refused.setdefault(provider_refusals.domain_of(message.email), {})
                of_domain[message.address_digest or message.email.encode()] = f"{record.code} {record.reply}"
        concerned = refused.keys() | (self._refusing.keys() & self._taken.keys())
        return {name: Answers(refused.get(name, {}), self._taken.pop(name, 0)) for name in sorted(concerned)}

    def note(self, session: Session, answers: Mapping[str, Answers], now: datetime) -> None:
        """Write these answers down, and learn what other senders found out."""
        if answers:
            provider_refusals.note(session, self._workspace_id, self.identity_id, answers, now=now)
            self.look(session)
            self._tried -= {name for name, given in answers.items() if given.refused}
