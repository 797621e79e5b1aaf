"""The gate: decides whether a message is sent now, waits, or is dropped, and why.

`evaluate` decides from values; they come from one query per batch. Permission and suppression are asked once
more in the statement that hands a group over, so that a no said in between still counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.cadence import decide, quiet_hours
from app.cadence.decide import Policy, Promise, Why

# How many contacts are kept beside a person; what is older is looked up among their messages.
CONTACTS_KEPT = 40


@dataclass(frozen=True, slots=True)
class SendNow:
    """It may leave."""


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """It may leave later; `reason` starts with "waiting:" and names the rule."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Drop:
    """It will never leave."""

    reason: str


Decision = SendNow | WaitUntil | Drop
SEND_NOW = SendNow()


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every message of one send."""

    is_transactional: bool
    policy: Policy
    promise: Promise | None
    time_zone: str
    policy_version: int = 0


@dataclass(slots=True)
class Candidate:
    """What is known of one message and its person at the moment of asking.

    `counted_at` is when this message itself was counted as a contact, if it was handed off before. `promised` is how
    many mails about the topic in how many days this person was told to expect when they agreed.
    """

    has_address: bool
    is_allowed: bool
    is_suppressed: bool
    permission_seq: int | None
    time_zone: str | None
    contact_at: Sequence[datetime]
    contact_topic: Sequence[int]
    counted_at: datetime | None
    promised: tuple[int, int] | None = None


def evaluate(candidate: Candidate, rules: Rules, *, now: datetime) -> Decision:
    """Return the answer for one message."""
    if not candidate.has_address:
        return Drop("no_address")
    if candidate.is_suppressed:
        return Drop("suppressed")
    if rules.is_transactional:
        return SEND_NOW if candidate.permission_seq is not None else Drop("no_permission")
    if not candidate.is_allowed:
        return Drop("no_permission")
    at, why = decide.explain(
        _other_contacts(candidate),
        policy=rules.policy,
        topic=rules.promise,
        agreed=_agreed(candidate, rules),
        time_zone=_zone(candidate, rules),
        now=now,
    )
    return SEND_NOW if why is Why.NOTHING else WaitUntil(at, f"waiting:{why.value}")


def needs_older_contacts(candidate: Candidate, rules: Rules, *, now: datetime) -> bool:
    """Say whether the remembered contacts are too many to reach back as far as the rules look."""
    contacts = candidate.contact_at
    return len(contacts) >= CONTACTS_KEPT and now - contacts[-1] < lookback(candidate, rules)


def lookback(candidate: Candidate, rules: Rules) -> timedelta:
    """Return how far back a contact still matters to this person's next one."""
    cap, promise, promised = rules.policy.cap, rules.promise, candidate.promised
    return timedelta(days=max(cap.days if cap else 0, promise.days if promise else 0, promised[1] if promised else 0))


def _agreed(candidate: Candidate, rules: Rules) -> Promise | None:
    """What this person agreed to, where the topic says something else today: both hold."""
    promise, promised = rules.promise, candidate.promised
    if promise is None or promised is None or promised == (promise.limit, promise.days):
        return None
    return Promise(promise.topic_id, *promised)


def _other_contacts(candidate: Candidate) -> list[tuple[datetime, int]]:
    """Every contact but this message's own earlier attempt."""
    if not candidate.contact_at:
        return []
    contacts = list(zip(candidate.contact_at, candidate.contact_topic, strict=True))
    counted_at = candidate.counted_at
    if counted_at is not None and counted_at in candidate.contact_at:
        del contacts[list(candidate.contact_at).index(counted_at)]
    return contacts


def _zone(candidate: Candidate, rules: Rules) -> ZoneInfo:
    return quiet_hours.zone(candidate.time_zone, rules.time_zone)
