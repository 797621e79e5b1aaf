"""Folds ledger records into current permission; the one definition, which the state table stores.

The states of a person's answer for a purpose and topic, and the records that move it (only the ledger writes them):

    given ........ given, imported             from any state
    confirmed .... confirmed, renewed          from any state
    withdrawn, objected, complained            from any state; a no to all topics reaches each of them
    erased ....... erased                      from any state, every key at once
    none ......... corrected                   from given: the record of an undone import, as if it had not been
    expired ...... expired                     from given and confirmed only
    rejected ..... rejected_abuse              from pending only
    pending ...... requested                   from none, expired and rejected; never over a yes, a no or a refusal
    refused ...... refused                     the same, and from pending
    any, none .... merged, unmerged            what the record says that stands: two people became one, or two again

Given and confirmed allow mail, all others do not.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.consent.purposes import ALL_TOPICS, MARKETING, SAID_NO, Event

Key = tuple[str, int]

_YES: dict[str, str] = {
    Event.GIVEN: "given",
    Event.IMPORTED: "given",
    Event.CONFIRMED: "confirmed",
    Event.RENEWED: "confirmed",
}
_NO: dict[str, str] = {Event.WITHDRAWN: "withdrawn", Event.OBJECTED: "objected", Event.COMPLAINED: "complained"}


class Answer(NamedTuple):
    """What one record says, as far as it changes what is allowed."""

    event: str
    purpose: str
    topic_id: int
    basis: str
    method: str
    consent_text_id: int | None
    promised_limit: int | None
    promised_days: int | None
    expires_at: str | None
    recorded_at: str
    standing: Mapping[str, Any] | None = None


class ConsentState(NamedTuple):
    """The latest answer of one person for one purpose and topic. Times are spelled as the ledger spells them."""

    state: str
    allowed: bool
    basis: str
    method: str
    ledger_seq: int
    consent_text_id: int | None
    promised_limit: int | None
    promised_days: int | None
    expires_at: str | None
    since: str


ConsentStates = dict[Key, ConsentState]
_ALLOWED = frozenset({"given", "confirmed"})


def read(record: Mapping[str, Any]) -> Answer:
    """Return what a record says; KeyError or TypeError when it is no record."""
    notice, promised = record.get("notice"), record.get("promised")
    return Answer(
        record["event"],
        record["purpose"],
        record["topic_id"],
        record["basis"],
        record["method"],
        notice["id"] if notice else None,
        promised["limit"] if promised else None,
        promised["days"] if promised else None,
        record.get("expires_at"),
        record["recorded_at"],
        record.get("standing"),
    )


def apply(consent_states: ConsentStates, answer: Answer, seq: int) -> list[Key]:
    """Fold the answer of record `seq` into one person's consent states and return which of them changed."""
    event, key = answer.event, (answer.purpose, answer.topic_id)
    if event in _YES:
        return _set(consent_states, [key], answer, seq, _YES[event], allowed=True)
    if event in _NO:
        return _set(consent_states, _reach(consent_states, key), answer, seq, _NO[event])
    if event == Event.ERASED:
        return _set(consent_states, list({*consent_states, (MARKETING, ALL_TOPICS)}), answer, seq, "erased")
    if event == Event.CORRECTED:
        return [key] if consent_states.pop(key, None) else []
    if event in (Event.MERGED, Event.UNMERGED):
        return _stand(consent_states, key, answer, seq)
    return _apply_weak(consent_states, key, answer, seq)


def describe(consent_state: ConsentState) -> dict[str, Any]:
    """Return a state as a record of a merge says that it stands."""
    return {name: value for name, value in consent_state._asdict().items() if name != "allowed"}


def stands(standing: Mapping[str, Any], seq: int) -> ConsentState:
    """Return the state that such a record says, by this record; raise KeyError."""
    return ConsentState(
        *(standing["state"], standing["state"] in _ALLOWED, standing["basis"], standing["method"], seq),
        *(standing.get("consent_text_id"), standing.get("promised_limit"), standing.get("promised_days")),
        *(standing.get("expires_at"), standing["since"]),
    )


def _stand(consent_states: ConsentStates, key: Key, answer: Answer, seq: int) -> list[Key]:
    """Fold what stands after a merge, by its own record, or again after its undo, by the record it stood by before."""
    if answer.standing is None:
        return [key] if consent_states.pop(key, None) else []
    by = seq if answer.event == Event.MERGED else answer.standing["ledger_seq"]
    consent_states[key] = stands(answer.standing, by)
    return [key]


def _apply_weak(consent_states: ConsentStates, key: Key, answer: Answer, seq: int) -> list[Key]:
    """Fold what never overrides an earlier yes or no: a question, an empty box, a deadline, a rejected request."""
    held, event = consent_states.get(key), answer.event
    if event == Event.EXPIRED and held and held.allowed:
        return _set(consent_states, [key], answer, seq, "expired")
    if event == Event.REJECTED_ABUSE and held and held.state == "pending":
        return _set(consent_states, [key], answer, seq, "rejected")
    is_settled = held is not None and (held.allowed or held.state in SAID_NO)
    if event == Event.REQUESTED and not is_settled and not (held and held.state == "refused"):
        return _set(consent_states, [key], answer, seq, "pending")
    if event == Event.REFUSED and not is_settled:
        return _set(consent_states, [key], answer, seq, "refused")
    return []


def _reach(consent_states: ConsentStates, key: Key) -> list[Key]:
    """Return every key that a no to `key` ends: no to all topics ends each of them."""
    if key != (MARKETING, ALL_TOPICS):
        return [key]
    return [key, *(other for other in consent_states if other[0] == MARKETING and other != key)]


def _set(
    consent_states: ConsentStates, keys: list[Key], answer: Answer, seq: int, state: str, *, allowed: bool = False
) -> list[Key]:
    consent_state = ConsentState(
        state,
        allowed,
        answer.basis,
        answer.method,
        seq,
        answer.consent_text_id,
        answer.promised_limit,
        answer.promised_days,
        answer.expires_at if allowed else None,
        answer.recorded_at,
    )
    for key in keys:
        consent_states[key] = consent_state
    return keys
