"""What does a series of records amount to? The one definition of current permission; the state table only stores it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.consent.purposes import ALL_TOPICS, MARKETING, SAID_NO, Event

Key = tuple[str, int]

_YES = {Event.GIVEN: "given", Event.IMPORTED: "given", Event.CONFIRMED: "confirmed", Event.RENEWED: "confirmed"}
_NO = {Event.WITHDRAWN: "withdrawn", Event.OBJECTED: "objected", Event.COMPLAINED: "complained"}


@dataclass(frozen=True, slots=True)
class Standing:
    """The latest answer of one person for one purpose and topic. Times are spelled as the ledger spells them."""

    state: str
    allowed: bool
    basis: str
    method: str
    ledger_seq: int
    notice_id: int | None
    promised_limit: int | None
    promised_days: int | None
    expires_at: str | None
    since: str


Standings = dict[Key, Standing]


def apply(standings: Standings, record: Mapping[str, Any]) -> list[Key]:
    """Fold one record into one person's standings and return which of them changed."""
    event, key = record["event"], (record["purpose"], record["topic_id"])
    if event in _YES:
        return _set(standings, [key], record, _YES[event], allowed=True)
    if event in _NO:
        return _set(standings, _reach(standings, key), record, _NO[event])
    if event == Event.ERASED:
        return _set(standings, [*standings, (MARKETING, ALL_TOPICS)], record, "erased")
    return _apply_weak(standings, key, record)


def _apply_weak(standings: Standings, key: Key, record: Mapping[str, Any]) -> list[Key]:
    """Fold what never overrides an earlier yes or no: a question, an empty box, a deadline, a rejected request."""
    held, event = standings.get(key), record["event"]
    if event == Event.EXPIRED and held and held.allowed:
        return _set(standings, [key], record, "expired")
    if event == Event.REJECTED_ABUSE and held and held.state == "pending":
        return _set(standings, [key], record, "rejected")
    is_settled = held is not None and (held.allowed or held.state in SAID_NO)
    if event == Event.REQUESTED and not is_settled and not (held and held.state == "refused"):
        return _set(standings, [key], record, "pending")
    if event == Event.REFUSED and not is_settled:
        return _set(standings, [key], record, "refused")
    return []


def _reach(standings: Standings, key: Key) -> list[Key]:
    """Return every key that a no to `key` ends: no to all topics ends each of them."""
    if key != (MARKETING, ALL_TOPICS):
        return [key]
    return [key, *(other for other in standings if other[0] == MARKETING and other != key)]


def _set(
    standings: Standings, keys: list[Key], record: Mapping[str, Any], state: str, *, allowed: bool = False
) -> list[Key]:
    notice, promised = record.get("notice"), record.get("promised")
    standing = Standing(
        state,
        allowed,
        record["basis"],
        record["method"],
        record["seq"],
        notice["id"] if notice else None,
        promised["limit"] if promised else None,
        promised["days"] if promised else None,
        record.get("expires_at") if allowed else None,
        record["recorded_at"],
    )
    for key in keys:
        standings[key] = standing
    return list(dict.fromkeys(keys))
