"""The benchmark of the gate: whether a mail may leave now, from values, with every rule a workspace can set."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from app.cadence.decide import Cap, Policy, Promise
from app.cadence.quiet_hours import Hours
from app.delivery import gate
from app.delivery.gate import Candidate, Rules
from bench import measuring

DECISIONS = 100_000
RUNS = 5
_NOW = datetime(2026, 6, 3, 10, tzinfo=UTC)
_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai", None)


def run(decisions: int = DECISIONS, runs: int = RUNS) -> list[dict[str, Any]]:
    """Return `gate` (decisions a second): ten mails in the last weeks, a cap, two promises, quiet hours in four zones.

    The rules are looked at in turn: address, suppression, permission, cap, what the topic promises, what this person
    was promised, quiet hours, sending days, the person's zone, and the wait that follows.
    """
    policy = Policy(Cap(4, 7), Hours(time(21), time(8), frozenset(range(5))))
    rules = Rules(False, policy, Promise(1, 8, 30), "Europe/Berlin")
    people = [_candidate(number) for number in range(1000)]

    def decide() -> int:
        for number in range(decisions):
            gate.evaluate(people[number % 1000], rules, now=_NOW)
        return decisions

    return [measuring.rates("gate", "decisions/s", decide, runs=runs, note="in one process, from values")]


def _candidate(number: int) -> Candidate:
    contacts = [_NOW - timedelta(days=2 + 3 * each, hours=number % 24) for each in range(10)]
    return Candidate(
        has_address=True,
        is_allowed=True,
        is_suppressed=False,
        permission_seq=1,
        time_zone=_ZONES[number % 4],
        contact_at=contacts,
        contact_topic=[each % 2 for each in range(10)],
        counted_at=None,
        promised=(6, 30),
    )
