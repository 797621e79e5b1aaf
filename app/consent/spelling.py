"""How are twenty thousand records spelled in a second? A batch differs in seven values; the rest is spelled once.

Every record comes out letter for letter as `record.spell` would write it; a test compares the two.
"""

from datetime import datetime
from secrets import token_hex
from typing import Any

from app.consent import fold, record
from app.consent.fold import Answer
from app.consent.record import Entry

# Stands in the place of the seven values while the rest is spelled; nobody can have written it into a text before.
_MARK = token_hex(16)
_SLOTS = {
    "address_digest": '"%(address_digest)s"',
    "customer_id": "%(customer_id)d",
    "evidence_digest": '"%(evidence_digest)s"',
    "happened_at": '"%(happened_at)s"',
    "record_id": '"%(record_id)s"',
    "row": "%(row)d",
    "seq": "%(seq)d",
}


class Speller:
    """Spells the entries of one batch, all recorded at one moment in one workspace."""

    def __init__(self, workspace_id: int, now: datetime) -> None:
        self.recorded_at = record.iso(now)
        self._workspace_id = workspace_id
        self._patterns: dict[tuple[Any, ...], tuple[str, Answer]] = {}

    def spell(self, entry: Entry, seq: int, record_id: str, evidence_digest: str | None) -> tuple[str, Answer]:
        """Return the record's text, and what it says."""
        evidence = entry.evidence
        at, row = entry.at or evidence.at, evidence.row if entry.row is None else entry.row
        # By identity: a batch hands in few evidences, promises and facts, and keeps them alive while it is written.
        key = (
            *(id(evidence), entry.event, entry.purpose, entry.topic_id, entry.topic_key, id(entry.promise)),
            *(entry.basis, id(entry.basis_facts), entry.jurisdiction, entry.expires_at, entry.expires_rule),
            *(entry.address_digest is None, evidence_digest is None, at is None, row is None),
        )
        known = self._patterns.get(key)
        if known is None:
            known = self._patterns[key] = self._pattern(entry, evidence_digest)
        pattern, answer = known
        spelled = pattern % {
            "address_digest": entry.address_digest.hex() if entry.address_digest else "",
            "customer_id": entry.customer_id,
            "evidence_digest": evidence_digest,
            "happened_at": record.iso(at) if at else "",
            "record_id": record_id,
            "row": row,
            "seq": seq,
        }
        return spelled, answer

    def _pattern(self, entry: Entry, evidence_digest: str | None) -> tuple[str, Answer]:
        """Return the text of such an entry with named places for what differs, and its answer."""
        values = record.compose(
            entry,
            workspace_id=self._workspace_id,
            seq=0,
            record_id="",
            recorded_at=self.recorded_at,
            evidence_digest=evidence_digest,
        )
        answer = fold.read(values)
        held = [name for name in _SLOTS if name in values]
        text = record.spell(values | {name: _MARK + name for name in held}).replace("%", "%%")
        for name in held:
            text = text.replace(f'"{_MARK}{name}"', _SLOTS[name])
        return text, answer
