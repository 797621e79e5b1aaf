"""Hands the consent claims of a file to the room that keeps permission; nothing is decided here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.customers.imports.models import Import
from app.customers.imports.undoing.piece import Piece
from app.kernel import extensions


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
    # Which of method and wording was stated for the whole file by whoever imported it, in words.
    stated: str = ""


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
    `address_digest` is that of the address in the row. `is_added` says that this transaction has added the customer
    with that address: nothing is on record of them, and nobody else can change them yet.

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
    is_added: bool = False


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

    def __init__(self, *, named: int = 0) -> None:
        """As many of those who become mailable are `named` as asked for."""
        self._named = named
        self._names: dict[int, str] = {}
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
        told = _keeper(session).foresee(session, workspace_id, rows, addresses, now=now)
        self._refusing |= {marks[customer_id] for customer_id in told.refusing}
        self._leaving |= {marks[customer_id] for customer_id in told.leaving}
        self._mailable |= {marks[customer_id] for customer_id in told.mailable}
        for customer_id in islice(sorted(told.mailable, key=abs), max(0, self._named - len(self._names))):
            self._names[marks[customer_id]] = known_by[customer_id]
        self._reasons += Counter(told.reasons)
        self._mailable -= self._refusing

    def names(self) -> list[str]:
        """Return what the first of those who become mailable are known by."""
        return [name for mark, name in self._names.items() if mark in self._mailable]

    def counts(self) -> dict[str, int]:
        """Return the numbers by the names an import counts by."""
        numbers = {"granted": len(self._mailable), "no_recorded": len(self._refusing), "withdrawn": len(self._leaving)}
        return {f"consent_{name}": number for name, number in {**self._reasons, **numbers}.items() if number}


class PermissionKeeper:
    """Who keeps permission for the people of a file; this one keeps nothing, a higher room's does."""

    def lock_answers(self, session: Session, workspace_id: int) -> None:
        """Wait until answers may be written; asked before any customer is held."""

    def list_topics(self, session: Session, workspace_id: int) -> list[tuple[str, str]]:
        """Return (key, name) of every topic that a file may bring consents to."""
        return []

    def prepare(self, session: Session, workspace_id: int, terms: set[Terms], *, now: datetime) -> None:
        """Store what many rows share, before anybody is kept waiting."""

    def foresee(
        self,
        session: Session,
        workspace_id: int,
        rows: list[EvidenceRow],
        addresses: Addresses,
        *,
        now: datetime,
    ) -> Foreseen:
        """Return what would come of the rows; nothing is written."""
        return Foreseen(set(), set(), set(), {})

    def record(
        self,
        session: Session,
        workspace_id: int,
        import_ref: ImportRef,
        rows: list[EvidenceRow],
        *,
        now: datetime,
    ) -> dict[str, int]:
        """Judge and write down the rows; return counts by name, such as {"granted": 3, "without_evidence": 1}."""
        return {}

    def retract(self, session: Session, found: Import, *, after: int, now: datetime) -> Piece:
        """Correct the next answers, after this one, that an undone import had brought."""
        return Piece(None, {})


@dataclass(frozen=True)
class ImportedEvidence:
    """Who is told what imported files say about permission."""

    keeper: PermissionKeeper = field(default_factory=PermissionKeeper)


def has_evidence(said: ConsentClaim) -> bool:
    """Say whether a yes is more than a claim: it tells when, how and to which words."""
    return said.at is not None and bool(said.terms.method and said.terms.wording)


def prepare(session: Session, workspace_id: int, terms: set[Terms], *, now: datetime) -> None:
    """Let the keeper of permission store what many rows share."""
    _keeper(session).prepare(session, workspace_id, terms, now=now)


def topics(session: Session, workspace_id: int) -> list[tuple[str, str]]:
    """Return (key, name) of the topics a file may bring consents to."""
    return _keeper(session).list_topics(session, workspace_id)


def lock_answers(session: Session, workspace_id: int) -> None:
    """Wait for the keeper of permission, so that nobody waits for a customer whom we hold meanwhile."""
    _keeper(session).lock_answers(session, workspace_id)


def hand_on(
    session: Session, workspace_id: int, import_ref: ImportRef, rows: list[EvidenceRow], *, now: datetime
) -> dict[str, int]:
    """Give the rows to the keeper of permission and return what it made of them."""
    counts = _keeper(session).record(session, workspace_id, import_ref, rows, now=now) if rows else {}
    return {f"consent_{name}": number for name, number in counts.items()}


def retract(session: Session, found: Import, *, after: int, now: datetime) -> Piece:
    """Let the keeper of permission correct what an undone import had brought."""
    return _keeper(session).retract(session, found, after=after, now=now)


def _keeper(session: Session) -> PermissionKeeper:
    return extensions.of(session, ImportedEvidence).keeper
