"""The tables of consent about customers: what a merge leaves with its number, and what stays after an erasure."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.consent import suppression
from app.consent.ledger import ledger
from app.consent.ledger.evidence import Evidence
from app.consent.ledger.record import Entry
from app.consent.models import (
    ConfirmationAllowance,
    ConsentStateRow,
    LedgerEvidence,
    LedgerRecord,
    SignupRequest,
    Suppression,
)
from app.consent.purposes import MARKETING, Event
from app.customers.addresses import queries
from app.customers.merging.person_tables import Erasing, Kept, PersonTable, moving

_THEIR_RECORDS = """t.seq IN (SELECT l.seq FROM consent_ledger l
    WHERE l.workspace_id = :w AND l.customer_id = ANY(CAST(:ids AS bigint[])))"""


def _erase(session: Session, erasing: Erasing) -> None:
    """Remove the personal values behind this person's records.

    What was agreed stays provable, who it was does not; every email they have or had stays suppressed as a digest, but
    one that is somebody else's by now.
    """
    workspace_id, now = erasing.workspace_id, erasing.now
    evidence = Evidence(method="erasure", actor="system")
    ledger.append_many(
        session, workspace_id, [Entry(Event.ERASED, each, MARKETING, evidence) for each in erasing.ids], now=now
    )
    for customer_id in erasing.ids:
        for digest in queries.own_email_digests(session, workspace_id, customer_id):
            suppression.add(
                *(session, workspace_id), address_digest=digest, reason=suppression.ERASED, source="erasure", now=now
            )
        ledger.forget_evidence(session, workspace_id, customer_id)


TABLES = (
    PersonTable(
        LedgerRecord,
        None,
        Kept("The proof of what was agreed; its personal values are evidence, which goes."),
        hidden=("prev_hash", "hash"),
    ),
    PersonTable(LedgerEvidence, None, _erase, of_person=_THEIR_RECORDS, hidden=("salt",)),
    PersonTable(ConsentStateRow, None, Kept("It says that nothing is allowed any more, and follows from the ledger.")),
    PersonTable(SignupRequest, moving(SignupRequest), None, hidden=("address_digest", "network")),
    PersonTable(
        Suppression, None, Kept("A hash, so that nobody writes to the address again."), of_person=None
    ),
    PersonTable(
        ConfirmationAllowance, None, Kept("A hash that bounds how many mails an address gets."), of_person=None
    ),
)  # fmt: skip
