"""Hands the consent claims of a file to the room that keeps permission; nothing is decided here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session


class ImportRef(NamedTuple):
    """The file the rows stand in, as evidence names it."""

    import_id: int
    file_name: str
    file_sha256: str
    source: str
    staff_id: int | None


class Terms(NamedTuple):
    """What many rows say alike: how and where people answered, to which words, about what."""

    method: str
    wording: str
    topic: str
    page: str
    purposes: tuple[str, ...]


class ConsentClaim(NamedTuple):
    """What one row says about an answer, before it is known whose it is; fields as in EvidenceRow."""

    row: int
    email: str
    is_yes: bool
    at: datetime | None
    terms: Terms
    ip: str


class EvidenceRow(NamedTuple):
    """What one row says about one customer's answer. Texts are as in the file, empty when the file says nothing;
    `address_digest` is that of the address in the row.

    A yes without its time, its method and its wording is a claim, not evidence: it grants nothing.
    """

    customer_id: int
    row: int
    email: str
    is_yes: bool
    at: datetime | None
    terms: Terms
    ip: str
    address_digest: bytes | None


# By person, the digest of the address they will have; who is not there yet has a negative number.
Addresses = dict[int, bytes | None]


class Foreseen(NamedTuple):
    """What would come of some rows: the people who would become mailable, those with a yes or a no that would be newly
    on record, those mailable now who would no longer be, and why the other rows would grant nothing, as in a run.
    """

    mailable: set[int]
    refusing: set[int]
    leaving: set[int]
    reasons: dict[str, int]


class Foresight:
    """What would come of a whole file. A later no of the same file ends an earlier yes, and no later yes undoes it."""

    def __init__(self) -> None:
        self._mailable: set[int] = set()
        self._refusing: set[int] = set()
        self._leaving: set[int] = set()
        self._reasons: Counter[str] = Counter()

    def add(
        self,
        session: Session,
        workspace_id: int,
        rows: list[EvidenceRow],
        addresses: Addresses,
        known_by: dict[int, str],
        *,
        now: datetime,
    ) -> None:
        """Take in what a batch of rows would come to; `known_by` tells the same person in another batch."""
        marks = {customer_id: hash(name) for customer_id, name in known_by.items()}
        for hook in FORESEE_HOOKS:
            told = hook(session, workspace_id, rows, addresses, now)
            self._refusing |= {marks[customer_id] for customer_id in told.refusing}
            self._leaving |= {marks[customer_id] for customer_id in told.leaving}
            self._mailable |= {marks[customer_id] for customer_id in told.mailable}
            self._reasons += Counter(told.reasons)
        self._mailable -= self._refusing

    def counts(self) -> dict[str, int]:
        """Return the numbers by the names an import counts by."""
        numbers = {"granted": len(self._mailable), "no_recorded": len(self._refusing), "withdrawn": len(self._leaving)}
        return {f"consent_{name}": number for name, number in {**self._reasons, **numbers}.items() if number}


# hook(session, workspace_id, import_ref, rows, now) -> counts by name, such as {"granted": 3, "without_evidence": 1}
Hook = Callable[[Session, int, ImportRef, list[EvidenceRow], datetime], dict[str, int]]

# Filled by wiring: the consent room stands above this one.
EVIDENCE_HOOKS: list[Hook] = []
# hook(session, workspace_id, terms, now): store what many rows share, before anybody is kept waiting.
PREPARE_HOOKS: list[Callable[[Session, int, set[Terms], datetime], None]] = []
# hook(session, workspace_id, rows, addresses, now) -> what would come of the rows; nothing is written.
FORESEE_HOOKS: list[Callable[[Session, int, list[EvidenceRow], Addresses, datetime], Foreseen]] = []
# hook(session, workspace_id) -> (key, name) of every topic that people can be subscribed to.
TOPIC_HOOKS: list[Callable[[Session, int], list[tuple[str, str]]]] = []
# hook(session, workspace_id): wait until answers may be written; asked before any customer is.
TURN_HOOKS: list[Callable[[Session, int], None]] = []


def has_evidence(said: ConsentClaim) -> bool:
    """Say whether a yes is more than a claim: it tells when, how and to which words."""
    return said.at is not None and bool(said.terms.method and said.terms.wording)


def prepare(session: Session, workspace_id: int, terms: set[Terms], *, now: datetime) -> None:
    """Let every keeper of permission store what many rows share."""
    for hook in PREPARE_HOOKS:
        hook(session, workspace_id, terms, now)


def topics(session: Session, workspace_id: int) -> list[tuple[str, str]]:
    """Return (key, name) of the topics a file may bring consents to."""
    return [topic for hook in TOPIC_HOOKS for topic in hook(session, workspace_id)]


def take_turn(session: Session, workspace_id: int) -> None:
    """Wait for every keeper of permission, so that nobody waits for a customer whom we hold meanwhile."""
    for hook in TURN_HOOKS:
        hook(session, workspace_id)


def hand_on(
    session: Session, workspace_id: int, import_ref: ImportRef, rows: list[EvidenceRow], *, now: datetime
) -> dict[str, int]:
    """Give the rows to every keeper of permission and return what they made of them."""
    counts: dict[str, int] = {}
    for hook in EVIDENCE_HOOKS if rows else ():
        for name, number in hook(session, workspace_id, import_ref, rows, now).items():
            counts[f"consent_{name}"] = counts.get(f"consent_{name}", 0) + number
    return counts
