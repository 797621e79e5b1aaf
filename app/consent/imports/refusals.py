"""Imports refusals that people gave elsewhere, for everybody a file names.

A no that leaves no record would be forgotten by the next file that says yes, or when a closed topic opens again.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.consent import facts
from app.consent.ledger import ledger
from app.consent.ledger.evidence import Evidence
from app.consent.ledger.fold import ConsentStates
from app.consent.ledger.record import Entry, Line
from app.consent.purposes import ALL_TOPICS, MARKETING, SAID_NO, Event
from app.kernel import database
from app.kernel.queueing import outbox


class Refusal(NamedTuple):
    """What one row of a file says no to: all marketing, and whichever other purposes it names."""

    customer_id: int
    row: int
    address: str
    address_digest: bytes | None
    purposes: tuple[str, ...] = (MARKETING,)


class Outcome(NamedTuple):
    """How many people's no is newly on record, and how many of them had been mailable or tracked until now."""

    recorded: int
    ended: int


def record_many(
    session: Session, workspace_id: int, rows: Iterable[Refusal], *, evidence: Evidence, now: datetime
) -> Outcome:
    """Record every no that does not stand already; `evidence` names the file they come from."""
    refusals = list(rows)
    if not refusals:
        return Outcome(0, 0)
    ledger.hold(session, workspace_id)
    named = {said.customer_id for said in refusals}
    consent_states = ledger.read_consent_states(database.raw(session), workspace_id, named)
    lines: dict[tuple[int, str], Line] = {}
    for said in refusals:
        held = consent_states.get(said.customer_id, {})
        for purpose in dict.fromkeys((MARKETING, *said.purposes)):
            if not _stands(held, purpose):
                entry = Entry(Event.WITHDRAWN, 0, purpose, evidence)
                line = Line(entry, said.customer_id, said.address_digest, None, said.row, said.address)
                lines.setdefault((said.customer_id, purpose), line)
    ended = [key for key in lines if _allowed(consent_states.get(key[0], {}), key[1])]
    ledger.append_lines(session, workspace_id, list(lines.values()), now=now, held=consent_states)
    outbox.publish_all(
        session,
        [facts.ConsentWithdrawn(workspace_id, customer_id, purpose, ALL_TOPICS) for customer_id, purpose in ended],
    )
    return Outcome(len({customer_id for customer_id, _ in lines}), len({customer_id for customer_id, _ in ended}))


def foresee(session: Session, workspace_id: int, rows: Iterable[Refusal]) -> tuple[set[int], set[int]]:
    """Return whose no would be newly on record, and who of them is mailable or tracked now; nothing is written."""
    refusals = list(rows)
    there = {said.customer_id for said in refusals if said.customer_id > 0}
    consent_states = ledger.read_consent_states(database.raw(session), workspace_id, there)
    recorded, ended = set(), set()
    for said in refusals:
        held = consent_states.get(said.customer_id, {})
        purposes = {purpose for purpose in (MARKETING, *said.purposes) if not _stands(held, purpose)}
        if purposes:
            recorded.add(said.customer_id)
        if any(_allowed(held, purpose) for purpose in purposes):
            ended.add(said.customer_id)
    return recorded, ended


def _stands(held: ConsentStates, purpose: str) -> bool:
    """Say whether this person's no to all of a purpose is on record and no later yes goes against it."""
    everything = held.get((purpose, ALL_TOPICS))
    return everything is not None and everything.state in SAID_NO and not _allowed(held, purpose)


def _allowed(held: ConsentStates, purpose: str) -> bool:
    return any(consent_state.allowed for (about, _), consent_state in held.items() if about == purpose)
