"""Domains that refuse our mail as such, how long each rests, and when it is retried.

A reply that blames us and not the mailbox says little when it stands alone: one recipient's own filter gives it too. A
domain is left alone once several of its people were refused within a day, and they are a good part of those written to
meanwhile. After a rest it is tried with one message at a time; one that is taken ends it all, another refusal makes
the next rest twice as long. Nobody's address is blamed, and no other domain's mail waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.delivery import facts
from app.delivery.models import DomainRefusals
from app.kernel.queueing import outbox

# So many different people, and so large a part (one in five) of all who were tried, make a refusal the domain's own.
PEOPLE, ONE_IN = 3, 5
REMEMBERED = timedelta(days=1)
FIRST_REST, LONGEST_REST = timedelta(minutes=15), timedelta(days=1)
# How long those wait who are not the one that tries whether a domain takes our mail again.
BEHIND_A_TRIAL = timedelta(minutes=2)
_MOST_KEPT = 50


@dataclass
class Answers:
    """What one domain said to a group of messages: who was refused as ours, with which words, and how many it took."""

    refused: dict[bytes, str] = field(default_factory=dict)
    taken: int = 0


@dataclass(frozen=True, slots=True)
class DomainState:
    """One domain that refused somebody. While it rests `until` is ahead; afterwards it is on trial."""

    domain: str
    until: datetime | None
    reply: str

    def rests(self, now: datetime) -> bool:
        return self.until is not None and self.until > now

    def is_on_trial(self, now: datetime) -> bool:
        return self.until is not None and self.until <= now


def domain_of(email: str) -> str:
    """Return what is behind the @, as domains are compared."""
    return email.rpartition("@")[2].lower()


def is_evident(refused: int, taken: int) -> bool:
    """Say whether so many refused people, of all who were tried, speak for their domain."""
    return refused >= PEOPLE and refused * ONE_IN >= refused + taken


def rest(backoffs: int) -> timedelta:
    """Return how long to let a domain alone after so many rests that did not help."""
    return min(FIRST_REST * (1 << min(backoffs, 12)), LONGEST_REST)


def known(session: Session, workspace_id: int, identity_id: int) -> dict[str, DomainState]:
    """Return the domains that refused this identity's mail lately, by name; they are few."""
    query = select(DomainRefusals.domain, DomainRefusals.paused_until, DomainRefusals.reply).where(
        DomainRefusals.workspace_id == workspace_id, DomainRefusals.identity_id == identity_id
    )
    return {row.domain: DomainState(*row) for row in session.execute(query)}


def list_resting(session: Session, workspace_id: int, *, limit: int = 100) -> list[DomainRefusals]:
    """Return the domains that are let alone, the latest first; staff see what each said."""
    query = select(DomainRefusals).where(
        DomainRefusals.workspace_id == workspace_id, DomainRefusals.paused_until.is_not(None)
    )
    return list(session.scalars(query.order_by(DomainRefusals.latest_at.desc()).limit(limit)))


def forget(session: Session, workspace_id: int, identity_id: int, domain: str) -> None:
    """Let this domain be written to again, as if it had never refused anything."""
    session.execute(
        delete(DomainRefusals).where(
            DomainRefusals.workspace_id == workspace_id,
            DomainRefusals.identity_id == identity_id,
            DomainRefusals.domain == domain,
        )
    )


def note(
    session: Session, workspace_id: int, identity_id: int, answers: Mapping[str, Answers], *, now: datetime
) -> None:
    """Evaluate what these domains answered. What a domain without a refusal on record took is nothing to note."""
    rows = _held(session, workspace_id, identity_id, answers, now)
    for domain, row in rows.items():
        said = answers[domain]
        if row.paused_until is not None and row.paused_until > now:
            continue
        if row.paused_until is not None:
            _tried(session, row, said, now)
        else:
            _add(row, said, now)
            if is_evident(len(row.recipients), row.taken):
                _let_alone(session, row, now)
    session.flush()


def _held(
    session: Session, workspace_id: int, identity_id: int, answers: Mapping[str, Answers], now: datetime
) -> dict[str, DomainRefusals]:
    """Return the rows of these domains, locked in one order; a domain that refuses for the first time gets its row."""
    fresh = sorted(domain for domain, said in answers.items() if said.refused)
    if fresh:
        values = {"workspace_id": workspace_id, "identity_id": identity_id, "began_at": now, "latest_at": now}
        rows = [{**values, "domain": domain, "reply": ""} for domain in fresh]
        session.execute(insert(DomainRefusals).values(rows).on_conflict_do_nothing())
    query = select(DomainRefusals).where(
        DomainRefusals.workspace_id == workspace_id,
        DomainRefusals.identity_id == identity_id,
        DomainRefusals.domain.in_(sorted(answers)),
    )
    locked = query.order_by(DomainRefusals.domain).with_for_update().execution_options(populate_existing=True)
    return {row.domain: row for row in session.scalars(locked)}


def _add(row: DomainRefusals, said: Answers, now: datetime) -> None:
    """Add to the evidence; what is older than a day no longer counts."""
    if now - row.began_at > REMEMBERED:
        row.recipients, row.taken, row.began_at = [], 0, now
    row.recipients = sorted({*row.recipients, *said.refused})[:_MOST_KEPT]
    row.taken += said.taken
    _remember(row, said, now)


def _tried(session: Session, row: DomainRefusals, said: Answers, now: datetime) -> None:
    """After a rest one answer is enough, whichever it is."""
    if said.refused:
        _remember(row, said, now)
        _let_alone(session, row, now)
    elif said.taken:
        session.delete(row)


def _let_alone(session: Session, row: DomainRefusals, now: datetime) -> None:
    row.paused_until = now + rest(row.backoffs)
    row.backoffs = min(row.backoffs + 1, 12)
    row.recipients, row.taken = [], 0
    outbox.publish(session, facts.StreamPaused(row.workspace_id, row.identity_id, row.domain, row.reply))


def _remember(row: DomainRefusals, said: Answers, now: datetime) -> None:
    for reply in said.refused.values():
        row.reply, row.latest_at = reply[:300], now
