"""What one sender knows of the domains that refuse its identity's mail, and so which of its messages must wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.delivery import gate, refusals
from app.delivery.gate import WaitUntil
from app.delivery.letters import Letter
from app.delivery.models import MessageState
from app.delivery.outcomes import Effect, Record
from app.delivery.refusals import Answers, Standing

_REASON = "deferred:policy"


class Domains:
    """Looked up with every batch: they are few, and mostly there are none."""

    def __init__(self, workspace_id: int) -> None:
        self.identity_id = 0
        self._workspace_id = workspace_id
        self._refusing: dict[str, Standing] = {}
        self._tried: set[str] = set()
        self._taken: Counter[str] = Counter()

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
        """Note who was refused as ours, and how much such domains took in this turn; other domains cost nothing."""
        refused: dict[str, dict[bytes, str]] = {}
        for record in records:
            if record.state is MessageState.SENT:
                self._taken[refusals.domain_of(record.letter.email)] += 1
            elif record.effect is Effect.DOMAIN_REFUSED:
                letter = record.letter
                of_domain = refused.setdefault(refusals.domain_of(letter.email), {})
                of_domain[letter.address_digest or letter.email.encode()] = f"{record.code} {record.reply}"
        concerned = refused.keys() | (self._refusing.keys() & self._taken.keys())
        if concerned:
            answers = {name: Answers(refused.get(name, {}), self._taken.pop(name, 0)) for name in sorted(concerned)}
            refusals.note(session, self._workspace_id, self.identity_id, answers, now=now)
            self.look(session)
            self._tried -= refused.keys()
