"""How is an answer written down so that it can never be quietly changed? Private to this room.

Whoever appends holds the workspace's head row, so that numbers have no gaps and every hash seals the one before.
One record and twenty thousand take the same way: chain in Python, COPY aside, two inserts, one upsert of the fold.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from app.consent import fold, record
from app.consent.evidence import network
from app.consent.record import Entry
from app.consent.spelling import Speller
from app.kernel import database

# Row-level security forbids COPY into the tables themselves.
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS incoming_consent (
    seq bigint, recorded_at timestamptz, event text, customer_id bigint, purpose text, topic_id bigint,
    record text, prev_hash bytea, hash bytea, salt bytea, personal text
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS incoming_standing (
    customer_id bigint, purpose text, topic_id bigint, state text, allowed boolean, basis text, method text,
    ledger_seq bigint, notice_id bigint, promised_limit bigint, promised_days bigint, expires_at timestamptz,
    since timestamptz
) ON COMMIT DELETE ROWS
"""
_COPY_RECORDS = "COPY incoming_consent FROM STDIN"
_COPY_STANDINGS = "COPY incoming_standing FROM STDIN"

_KEEP_RECORDS = """
INSERT INTO consent_ledger (workspace_id, seq, recorded_at, event, customer_id, purpose, topic_id,
    record, prev_hash, hash)
SELECT %(workspace)s, seq, recorded_at, event, customer_id, purpose, topic_id, record, prev_hash, hash
FROM incoming_consent WHERE seq > %(after)s
"""
_KEEP_EVIDENCE = """
INSERT INTO consent_evidence (workspace_id, seq, salt, personal)
SELECT %(workspace)s, seq, salt, personal FROM incoming_consent WHERE seq > %(after)s AND personal IS NOT NULL
"""
_KEEP_STANDINGS = """
INSERT INTO consent_state (workspace_id, customer_id, purpose, topic_id, state, allowed, basis, method, ledger_seq,
    notice_id, promised_limit, promised_days, expires_at, since)
SELECT %(workspace)s, * FROM incoming_standing WHERE ledger_seq > %(after)s
ON CONFLICT (workspace_id, customer_id, purpose, topic_id) DO UPDATE SET
    state = excluded.state, allowed = excluded.allowed, basis = excluded.basis, method = excluded.method,
    ledger_seq = excluded.ledger_seq, notice_id = excluded.notice_id, promised_limit = excluded.promised_limit,
    promised_days = excluded.promised_days, expires_at = excluded.expires_at, since = excluded.since
"""
_READ_STANDINGS = """
SELECT customer_id, purpose, topic_id, state, allowed, basis, method, ledger_seq, notice_id,
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


def append_many(
    session: Session,
    workspace_id: int,
    entries: Sequence[Entry],
    *,
    now: datetime,
    held: dict[int, fold.Standings] | None = None,
) -> list[int]:
    """Record answers in this order and return their numbers; current state follows in the same transaction.

    `held` are these people's standings, where the caller has read them since it held the ledger.
    """
    if not entries:
        return []
    connection = database.raw(session)
    seq, prev_hash = lock_head(connection, workspace_id)
    if held is None:
        held = read_standings(connection, workspace_id, {entry.customer_id for entry in entries})
    book = _Book(workspace_id, seq, prev_hash, held, now)
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy(_COPY_RECORDS) as copy:
            for row in book.write(entries):
                copy.write_row(row)
        with cursor.copy(_COPY_STANDINGS) as copy:
            for changed in book.changes():
                copy.write_row(changed)
        values = {"workspace": workspace_id, "after": seq}
        for statement in (_KEEP_RECORDS, _KEEP_EVIDENCE, _KEEP_STANDINGS):
            cursor.execute(statement, values)
        cursor.execute(
            "UPDATE consent_heads SET seq = %s, hash = %s WHERE workspace_id = %s",
            (book.seq, book.prev_hash, workspace_id),
        )
    return list(range(seq + 1, book.seq + 1))


def hold(session: Session, workspace_id: int) -> None:
    """Wait for our turn, so that what we read about a person is still so when we append."""
    lock_head(database.raw(session), workspace_id)


def forget_evidence(session: Session, workspace_id: int, customer_id: int) -> None:
    """Remove the personal values behind a person's records; the database allows it only after an `erased` record."""
    database.raw(session).execute(_FORGET, (workspace_id, customer_id))


