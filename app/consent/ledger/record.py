"""The bytes of a ledger record and its hash; pure functions.

A record is canonical JSON: keys sorted, no spaces, ASCII only, whole numbers only, times as UTC with microseconds,
absent values left out. Its hash is SHA-256(previous hash ‖ record). From these two sentences anyone can recompute it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from types import MappingProxyType
from typing import Any, NamedTuple

from app.consent.ledger.evidence import Evidence
from app.consent.purposes import ALL_TOPICS

SCHEMA_VERSION = 1
GENESIS = bytes(32)

_ISO = "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ"
_quote = json.encoder.encode_basestring_ascii
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


class FrequencyPromise(NamedTuple):
    """At most `limit` mails in `days` days, as promised when consent was given."""

    limit: int
    days: int


class Entry(NamedTuple):
    """One answer about to be recorded."""

    event: str
    customer_id: int
    purpose: str
    evidence: Evidence
    topic_id: int = ALL_TOPICS
    topic_key: str | None = None
    promise: FrequencyPromise | None = None
    address_digest: bytes | None = None
    basis: str = "consent"
    basis_facts: Mapping[str, Any] = MappingProxyType({})
    jurisdiction: str = "strictest"
    expires_at: datetime | None = None
    expires_rule: str | None = None
    # Of two people who become one, or two again: the answer that stands from here on, None where there is none.
    standing: Mapping[str, Any] | None = None


class Line(NamedTuple):
    """One answer of many alike: the entry they share, and what is this person's own."""

    entry: Entry
    customer_id: int
    address_digest: bytes | None
    at: datetime | None
    row: int | None
    address: str | None
    ip: str | None = None


def alone(entry: Entry) -> Line:
    """Return an answer that shares nothing."""
    evidence = entry.evidence
    return Line(
        *(entry, entry.customer_id, entry.address_digest, evidence.at, evidence.row, evidence.address, evidence.ip)
    )


def canonical(values: Mapping[str, Any]) -> str:
    """Return the one spelling of these values; floats have none and are refused."""
    _refuse_floats(values)
    return _encode(values)


def chain(prev_hash: bytes, record: str) -> bytes:
    """Return the hash that seals this record onto the one before."""
    return sha256(prev_hash + record.encode("ascii")).digest()


def hash_evidence(salt: bytes, personal: str) -> str:
    """Return the digest by which a record commits to its personal values.

    The key lies beside the values and is erased with them; afterwards the digest says nothing about them.
    """
    return blake2b(personal.encode("ascii"), key=salt, digest_size=16).hexdigest()


def iso(moment: datetime) -> str:
    """Return a time as the ledger spells it."""
    at = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    # Half the time that `isoformat` takes, and records are written by the hundred thousand.
    return _ISO % (at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond)


def personal_values(line: Line, ip: str) -> str | None:
    """Return the canonical personal values behind this answer, or None without any. `ip` is already shortened."""
    evidence, address = line.entry.evidence, line.address
    if not (ip or evidence.user_agent or evidence.fields):
        return f'{{"address":{_quote(address)}}}' if address else None
    values = {"address": address, "ip": ip, "user_agent": evidence.user_agent, "fields": dict(evidence.fields)}
    return canonical({name: value for name, value in values.items() if value})


def compose(
    line: Line,
    *,
    workspace_id: int,
    seq: int,
    record_id: str,
    recorded_at: str,
    evidence_digest: str | None,
) -> dict[str, Any]:
    """Return the record of this answer as plain values, ready to be spelled."""
    entry = line.entry
    evidence = entry.evidence
    values: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "record_id": record_id,
        "workspace_id": workspace_id,
        "seq": seq,
        "recorded_at": recorded_at,
        "event": str(entry.event),
        "customer_id": line.customer_id,
        "purpose": entry.purpose,
        "topic_id": entry.topic_id,
        "basis": entry.basis,
        "jurisdiction": entry.jurisdiction,
        "method": evidence.method,
        "actor": evidence.actor,
    }
    if evidence.actor_id:
        values["actor_id"] = evidence.actor_id
    if line.address_digest:
        values["address_digest"] = line.address_digest.hex()
    if entry.topic_key:
        values["topic"] = entry.topic_key
    if entry.promise:
        values["promised"] = {"limit": entry.promise.limit, "days": entry.promise.days}
    if entry.basis_facts:
        values["basis_facts"] = dict(entry.basis_facts)
    if entry.expires_at:
        values["expires_at"] = iso(entry.expires_at)
        values["expires_rule"] = entry.expires_rule
    if entry.standing:
        values["standing"] = {name: value for name, value in entry.standing.items() if value is not None}
    if evidence_digest:
        values["evidence_digest"] = evidence_digest
    if wording := evidence.wording:
        values["notice"] = {
            "id": wording.consent_text_id,
            "kind": wording.kind,
            "version": wording.version,
            "language": wording.language,
            "sha256": wording.sha256,
        }
        if wording.filled:
            values["notice"]["filled"] = dict(wording.filled)
    if line.at:
        values["happened_at"] = iso(line.at)
    if line.row is not None:
        values["row"] = line.row
    for name in ("page", "form_id", "request_id", "message_id", "file_sha256", "note"):
        if (value := getattr(evidence, name)) is not None:
            values[name] = value
    return values


def serialize(values: Mapping[str, Any]) -> str:
    """Return the canonical text of a composed record."""
    if "basis_facts" in values:
        _refuse_floats(values["basis_facts"])
    return _encode(values)


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a ledger record holds no floating-point numbers")
    if isinstance(value, Mapping):
        for part in value.values():
            _refuse_floats(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_floats(part)
