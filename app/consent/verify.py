"""Is the ledger whole? Recomputes every hash from the stored bytes, and the state table from the ledger.

Run by `assent verify-ledger` and by the ledger's page. Needs nothing but the tables; a head exported earlier also shows
whether records were cut off the end since.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.consent import fold, record
from app.kernel import database as kernel_database
from app.kernel.database import Database

_BATCH = 5_000

_RECORDS = """
SELECT l.seq, to_char(l.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), l.event, l.customer_id,
    l.purpose, l.topic_id, l.record, l.prev_hash, l.hash, e.salt, e.personal
FROM consent_ledger AS l LEFT JOIN consent_evidence AS e ON e.workspace_id = l.workspace_id AND e.seq = l.seq
WHERE l.workspace_id = %s AND l.seq > %s ORDER BY l.seq LIMIT %s
"""
_HEAD = "SELECT seq, hash FROM consent_heads WHERE workspace_id = %s"
_COLUMNS = ("event", "customer_id", "purpose", "topic_id")
_STATES = """
SELECT customer_id, purpose, topic_id, state, allowed, basis, method, ledger_seq, notice_id, promised_limit,
    promised_days, to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM consent_state WHERE workspace_id = %s
"""
_NOTICES = "SELECT id, sha256, encode(sha256(convert_to(text, 'UTF8')), 'hex') FROM notices WHERE workspace_id = %s"


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ended at some moment: exported, it later proves that nothing was cut off."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the ledger is not as it was written. `seq` is 0 where no single record is at fault."""

    workspace_id: int
    seq: int
    what: str

    def __str__(self) -> str:
        where = f", record {self.seq}" if self.seq else ""
        return f"workspace {self.workspace_id}{where}: {self.what}"


def verify_ledger(
    database: Database, workspace_id: int | None = None, *, exported: dict[int, Head] | None = None
) -> list[Problem]:
    """Check one workspace's ledger, or all of them, and return what is wrong; an empty list means whole.

    `exported` are heads kept elsewhere, by workspace: the chain must still pass through them.
    """
    if workspace_id is not None:
        ids = [workspace_id]
    else:
        with database.transaction() as session:
            ids = workspaces.list_ids(session)
    problems: list[Problem] = []
    for each in ids:
        with database.transaction(each) as session:
            problems += check(session, each, exported=(exported or {}).get(each))
    return problems


def check(session: Session, workspace_id: int, *, exported: Head | None = None) -> list[Problem]:
    """Check one workspace's ledger inside this transaction. The head row keeps writers out meanwhile."""
    connection = kernel_database.raw(session)
    stored = connection.execute(_HEAD + " FOR UPDATE", (workspace_id,)).fetchone()
    walk = _Walk(workspace_id, exported)
    for row in _rows(connection, workspace_id):
        walk.step(row)
    walk.finish(Head(stored[0], bytes(stored[1]).hex()) if stored else Head(0, record.GENESIS.hex()))
    walk.compare_states(connection.execute(_STATES, (workspace_id,)))
    walk.compare_notices(connection.execute(_NOTICES, (workspace_id,)))
    return walk.problems


def find_head(session: Session, workspace_id: int) -> Head | None:
    """Return where the chain ends now, to be kept somewhere else; None while nothing is recorded."""
    row = kernel_database.raw(session).execute(_HEAD, (workspace_id,)).fetchone()
    return Head(row[0], bytes(row[1]).hex()) if row else None


def _rows(connection: Any, workspace_id: int) -> Iterator[tuple[Any, ...]]:
    """Yield the ledger in order without holding it in memory."""
    after = -1
    while batch := connection.execute(_RECORDS, (workspace_id, after, _BATCH)).fetchall():
        yield from batch
        after = batch[-1][0]