def lock_head(connection: psycopg.Connection[Any], workspace_id: int) -> tuple[int, bytes]:
    """Wait for our turn to write to this workspace's ledger and return where its chain ends."""
    select = "SELECT seq, hash FROM consent_heads WHERE workspace_id = %s FOR UPDATE"
    row = connection.execute(select, (workspace_id,)).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO consent_heads (workspace_id, seq, hash) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING",
            (workspace_id, record.GENESIS),
        )
        row = connection.execute(select, (workspace_id,)).fetchone()
    assert row is not None
    return row[0], bytes(row[1])


def read_standings(
    connection: psycopg.Connection[Any], workspace_id: int, customer_ids: Iterable[int]
) -> dict[int, fold.Standings]:
    """Return the stored standings of these people; who has none is not in it."""
    held: dict[int, fold.Standings] = {}
    for customer_id, purpose, topic_id, *rest in connection.execute(
        _READ_STANDINGS, (workspace_id, bigint_array(customer_ids))
    ):
        held.setdefault(customer_id, {})[purpose, topic_id] = fold.Standing(*rest)
    return held


def bigint_array(numbers: Iterable[int]) -> str:
    """Return numbers as PostgreSQL writes an array: ten times cheaper for thousands than a list as a parameter."""
    return "{" + ",".join(map(str, numbers)) + "}"


class _Book:
    """The chain while a batch is being written, and the standings that the batch changes."""

    def __init__(
        self, workspace_id: int, seq: int, prev_hash: bytes, held: dict[int, fold.Standings], now: datetime
    ) -> None:
        self.seq = seq
        self.prev_hash = prev_hash
        self._speller = Speller(workspace_id, now)
        self._held = held
        self._changed: dict[tuple[int, str, int], None] = {}
        self._millis = f"{int(now.timestamp() * 1000):012x}"

    def write(self, entries: Sequence[Entry]) -> Iterator[tuple[Any, ...]]:
        """Seal each entry onto the chain and yield its row."""
        random = os.urandom(26 * len(entries))
        networks: dict[str | None, str] = {None: ""}
        recorded_at = self._speller.recorded_at
        for number, entry in enumerate(entries):
            self.seq += 1
            chance = random[26 * number : 26 * number + 26]
            ip = entry.evidence.ip
            if ip not in networks:
                networks[ip] = network(ip)
            salt, personal = chance[:16], record.personal_values(entry, networks[ip])
            digest = record.seal_evidence(salt, personal) if personal else None
            spelled, answer = self._speller.spell(entry, self.seq, _uuid7(self._millis, chance[16:]), digest)
            sealed = record.chain(self.prev_hash, spelled)
            self._fold(entry.customer_id, answer)
            yield (
                *(self.seq, recorded_at, answer.event, entry.customer_id, entry.purpose, entry.topic_id),
                *(spelled, self.prev_hash, sealed, salt, personal),
            )
            self.prev_hash = sealed

    def changes(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of every standing that the batch changed, as it is at the end."""
        for customer_id, purpose, topic_id in self._changed:
            yield customer_id, purpose, topic_id, *self._held[customer_id][purpose, topic_id]

    def _fold(self, customer_id: int, answer: fold.Answer) -> None:
        standings = self._held.get(customer_id)
        if standings is None:
            standings = self._held[customer_id] = {}
        for purpose, topic_id in fold.apply(standings, answer, self.seq):
            self._changed[customer_id, purpose, topic_id] = None


def _uuid7(millis: str, chance: bytes) -> str:
    """Return a UUID of version 7 (RFC 9562) from a hexadecimal Unix time and ten random bytes."""
    digits = chance.hex()
    variant = "89ab"[chance[2] & 3]
    return f"{millis[:8]}-{millis[8:]}-7{digits[:3]}-{variant}{digits[5:8]}-{digits[8:20]}"
