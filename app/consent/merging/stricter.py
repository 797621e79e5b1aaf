"""The stricter of two people's answers: a no of either holds, of two yeses the one that ends sooner and promises less.

Decides only. An answer that is missing is no answer: the other's yes stays, a yes or a no alike.
"""

from __future__ import annotations

from app.consent.ledger.fold import ConsentState, ConsentStates, Key
from app.consent.purposes import ALL_TOPICS, MARKETING, SAID_NO

# The weakest first. Who was asked and said no has said no to us; who did not answer, or whose time ran out, has not.
_NOES = ("refused", "withdrawn", "objected", "complained", "erased")
_FOR_EVER = "9999"


def join(own: ConsentStates, other: ConsentStates) -> ConsentStates:
    """Return what holds for one person of whom both is known."""
    joined = {key: _stricter(answer(own, key), answer(other, key)) for key in own.keys() | other.keys()}
    return {key: held for key, held in joined.items() if held is not None}


def answer(states: ConsentStates, key: Key) -> ConsentState | None:
    """Return what somebody answers to this: of a topic never asked about, their no to all of them."""
    held = states.get(key)
    if held is not None or key[0] != MARKETING or key[1] == ALL_TOPICS:
        return held
    everything = states.get((MARKETING, ALL_TOPICS))
    return everything if everything is not None and everything.state in SAID_NO else None


def is_no(state: ConsentState | None) -> bool:
    """Say whether this is a no of the person's own."""
    return state is not None and state.state in _NOES


def _stricter(own: ConsentState | None, other: ConsentState | None) -> ConsentState | None:
    if own is None or other is None:
        return own or other
    return other if _rank(other) > _rank(own) else own


def _rank(held: ConsentState) -> tuple[int, str, float]:
    """Return how strict an answer is: any no above every yes, a yes above what is no answer."""
    if held.state in _NOES:
        return 2 + _NOES.index(held.state), "", 0.0
    if not held.allowed:
        return 0, "", 0.0
    # Sooner is stricter: spelled times compare as texts, and their digits are turned round.
    ends = "".join(chr(255 - ord(letter)) for letter in held.expires_at or _FOR_EVER)
    often = held.promised_limit / held.promised_days if held.promised_limit and held.promised_days else float("inf")
    return 1, ends, -often
