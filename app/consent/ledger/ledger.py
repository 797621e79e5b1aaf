"""Appends records to the consent ledger; private to this room.

Whoever appends holds the workspace's head row, so that numbers have no gaps and every hash seals the one before.
Lock order, for whoever holds more than one: head, sign-up request, customers.
One record and five thousand take the same way: chain in Python, binary COPY aside, inserts from there.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.consent.ledger import binary_rows, fold, record
from app.consent.ledger.record import Entry, Line
from app.consent.ledger.serialization import Serializer
from app.consent.models import LedgerRecord
from app.consent.purposes import Event
from app.kernel import database, networks
from app.kernel.sql import arrays

# Row-level security forbids COPY into the tables themselves.
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS incoming_consent (
    seq bigint, customer_id bigint, record text, hash bytea, prev_hash bytea, salt bytea, personal text,
    event text, purpose text, topic_id bigint
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS incoming_state (
    customer_id bigint, ledger_seq bigint, is_new boolean, purpose text, topic_id bigint, state text, allowed boolean,
    basis text, method text, consent_text_id bigint, promised_limit bigint, promised_days bigint,
    expires_at timestamptz, since timestamptz
) ON COMMIT DELETE ROWS
"""
_COPY_RECORDS = f"COPY incoming_consent ({binary_rows.RECORD_COLUMNS}) FROM STDIN (FORMAT binary)"
_COPY_STATES = f"COPY incoming_state ({binary_rows.STATE_COLUMNS}) FROM STDIN (FORMAT binary)"

_KEEP_RECORDS = """
INSERT INTO consent_ledger (workspace_id, seq, recorded_at, event, customer_id, purpose, topic_id,
    record, prev_hash, hash)
SELECT %(workspace)s, seq, %(recorded_at)s, event, customer_id, purpose, topic_id, record, prev_hash, hash
FROM incoming_consent WHERE seq > %(after)s
"""
_KEEP_EVIDENCE = """
INSERT INTO consent_evidence (workspace_id, seq, salt, personal)
SELECT %(workspace)s, seq, salt, personal FROM incoming_consent WHERE seq > %(after)s AND personal IS NOT NULL
"""
# Nobody else writes consent states while we hold the head, so a new one needs no look for an old one in its place.
_ADD_STATES = """
INSERT INTO consent_state (workspace_id, customer_id, purpose, topic_id, state, allowed, basis, method, ledger_seq,
    consent_text_id, promised_limit, promised_days, expires_at, since)
SELECT %(workspace)s, customer_id, purpose, topic_id, state, allowed, basis, method, ledger_seq,
    consent_text_id, promised_limit, promised_days, expires_at, since
FROM incoming_state WHERE ledger_seq > %(states_after)s AND is_new
"""
_CHANGE_STATES = """
UPDATE consent_state AS held SET
    state = said.state, allowed = said.allowed, basis = said.basis, method = said.method,
    ledger_seq = said.ledger_seq, consent_text_id = said.consent_text_id, promised_limit = said.promised_limit,
    promised_days = said.promised_days, expires_at = said.expires_at, since = said.since
FROM incoming_state AS said
WHERE held.workspace_id = %(workspace)s AND said.ledger_seq > %(states_after)s AND NOT said.is_new
    AND held.customer_id = said.customer_id AND held.purpose = said.purpose AND held.topic_id = said.topic_id
"""
_END_STATES = """
DELETE FROM consent_state AS held
USING unnest(%s::bigint[], %s::text[], %s::bigint[]) AS ended (customer_id, purpose, topic_id)
WHERE held.workspace_id = %s AND held.customer_id = ended.customer_id AND held.purpose = ended.purpose
    AND held.topic_id = ended.topic_id
"""
_READ_STATES = """
SELECT customer_id, purpose, topic_id, state, allowed, basis, method, ledger_seq, consent_text_id,
    promised_limit, promised_days, to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM consent_state WHERE workspace_id = %s AND customer_id = ANY(CAST(%s AS bigint[]))
"""
_FORGET = """
DELETE FROM consent_evidence AS evidence USING consent_ledger AS held
WHERE evidence.workspace_id = %s AND held.workspace_id = evidence.workspace_id AND held.seq = evidence.seq
    AND held.customer_id = %s
"""


