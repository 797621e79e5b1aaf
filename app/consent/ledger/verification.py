"""Verifies the ledger: recomputes every hash from the stored bytes, and the state table from the ledger.

Run by `assent verify-ledger`, every night, and from the ledger's page. Needs nothing but the tables, and holds no lock
and few rows at a time. By itself the chain shows what was changed inside it by somebody who could not rewrite the rest;
whoever can write everything can make another chain that fits together. Only heads kept elsewhere show that, a cut-off
end, or a workspace that is gone: so every head is held against the chain, and those without one are named.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.consent.ledger import fold, record
from app.kernel import database as kernel_database
from app.kernel.database import Database
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

_HEAD = "SELECT seq, hash FROM consent_heads WHERE workspace_id = %s"
# One statement, so that both are of one moment.
_ENDS = """
SELECT (SELECT seq FROM consent_heads WHERE workspace_id = %(id)s),
    (SELECT max(seq) FROM consent_ledger WHERE workspace_id = %(id)s)
"""
# The nightly looks note where the chain ended: an end of the inside, better than none.
_NOTED = """
SELECT head_seq, head_hash FROM ledger_checks WHERE workspace_id = %s AND head_seq > 0 ORDER BY head_seq DESC LIMIT 100
"""
_RECORDS = """
SELECT l.seq, to_char(l.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), l.event, l.customer_id,
    l.purpose, l.topic_id, l.record, l.prev_hash, l.hash, e.salt, e.personal
FROM consent_ledger AS l LEFT JOIN consent_evidence AS e ON e.workspace_id = l.workspace_id AND e.seq = l.seq
WHERE l.workspace_id = %s ORDER BY l.seq
"""
_BY_CUSTOMER = "SELECT customer_id, record FROM consent_ledger WHERE workspace_id = %s ORDER BY customer_id, seq"
_STATES = """
SELECT customer_id, purpose, topic_id, state, allowed, basis, method, ledger_seq, consent_text_id, promised_limit,
    promised_days, to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM consent_state WHERE workspace_id = %s ORDER BY customer_id
"""
_WITHOUT_RECORD = """
SELECT e.seq FROM consent_evidence AS e
LEFT JOIN consent_ledger AS l ON l.workspace_id = e.workspace_id AND l.seq = e.seq
WHERE e.workspace_id = %s AND l.seq IS NULL ORDER BY e.seq
"""
_EXISTS = "SELECT 1 FROM consent_ledger WHERE workspace_id = %s AND seq = %s"
_CONSENT_TEXTS = """
SELECT id, sha256, encode(sha256(convert_to(text, 'UTF8')), 'hex') FROM consent_texts WHERE workspace_id = %s
"""
_COLUMNS = ("workspace_id", "seq", "recorded_at", "event", "customer_id", "purpose", "topic_id")
# Enough to see what happened; a broken ledger is not repaired by reading a million lines about it.
_MOST_PROBLEMS = 1_000
_HASH = re.compile(r"[0-9a-f]{64}")


class HeadUnreadable(Refusal):
    """A file that should hold the end of a chain holds something else."""

    message = N_("This file is no exported end of a chain.")


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ended at some moment: kept elsewhere, it later proves that nothing was cut off."""

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
    database: Database, workspace_id: int | None = None, *, exported: Sequence[tuple[int, Head]] = ()
) -> list[Problem]:
    """Check one workspace's ledger, or all of them, and return what is wrong; an empty list means intact.

    `exported` are heads kept elsewhere, each with its workspace: every one of them must still be part of its chain. A
    head of a workspace that is gone, or is not looked at, is a problem: what it was to show was not shown.
    """
    with database.transaction() as session:
        known = workspaces.list_ids(session)
    ids = known if workspace_id is None else [each for each in known if each == workspace_id]
    problems = [Problem(each, 0, _unmatched(each, known)) for each, _ in exported if each not in ids]
    if workspace_id is not None and not ids:
        problems.append(Problem(workspace_id, 0, "there is no such workspace"))
    for each in ids:
        with database.transaction(each) as session:
            problems += check(session, each, exported=[head for held, head in exported if held == each])
    return problems


def without_head(
    database: Database, workspace_id: int | None = None, *, exported: Sequence[tuple[int, Head]] = ()
) -> list[int]:
    """Return the workspaces looked at whose chain no head from outside was held against."""
    with database.transaction() as session:
        known = workspaces.list_ids(session)
    held = {each for each, _ in exported}
    return [each for each in known if each not in held and workspace_id in (None, each)]


