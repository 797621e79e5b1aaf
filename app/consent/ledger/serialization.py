"""Serializes ledger records in bulk: what a batch shares is serialized once.

Every record comes out letter for letter as `record.spell` would write it; a test compares the two.
"""

from datetime import datetime
from secrets import token_hex
from typing import Any, NamedTuple

from app.consent.ledger import fold, record
from app.consent.ledger.fold import Answer
from app.consent.ledger.record import Line

# Stands in the place of the seven values while the rest is spelled; nobody can have written it into a text before.
_MARK = token_hex(16)
# In the order in which a record holds them, and what stands around each.
_SLOTS = {
    "address_digest": '"',
    "customer_id": "",
    "evidence_digest": '"',
    "happened_at": '"',
    "record_id": '"',
    "row": "",
    "seq": "",
}


class Pattern(NamedTuple):
    """The text between what differs, which of the seven the record holds, and what it answers."""

    pieces: tuple[str, ...]
    held: tuple[str, ...]
    answer: Answer


class Serializer:
    """Spells the answers of one batch, all recorded at one moment in one workspace."""

    def __init__(self, workspace_id: int, now: datetime) -> None:
        self.recorded_at = record.iso(now)
        self._workspace_id = workspace_id
        self._patterns: dict[tuple[Any, ...], Pattern] = {}
        # Of entries that many share, and that hold all seven values: by identity, which is all a row has to look up.
        self._full: dict[int, Pattern] = {}

    def spell(self, line: Line, seq: int, record_id: str, evidence_digest: str | None) -> tuple[str, Answer]:
        """Return the record's text, and what it says. The batch keeps its entries alive while it is written."""
        entry, customer_id, address_digest, at, row, _, _ = line
        if address_digest and at and row is not None and evidence_digest:
            full = self._full.get(id(entry))
            if full is None:
                full = self._full[id(entry)] = self._pattern(line, evidence_digest)
            a, b, c, d, e, f, g, h = full.pieces
            spelled = (
                f"{a}{address_digest.hex()}{b}{customer_id}{c}{evidence_digest}{d}{record.iso(at)}{e}{record_id}"
                f"{f}{row}{g}{seq}{h}"
            )
            return spelled, full.answer
        return self._spell_with_gaps(line, seq, record_id, evidence_digest)

    def _spell_with_gaps(self, line: Line, seq: int, record_id: str, digest: str | None) -> tuple[str, Answer]:
        pattern = self._pattern(line, digest)
        values = {
            "address_digest": line.address_digest.hex() if line.address_digest else "",
            "customer_id": line.customer_id,
            "evidence_digest": digest,
            "happened_at": record.iso(line.at) if line.at else "",
            "record_id": record_id,
            "row": line.row,
            "seq": seq,
        }
        texts = [f"{before}{values[name]}" for before, name in zip(pattern.pieces, pattern.held, strict=False)]
        return "".join([*texts, pattern.pieces[-1]]), pattern.answer

    def _pattern(self, line: Line, digest: str | None) -> Pattern:
        entry = line.entry
        key = (
            *(id(entry.evidence), entry.event, entry.purpose, entry.topic_id, entry.topic_key, id(entry.promise)),
            *(entry.basis, id(entry.basis_facts), entry.jurisdiction, entry.expires_at, entry.expires_rule),
            id(entry.standing),
            *(line.address_digest is None, digest is None, line.at is None, line.row is None),
        )
        found = self._patterns.get(key)
        if found is None:
            found = self._patterns[key] = self._draw(line, digest)
        return found

    def _draw(self, line: Line, digest: str | None) -> Pattern:
        values = record.compose(
            line,
            workspace_id=self._workspace_id,
            seq=0,
            record_id="",
            recorded_at=self.recorded_at,
            evidence_digest=digest,
        )
        answer = fold.read(values)
        held = tuple(name for name in _SLOTS if name in values)
        rest = record.serialize(values | {name: _MARK + name for name in held})
        pieces = []
        for name in held:
            before, rest = rest.split(f'"{_MARK}{name}"')
            pieces.append(before + _SLOTS[name])
            rest = _SLOTS[name] + rest
        return Pattern((*pieces, rest), held, answer)