def append(session: Session, workspace_id: int, entry: Entry, *, now: datetime) -> int:
    """Record one answer and return its number."""
    return append_many(session, workspace_id, [entry], now=now)[0]


def append_many(session: Session, workspace_id: int, entries: Sequence[Entry], *, now: datetime) -> list[int]:
    """Record answers in this order and return their numbers; current state follows in the same transaction."""
    if not entries:
        return []
    connection = database.raw(session)
    lock_head(connection, workspace_id)
    held = read_consent_states(connection, workspace_id, {entry.customer_id for entry in entries})
    return append_lines(session, workspace_id, list(map(record.alone, entries)), now=now, held=held)


def append_lines(
    session: Session, workspace_id: int, lines: Sequence[Line], *, now: datetime, held: dict[int, fold.ConsentStates]
) -> list[int]:
    """Record answers of people whose consent states `held` the caller has read since it holds the ledger."""
    if not lines:
        return []
    connection = database.raw(session)
    seq, prev_hash = lock_head(connection, workspace_id)
    book = _Book(workspace_id, seq, prev_hash, held, now)
    values = {"workspace": workspace_id, "after": seq, "states_after": seq, "recorded_at": now}
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        if any(line.entry.event == Event.UNMERGED for line in lines):
            # These stand by records of before: what was staged earlier cannot be told apart by its number.
            cursor.execute("DELETE FROM incoming_state")
            values["states_after"] = 0
        _copy(cursor, _COPY_RECORDS, book.write(lines))
        _copy(cursor, _COPY_STATES, book.changes())
        for statement in (_KEEP_RECORDS, _KEEP_EVIDENCE, _ADD_STATES):
            cursor.execute(statement, values)
        if book.has_changed:
            cursor.execute(_CHANGE_STATES, values)
            if ended := book.ended():
                ids, purposes, topic_ids = zip(*ended, strict=True)
                cursor.execute(_END_STATES, (list(ids), list(purposes), list(topic_ids), workspace_id))
        cursor.execute(
            "UPDATE consent_heads SET seq = %s, hash = %s WHERE workspace_id = %s",
            (book.seq, book.prev_hash, workspace_id),
        )
    return list(range(seq + 1, book.seq + 1))


def _copy(cursor: psycopg.Cursor[Any], statement: str, rows: Iterator[bytes]) -> None:
    """Hand rows on in pieces, so that the database reads while the next ones are being made."""
    pieces, size = [binary_rows.HEADER], 0
    with cursor.copy(statement.encode()) as copy:
        for row in rows:
            pieces.append(row)
            size += len(row)
            if size > binary_rows.PIECE:
                copy.write(b"".join(pieces))
                pieces, size = [], 0
        copy.write(b"".join([*pieces, binary_rows.TRAILER]))


def hold(session: Session, workspace_id: int) -> None:
    """Take the lock of the workspace's answers, so that what we read about a person is still so when we append.

    Whoever will append and also changes customers does this first, so that no two wait for each other.
    """
    lock_head(database.raw(session), workspace_id)


def forget_evidence(session: Session, workspace_id: int, customer_id: int) -> None:
    """Remove the personal values behind a person's records; the database allows it only after an `erased` record."""
    database.raw(session).execute(_FORGET, (workspace_id, customer_id))


def latest_of(session: Session, workspace_id: int, customer_id: int, event: Event) -> int:
    """Return the number of the latest record of this kind about somebody; 0 where there is none."""
    mine = (LedgerRecord.workspace_id == workspace_id, LedgerRecord.customer_id == customer_id)
    found = session.scalar(select(func.max(LedgerRecord.seq)).where(*mine, LedgerRecord.event == event.value))
    return found or 0