def check(session: Session, workspace_id: int, *, exported: Sequence[Head] = ()) -> list[Problem]:
    """Check one workspace's ledger inside this transaction, up to where it ended when the check began."""
    connection = kernel_database.raw(session)
    head = find_head(session, workspace_id) or Head(0, record.GENESIS.hex())
    noted = [Head(seq, digest) for seq, digest in connection.execute(_NOTED, (workspace_id,))]
    walk = _Walk(workspace_id, [head, *noted, *exported])
    ends = connection.execute(_ENDS, {"id": workspace_id}).fetchone() or (None, None)
    if (ends[0] or 0) != (ends[1] or 0):
        walk.say(0, f"the end of the chain is noted as {ends[0] or 0}, and the latest record is {ends[1] or 0}")
    for row in _stream(connection, _RECORDS, workspace_id):
        walk.step(row)
    walk.finish()
    for (seq,) in _stream(connection, _WITHOUT_RECORD, workspace_id):
        walk.say(seq, "there is evidence, but no record of it")
    walk.compare_notices(connection.execute(_CONSENT_TEXTS, (workspace_id,)))
    _compare_states(walk, connection, workspace_id, head)
    return walk.problems[:_MOST_PROBLEMS]


def find_head(session: Session, workspace_id: int) -> Head | None:
    """Return where the chain ends now, to be kept somewhere else; None while nothing is recorded."""
    row = kernel_database.raw(session).execute(_HEAD, (workspace_id,)).fetchone()
    return Head(row[0], bytes(row[1]).hex()) if row else None


