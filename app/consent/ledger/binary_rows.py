"""Encodes ledger rows in PostgreSQL's binary COPY format, packing what a batch shares only once.

Nothing is parsed on the other side: no dates, no hexadecimal digits, no quoting.
"""

from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct

from app.consent.ledger.fold import ConsentState

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
# Strings of this many bytes are handed to the driver at a time.
PIECE = 1 << 18

RECORD_COLUMNS = "seq, customer_id, record, hash, prev_hash, salt, personal, event, purpose, topic_id"
STATE_COLUMNS = (
    "customer_id, ledger_seq, is_new, purpose, topic_id, state, allowed, basis, method,"
    " consent_text_id, promised_limit, promised_days, expires_at, since"
)

_RECORD_HEAD = Struct(">hiqiqi").pack
_RECORD_SEAL = Struct(">i32si32si16si").pack
_STATE_HEAD = Struct(">hiqiqi?").pack
_SIZE = Struct(">i").pack
_NUMBER = Struct(">iq").pack
_TRUTH = Struct(">i?").pack
_NULL = _SIZE(-1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def record_row(
    seq: int, customer_id: int, spelled: str, sealed: bytes, prev_hash: bytes, salt: bytes, personal: str | None
) -> bytes:
    """Return a row of RECORD_COLUMNS up to `personal`; `record_tail` ends it."""
    # Canonical texts are ASCII, a byte a letter.
    head = _RECORD_HEAD(10, 8, seq, 8, customer_id, len(spelled)) + spelled.encode("ascii")
    if personal is None:
        return head + _RECORD_SEAL(32, sealed, 32, prev_hash, 16, salt, -1)
    return head + _RECORD_SEAL(32, sealed, 32, prev_hash, 16, salt, len(personal)) + personal.encode("ascii")


@lru_cache(maxsize=256)
def record_tail(event: str, purpose: str, topic_id: int) -> bytes:
    """Return what answers of one kind end with."""
    return _text(event) + _text(purpose) + _NUMBER(8, topic_id)


def state_row(customer_id: int, purpose: str, topic_id: int, consent_state: ConsentState, *, is_new: bool) -> bytes:
    """Return a row of STATE_COLUMNS."""
    state, allowed, basis, method, seq, consent_text_id, limit, days, expires_at, since = consent_state
    return (
        _STATE_HEAD(14, 8, customer_id, 8, seq, 1, is_new)
        + _state_kind(purpose, topic_id, state, allowed, basis, method)
        + _state_terms(consent_text_id, limit, days, expires_at, since)
    )


@lru_cache(maxsize=1024)
def _state_kind(purpose: str, topic_id: int, state: str, allowed: bool, basis: str, method: str) -> bytes:
    texts = _text(state) + _TRUTH(1, allowed) + _text(basis) + _text(method)
    return _text(purpose) + _NUMBER(8, topic_id) + texts


@lru_cache(maxsize=1024)
def _state_terms(
    consent_text_id: int | None, limit: int | None, days: int | None, expires_at: str | None, since: str
) -> bytes:
    numbers = b"".join(map(_number, (consent_text_id, limit, days)))
    return numbers + _moment(expires_at) + _moment(since)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return _SIZE(len(encoded)) + encoded


def _number(number: int | None) -> bytes:
    return _NULL if number is None else _NUMBER(8, number)


def _moment(spelled: str | None) -> bytes:
    """Times travel as microseconds since the beginning of 2000."""
    if spelled is None:
        return _NULL
    since = datetime.fromisoformat(spelled) - _EPOCH
    return _NUMBER(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)