def lock_head(connection: psycopg.Connection[Any], workspace_id: int) -> tuple[int, bytes]:
    """Lock this workspace's ledger and return where its chain ends."""
    asked = "SELECT seq, hash FROM consent_heads WHERE workspace_id = %s FOR UPDATE"
    row = connection.execute(asked, (workspace_id,)).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO consent_heads (workspace_id, seq, hash) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING",
            (workspace_id, record.GENESIS),
        )
        row = connection.execute(asked, (workspace_id,)).fetchone()
    assert row is not None
    return row[0], bytes(row[1])


def read_consent_states(
    connection: psycopg.Connection[Any], workspace_id: int, customer_ids: Iterable[int]
) -> dict[int, fold.ConsentStates]:
    """Return the stored consent states of these people; who has none is not in it."""
    held: dict[int, fold.ConsentStates] = {}
    for customer_id, purpose, topic_id, *rest in connection.execute(
        _READ_STATES, (workspace_id, arrays.numbers(customer_ids))
    ):
        held.setdefault(customer_id, {})[purpose, topic_id] = fold.ConsentState(*rest)
    return held


class _Book:
    """The chain while a batch is being written, and the consent states that the batch changes."""

    def __init__(
        self, workspace_id: int, seq: int, prev_hash: bytes, held: dict[int, fold.ConsentStates], now: datetime
    ) -> None:
        self.seq = seq
        self.prev_hash = prev_hash
        self.has_changed = False
        self._speller = Serializer(workspace_id, now)
        self._held = held
        # Whether each consent state that changes is this person's first for its purpose and topic.
        self._changed: dict[tuple[int, str, int], bool] = {}
        millis = f"{int(now.timestamp() * 1000):012x}"
        self._uuid_head = f"{millis[:8]}-{millis[8:]}-7"

    def write(self, lines: Sequence[Line]) -> Iterator[bytes]:
        """Seal each answer onto the chain and yield its row."""
        salts, chances = os.urandom(16 * len(lines)), os.urandom(10 * len(lines)).hex()
        spell, tail, prev_hash = self._speller.spell, binary_rows.record_tail, self.prev_hash
        for number, line in enumerate(lines):
            self.seq = seq = self.seq + 1
            salt = salts[16 * number : 16 * number + 16]
            personal = record.personal_values(line, networks.truncated(line.ip))
            digest = record.hash_evidence(salt, personal) if personal else None
            spelled, answer = spell(line, seq, self._uuid7(chances[20 * number : 20 * number + 20]), digest)
            sealed = record.chain(prev_hash, spelled)
            row = binary_rows.record_row(seq, line.customer_id, spelled, sealed, prev_hash, salt, personal)
            yield row + tail(answer.event, answer.purpose, answer.topic_id)
            self._fold(line.customer_id, answer)
            self.prev_hash = prev_hash = sealed

    def changes(self) -> Iterator[bytes]:
        """Yield the rows of every consent state that the batch changed, as it is at the end."""
        for (customer_id, purpose, topic_id), is_new in self._changed.items():
            if consent_state := self._held[customer_id].get((purpose, topic_id)):
                yield binary_rows.state_row(customer_id, purpose, topic_id, consent_state, is_new=is_new)

    def ended(self) -> list[tuple[int, str, int]]:
        """Return whose consent states for what the batch took away."""
        return [key for key in self._changed if (key[1], key[2]) not in self._held[key[0]]]

    def _fold(self, customer_id: int, answer: fold.Answer) -> None:
        consent_states = self._held.get(customer_id)
        if consent_states is None:
            consent_states = self._held[customer_id] = {}
        before = set(consent_states) if consent_states else ()
        for purpose, topic_id in fold.apply(consent_states, answer, self.seq):
            is_new = (purpose, topic_id) not in before
            self._changed.setdefault((customer_id, purpose, topic_id), is_new)
            self.has_changed |= not is_new

    def _uuid7(self, digits: str) -> str:
        """Return a UUID of version 7 (RFC 9562) from twenty random hexadecimal digits."""
        return f"{self._uuid_head}{digits[:3]}-{_VARIANT[digits[3]]}{digits[5:8]}-{digits[8:]}"


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
