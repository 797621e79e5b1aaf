"""Corrects the consents that an undone import had brought: records stay, and what they gave ends with a new one.

Only what still stands on the import's own record ends. Whatever a person has said since stays, and so does every no: it
was theirs, whichever file told us.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.consent import facts
from app.consent.ledger import ledger
from app.consent.ledger.evidence import Evidence
from app.consent.ledger.record import Entry, Line
from app.consent.models import ConsentStateRow, SignupRequest
from app.consent.purposes import Event
from app.customers.imports.undoing.piece import ROWS, Piece
from app.customers.imports.undoing.traces import Trace
from app.kernel import database
from app.kernel.queueing import outbox

_BROUGHT = text(
    """
    SELECT l.seq, l.customer_id, l.purpose, l.topic_id, l.event, CAST(l.record AS jsonb) ->> 'topic' AS topic_key,
           CAST(CAST(l.record AS jsonb) ->> 'row' AS bigint) AS row, coalesce(s.ledger_seq = l.seq, false) AS stands
    FROM consent_ledger l LEFT JOIN consent_state s ON s.workspace_id = l.workspace_id AND s.customer_id = l.customer_id
        AND s.purpose = l.purpose AND s.topic_id = l.topic_id
    WHERE l.workspace_id = :w AND l.seq > :after AND l.recorded_at BETWEEN :since AND :until
      AND l.event IN ('imported', 'withdrawn') AND CAST(l.record AS jsonb) ->> 'actor' = 'import'
      AND starts_with(CAST(l.record AS jsonb) ->> 'note', :note)
    ORDER BY l.seq LIMIT :limit
    """
)
# Whoever has an answer on record that stands, or was asked for one.
ANSWERS, REQUESTS = Trace(ConsentStateRow.customer_id), Trace(SignupRequest.customer_id)


class Brought(NamedTuple):
    """How the records of an import are known: what their note begins with, and when they were made."""

    note: str
    since: datetime
    until: datetime


def retract(session: Session, workspace_id: int, brought: Brought, *, after: int, now: datetime) -> Piece:
    """Correct the next of the consents that an import brought, after this record."""
    rows = session.execute(_BROUGHT, {"w": workspace_id, "after": after, "limit": ROWS, **brought._asdict()}).all()
    if not rows:
        return Piece(None, {})
    evidence = Evidence(method="import undone", actor="import", note=f"undo of {brought.note.rstrip(', ')}")
    entries: dict[tuple[str, int], Entry] = {}
    standing = [row for row in rows if row.stands and row.event == Event.IMPORTED]
    for row in standing:
        entry = Entry(Event.CORRECTED, 0, row.purpose, evidence, row.topic_id, row.topic_key)
        entries.setdefault((row.purpose, row.topic_id), entry)
    lines = [
        Line(entries[row.purpose, row.topic_id], row.customer_id, None, None, row.row, None) for row in standing
    ]
    held = ledger.read_consent_states(database.raw(session), workspace_id, {row.customer_id for row in standing})
    ledger.append_lines(session, workspace_id, lines, now=now, held=held)
    outbox.publish_all(
        session, [facts.ConsentWithdrawn(workspace_id, row.customer_id, row.purpose, row.topic_id) for row in standing]
    )
    refusals = sum(row.event == Event.WITHDRAWN for row in rows)
    later = len(rows) - len(standing) - refusals
    return Piece(rows[-1].seq, {"consents_corrected": len(standing), "kept_refusals": refusals, "kept_answers": later})