class _Walk:
    """The chain, recomputed record by record."""

    def __init__(self, workspace_id: int, heads: Iterable[Head]) -> None:
        self.problems: list[Problem] = []
        self._workspace_id = workspace_id
        self._heads: dict[int, set[str]] = {}
        for head in heads:
            self._heads.setdefault(head.seq, set()).add(head.hash)
        self._at = Head(0, record.GENESIS.hex())
        self._previous = record.GENESIS
        self._notices: dict[int, str] = {}
        self._without_evidence: dict[int, list[int]] = {}
        self._erased: set[int] = set()

    def step(self, row: tuple[Any, ...]) -> None:
        """Check one stored record against its own bytes and the record before."""
        seq, recorded_at, *columns, spelled, prev_hash, sealed, salt, personal = row
        if seq != self._at.seq + 1:
            self.say(seq, f"records {self._at.seq + 1} to {seq - 1} are missing")
        if bytes(prev_hash) != self._previous:
            self.say(seq, "it does not follow from the record before")
        if _seal(bytes(prev_hash), spelled) != bytes(sealed):
            self.say(seq, "its text or its hash was changed")
        self._previous, self._at = bytes(sealed), Head(seq, bytes(sealed).hex())
        if self._heads.get(seq, set()) - {self._at.hash}:
            self.say(seq, "it is not the record that was there when the end of the chain was noted")
        values = _read(spelled)
        if [values.get(name) for name in _COLUMNS] != [self._workspace_id, seq, recorded_at, *columns]:
            self.say(seq, "its columns do not say what its text says")
        self._check_evidence(values, seq, salt, personal)
        if notice := values.get("notice"):
            self._notices[notice["id"]] = notice["sha256"]

    def finish(self) -> None:
        """Check the end of the chain, and the personal values that are missing without an erasure."""
        if (latest := max(self._heads, default=0)) > self._at.seq:
            self.say(0, f"records after {self._at.seq} were cut off; there had been {latest}")
        for customer_id, numbers in self._without_evidence.items():
            for seq in numbers if customer_id not in self._erased else ():
                self.say(seq, "its evidence is gone and nobody was erased")

    def compare_notices(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Check that every wording somebody agreed to is stored as it was then."""
        held = {}
        for consent_text_id, digest, computed in rows:
            held[consent_text_id] = computed
            if digest != computed:
                self.say(0, f"the text of wording {consent_text_id} was changed")
        for consent_text_id, digest in self._notices.items():
            if held.get(consent_text_id) != digest:
                self.say(0, f"wording {consent_text_id} is not the one that people agreed to")

    def say(self, seq: int, what: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self._workspace_id, seq, what))

    def _check_evidence(self, values: dict[str, Any], seq: int, salt: bytes | None, personal: str | None) -> None:
        digest = values.get("evidence_digest")
        if values.get("event") == "erased":
            self._erased.add(values["customer_id"])
        if digest and personal is None:
            self._without_evidence.setdefault(values.get("customer_id", 0), []).append(seq)
        elif personal is not None and _digest(bytes(salt or b""), personal) != digest:
            self.say(seq, "its evidence was changed")


def _compare_states(walk: _Walk, connection: psycopg.Connection[Any], workspace_id: int, head: Head) -> None:
    """Check person by person that the state table says exactly what the ledger amounts to.

    Both are read in the order of customers; what was written after the check began is left for the next one.
    """
    stored = groupby(_stream(connection, _STATES, workspace_id), key=itemgetter(0))
    folded = groupby(_stream(connection, _BY_CUSTOMER, workspace_id), key=itemgetter(0))
    for customer_id, rows, records in _side_by_side(stored, folded):
        expected: fold.ConsentStates = {}
        for _, spelled in records:
            _fold_into(expected, _read(spelled))
        held = {(purpose, topic_id): fold.ConsentState(*rest) for _, purpose, topic_id, *rest in rows}
        for key in sorted(expected.keys() | held.keys()):
            known, found = expected.get(key), held.get(key)
            if known != found and not any(
                _is_newer(connection, workspace_id, consent_state, head) for consent_state in (known, found)
            ):
                seq = known.ledger_seq if known else 0
                walk.say(seq, f"the state of customer {customer_id} {key} is not what the ledger amounts to")


def _is_newer(
    connection: psycopg.Connection[Any], workspace_id: int, consent_state: fold.ConsentState | None, head: Head
) -> bool:
    """Say whether this was written after the check began, by a record that is really there."""
    if consent_state is None or consent_state.ledger_seq <= head.seq:
        return False
    return connection.execute(_EXISTS, (workspace_id, consent_state.ledger_seq)).fetchone() is not None


def _side_by_side(
    left: Iterator[tuple[int, Any]], right: Iterator[tuple[int, Any]]
) -> Iterator[tuple[int, list[Any], list[Any]]]:
    """Yield (key, rows of left, rows of right) for every key of either, both being in order of their keys."""
    nothing: tuple[None, Any] = (None, ())
    one, other = next(left, nothing), next(right, nothing)
    while one[0] is not None or other[0] is not None:
        key = min(number for number in (one[0], other[0]) if number is not None)
        mine = list(one[1]) if one[0] == key else []
        theirs = list(other[1]) if other[0] == key else []
        if one[0] == key:
            one = next(left, nothing)
        if other[0] == key:
            other = next(right, nothing)
        yield key, mine, theirs


def export(workspace_id: int, head: Head | None, *, now: datetime) -> str:
    """Return the end of a chain as a small file to be kept elsewhere."""
    values = {
        "workspace_id": workspace_id,
        "exported_at": now.isoformat(),
        "seq": head.seq if head else 0,
        "hash": head.hash if head else "",
    }
    return json.dumps(values, indent=2) + "\n"


def read_export(text: str) -> tuple[int, Head]:
    """Return the workspace and the end of its chain that an exported file names; raise HeadUnreadable."""
    try:
        values = json.loads(text)
        head = Head(int(values["seq"]), str(values["hash"]).lower())
        workspace_id = int(values["workspace_id"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise HeadUnreadable from None
    if head.seq < 0 or workspace_id <= 0 or (head.seq and not _HASH.fullmatch(head.hash)):
        raise HeadUnreadable
    return workspace_id, head


def _unmatched(workspace_id: int, known: Sequence[int]) -> str:
    if workspace_id in known:
        return "a head of it was given, and it was not looked at"
    return "a head of it was given, and the workspace is gone"


def _stream(connection: psycopg.Connection[Any], statement: str, workspace_id: int) -> Iterator[tuple[Any, ...]]:
    """Yield rows without holding them in memory."""
    with connection.cursor(name=f"verify_{abs(hash(statement))}") as cursor:
        cursor.itersize = 2_000
        cursor.execute(statement.encode(), (workspace_id,))
        yield from cursor


def _fold_into(consent_states: fold.ConsentStates, values: dict[str, Any]) -> None:
    try:
        fold.apply(consent_states, fold.read(values), values["seq"])
    except (KeyError, TypeError):
        # The walk has already said that this record was changed.
        consent_states.clear()


def _seal(prev_hash: bytes, spelled: str) -> bytes:
    return record.chain(prev_hash, spelled) if spelled.isascii() else b""


def _digest(salt: bytes, personal: str) -> str:
    return record.hash_evidence(salt, personal) if personal.isascii() and 1 <= len(salt) <= 64 else ""


def _read(spelled: str) -> dict[str, Any]:
    """Return the values of a record, none when it cannot be read; its hash tells that it was changed."""
    try:
        values = json.loads(spelled)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