class _Walk:
    """The chain and everybody's standings, recomputed record by record."""

    def __init__(self, workspace_id: int, exported: Head | None) -> None:
        self.problems: list[Problem] = []
        self._workspace_id = workspace_id
        self._exported = exported
        self._head = Head(0, record.GENESIS.hex())
        self._previous = record.GENESIS
        self._standings: dict[int, fold.Standings] = {}
        self._notices: dict[int, str] = {}
        self._without_evidence: dict[int, list[int]] = {}
        self._erased: set[int] = set()

    def step(self, row: tuple[Any, ...]) -> None:
        """Check one stored record against its own bytes and the record before."""
        seq, recorded_at, *columns, spelled, prev_hash, sealed, salt, personal = row
        if seq != self._head.seq + 1:
            self._say(seq, f"records {self._head.seq + 1} to {seq - 1} are missing")
        if bytes(prev_hash) != self._previous:
            self._say(seq, "it does not follow from the record before")
        if _seal(bytes(prev_hash), spelled) != bytes(sealed):
            self._say(seq, "its text or its hash was changed")
        self._previous, self._head = bytes(sealed), Head(seq, bytes(sealed).hex())
        if self._exported and self._exported.seq == seq and self._exported.hash != self._head.hash:
            self._say(seq, "it is not the record that was exported")
        values = _read(spelled)
        if values is None:
            self._say(seq, "its text cannot be read")
            return
        self._check_columns(values, seq, recorded_at, columns)
        self._check_evidence(values, seq, salt, personal)
        self._fold(values, seq)

    def finish(self, stored: Head) -> None:
        """Check the end of the chain, and the personal values that are missing without an erasure."""
        if stored != self._head:
            self._say(0, f"the chain ends at record {self._head.seq}, but its head says {stored.seq}")
        if self._exported and self._exported.seq > self._head.seq:
            self._say(0, f"records after {self._head.seq} were cut off; {self._exported.seq} had been exported")
        for customer_id, numbers in self._without_evidence.items():
            if customer_id not in self._erased:
                self.problems += [
                    Problem(self._workspace_id, seq, "its evidence is gone and nobody was erased") for seq in numbers
                ]

    def compare_states(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Check that the state table says exactly what the ledger amounts to."""
        expected = {
            (customer_id, *key): standing
            for customer_id, standings in self._standings.items()
            for key, standing in standings.items()
        }
        for customer_id, purpose, topic_id, *rest in rows:
            if expected.pop((customer_id, purpose, topic_id), None) != fold.Standing(*rest):
                self._say(rest[4], f"the state of customer {customer_id} ({purpose}, {topic_id}) is not what it says")
        for (customer_id, purpose, topic_id), standing in expected.items():
            self._say(standing.ledger_seq, f"the state of customer {customer_id} ({purpose}, {topic_id}) is missing")

    def compare_notices(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Check that every wording somebody agreed to is stored as it was then."""
        held = {}
        for notice_id, digest, computed in rows:
            held[notice_id] = computed
            if digest != computed:
                self._say(0, f"the text of wording {notice_id} was changed")
        for notice_id, digest in self._notices.items():
            if held.get(notice_id) != digest:
                self._say(0, f"wording {notice_id} is not the one that people agreed to")

    def _check_columns(self, values: dict[str, Any], seq: int, recorded_at: str, columns: list[Any]) -> None:
        expected = [values.get(name) for name in ("workspace_id", "seq", "recorded_at", *_COLUMNS)]
        if expected != [self._workspace_id, seq, recorded_at, *columns]:
            self._say(seq, "its columns do not say what its text says")

    def _check_evidence(self, values: dict[str, Any], seq: int, salt: bytes | None, personal: str | None) -> None:
        digest = values.get("evidence_digest")
        if values.get("event") == "erased":
            self._erased.add(values["customer_id"])
        if digest and personal is None:
            self._without_evidence.setdefault(values.get("customer_id", 0), []).append(seq)
        elif personal is not None and (salt is None or _digest(bytes(salt), personal) != digest):
            self._say(seq, "its evidence was changed")

    def _fold(self, values: dict[str, Any], seq: int) -> None:
        notice = values.get("notice")
        if notice:
            self._notices[notice["id"]] = notice["sha256"]
        try:
            fold.apply(self._standings.setdefault(values["customer_id"], {}), values)
        except (KeyError, TypeError):
            self._say(seq, "its text lacks what a record must say")

    def _say(self, seq: int, what: str) -> None:
        self.problems.append(Problem(self._workspace_id, seq, what))


def _seal(prev_hash: bytes, spelled: str) -> bytes:
    return record.chain(prev_hash, spelled) if spelled.isascii() else b""


def _digest(salt: bytes, personal: str) -> str:
    return record.seal_evidence(salt, personal) if personal.isascii() and 1 <= len(salt) <= 64 else ""


def _read(spelled: str) -> dict[str, Any] | None:
    try:
        values = json.loads(spelled)
    except ValueError:
        return None
    return values if isinstance(values, dict) else None
