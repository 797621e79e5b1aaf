"""What does a file say about consent? Handed on set by set to whoever keeps permission; nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session


class ImportRef(NamedTuple):
    """The file the rows stand in, as evidence names it. `topic_id` is meant where a row names no topic (0: none)."""

    import_id: int
    file_name: str
    file_sha256: str
    source: str
    staff_id: int | None
    topic_id: int


class Terms(NamedTuple):
    """What many rows say alike: how and where people answered, to which words, about what."""

    method: str
    wording: str
    topic: str
    page: str
    purposes: tuple[str, ...]


class Said(NamedTuple):
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


# hook(session, workspace_id, import_ref, rows, now) -> counts by name, such as {"granted": 3, "without_evidence": 1}
Hook = Callable[[Session, int, ImportRef, list[EvidenceRow], datetime], dict[str, int]]

# Filled by wiring: the consent room stands above this one.
EVIDENCE_HOOKS: list[Hook] = []
# hook(session, workspace_id): wait until answers may be written; asked before any customer is.
TURN_HOOKS: list[Callable[[Session, int], None]] = []


def has_evidence(said: Said) -> bool:
    """Say whether a yes is more than a claim: it tells when, how and to which words."""
    return said.at is not None and bool(said.terms.method and said.terms.wording)


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
