"""Proof of consent: one ledger record with its words, time, method, legal basis and place in the chain."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.consent.ledger import record
from app.consent.ledger.record import FrequencyPromise
from app.consent.texts import wording
from app.customers.merging import aliases
from app.kernel import database
from app.kernel.refusals import NotFound

_RECORDS = """
SELECT l.seq, l.recorded_at, l.record, l.prev_hash, l.hash, before.hash, after.prev_hash, n.text, e.salt, e.personal
FROM consent_ledger AS l
LEFT JOIN consent_ledger AS before ON before.workspace_id = l.workspace_id AND before.seq = l.seq - 1
LEFT JOIN consent_ledger AS after ON after.workspace_id = l.workspace_id AND after.seq = l.seq + 1
LEFT JOIN consent_texts AS n ON n.workspace_id = l.workspace_id
    AND n.id = (CAST(l.record AS jsonb) -> 'notice' ->> 'id')::bigint
LEFT JOIN consent_evidence AS e ON e.workspace_id = l.workspace_id AND e.seq = l.seq
"""
_OF_CUSTOMER = _RECORDS + "WHERE l.workspace_id = %s AND l.customer_id = ANY(%s) ORDER BY l.seq DESC LIMIT %s"
_ONE = _RECORDS + "WHERE l.workspace_id = %s AND l.seq = %s"


@dataclass(frozen=True, slots=True)
class Proof:
    """One ledger record, readable. `wording` are the exact words the person saw; `personal` is empty once erased."""

    seq: int
    at: datetime
    event: str
    customer_id: int
    purpose: str
    topic_id: int
    topic_key: str
    method: str
    actor: str
    basis: str
    promise: FrequencyPromise | None
    wording: str
    wording_version: int
    wording_language: str
    wording_sha256: str
    happened_at: str
    page: str
    note: str
    file_sha256: str
    row: int | None
    request_id: int | None
    message_id: int | None
    expires_at: str
    personal: dict[str, Any]
    hash: str
    is_sealed: bool


def of_customer(session: Session, workspace_id: int, customer_id: int, *, limit: int = 100) -> list[Proof]:
    """Return what the ledger holds about one person, under each number they have or had, newest first."""
    ids = aliases.all_ids(session, workspace_id, customer_id)
    rows = database.raw(session).execute(_OF_CUSTOMER, (workspace_id, ids, limit))
    return _proofs(rows)


def get(session: Session, workspace_id: int, seq: int) -> Proof:
    """Return the record of this number, as the row of a sent message names it; raise NotFound."""
    proofs = _proofs(database.raw(session).execute(_ONE, (workspace_id, seq)))
    if not proofs:
        raise NotFound
    return proofs[0]


def _proofs(rows: Iterable[tuple[Any, ...]]) -> list[Proof]:
    return [_proof(_Row._make(row)) for row in rows]


class _Row(NamedTuple):
    """A record with its neighbours' hashes, the consent text it names and the evidence that is still kept."""

    seq: int
    at: datetime
    spelled: str
    prev_hash: bytes
    sealed: bytes
    before: bytes | None
    after: bytes | None
    text: str | None
    salt: bytes | None
    personal: str | None


def _proof(row: _Row) -> Proof:
    values = json.loads(row.spelled)
    notice, promised = values.get("notice", {}), values.get("promised")
    promise = FrequencyPromise(promised["limit"], promised["days"]) if promised else None
    return Proof(
        seq=row.seq,
        at=row.at,
        event=values["event"],
        customer_id=values["customer_id"],
        purpose=values["purpose"],
        topic_id=values["topic_id"],
        topic_key=values.get("topic", ""),
        method=values["method"],
        actor=values["actor"],
        basis=values["basis"],
        promise=promise,
        wording=_words(row.text or "", notice, promise),
        wording_version=notice.get("version", 0),
        wording_language=notice.get("language", ""),
        wording_sha256=notice.get("sha256", ""),
        happened_at=values.get("happened_at", ""),
        page=values.get("page", ""),
        note=values.get("note", ""),
        file_sha256=values.get("file_sha256", ""),
        row=values.get("row"),
        request_id=values.get("request_id"),
        message_id=values.get("message_id"),
        expires_at=values.get("expires_at", ""),
        personal=json.loads(row.personal) if row.personal else {},
        hash=bytes(row.sealed).hex(),
        is_sealed=_is_sealed(row) and _matches(values.get("evidence_digest"), row.salt, row.personal),
    )


def _words(text: str, notice: dict[str, Any], promise: FrequencyPromise | None) -> str:
    """Return the words as they stood on the page: the stored text with the values that filled it then."""
    filled = notice.get("filled")
    if not filled:
        return text
    return wording.fill(
        text, language=notice["language"], sender=filled["sender"], topic=filled.get("topic", ""), promise=promise
    )


def _is_sealed(row: _Row) -> bool:
    """Say whether the record's bytes give its hash, and both neighbours agree."""
    return (
        row.spelled.isascii()
        and record.chain(bytes(row.prev_hash), row.spelled) == bytes(row.sealed)
        and bytes(row.before or record.GENESIS) == bytes(row.prev_hash)
        and (row.after is None or bytes(row.after) == bytes(row.sealed))
    )


def _matches(digest: str | None, salt: bytes | None, personal: str | None) -> bool:
    return personal is None or salt is None or record.hash_evidence(bytes(salt), personal) == digest
