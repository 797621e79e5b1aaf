"""Interprets SMTP outcomes: what each means for the message, its address and its lane."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import accumulate

from app.delivery.inbound.bounce_classification import Cause, classify
from app.delivery.models import MessageState, SendKind
from app.delivery.sending.outgoing import OutgoingMessage
from app.delivery.smtp.envelopes import Outcome, Phase

# How long a message rests after its n-th attempt; greylisting wants a short first one.
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (45, 240, 900, 1800, 3600, 7200, 14400, 28800))
TRIED_FOR = timedelta(hours=72)
# After how long a message that is tried by DELAYS alone has used up each of them.
_USED_UP = tuple(accumulate(DELAYS))
# So often may a connection break at the same message before it has to let others go first.
BREAKS_ALLOWED = 3


class Effect(Enum):
    """What a reply means beyond the one message."""

    NONE = "none"
    ADDRESS_FAULT = "address_fault"
    SOFT_BOUNCE = "soft_bounce"
    UNEXPLAINED = "unexplained"
    # The recipient's domain refuses our mail as such, or the relay itself does before it heard of a recipient.
    DOMAIN_REFUSED = "domain_refused"
    STREAM_REFUSED = "stream_refused"
    SLOW_DOWN = "slow_down"
    RETURNED = "returned"


# What asks for more than a word about the message itself.
BEYOND_THE_MESSAGE = frozenset(
    {Effect.ADDRESS_FAULT, Effect.SOFT_BOUNCE, Effect.UNEXPLAINED, Effect.DOMAIN_REFUSED, Effect.STREAM_REFUSED}
)


@dataclass(slots=True)
class Result:
    """What is to be written about one message that was handed off."""

    message: OutgoingMessage
    state: MessageState
    reason: str | None
    due_at: datetime | None
    code: int | None
    reply: str | None
    at: datetime
    effect: Effect = Effect.NONE


def interpret(message: OutgoingMessage, outcome: Outcome, *, now: datetime) -> Result:
    """Return what an SMTP outcome means."""
    if outcome.is_accepted:
        return Result(message, MessageState.SENT, None, None, outcome.code, outcome.text[:500], now)
    if outcome.phase is Phase.UNSENT:
        return unsent(message, now=now) if message.breaks < BREAKS_ALLOWED else _broken_off(message, outcome, now)
    if outcome.phase is Phase.DROPPED_AFTER_DOT:
        return _lost_after_dot(message, outcome, now)
    if outcome.code == 0:
        return Result(message, MessageState.REFUSED, outcome.text, None, None, None, now)
    if outcome.phase is Phase.MAIL and outcome.code >= 500:
        # No recipient was named yet: whatever is wrong, it is ours. The stream stops, and this message waits for it.
        return _rest(message, "deferred:policy", outcome, Effect.STREAM_REFUSED, now)
    cause = classify(outcome.code, outcome.text)
    if 400 <= outcome.code < 500 and cause is not Cause.POLICY:
        return _deferred(message, outcome, cause, now)
    effects = {
        Cause.ADDRESS: Effect.ADDRESS_FAULT,
        Cause.MAILBOX_FULL: Effect.SOFT_BOUNCE,
        Cause.POLICY: Effect.DOMAIN_REFUSED,
        Cause.UNCLASSIFIED: Effect.UNEXPLAINED,
    }
    effect = effects.get(cause, Effect.NONE)
    if outcome.code < 500:
        # The digits say try again, the cause says whose fault it is: this message waits, and speaks for its domain.
        return _rest(message, "deferred:policy", outcome, effect, now)
    return _answered(message, MessageState.REFUSED, cause.value, None, outcome, effect, now)


def unsent(message: OutgoingMessage, *, now: datetime) -> Result:
    """Nothing of it left: it is queued again at once."""
    return Result(message, MessageState.QUEUED, None, None, None, None, now, Effect.RETURNED)


def unrenderable(message: OutgoingMessage, reason: str, *, now: datetime) -> Result:
    """It cannot be filled in for this person; everybody else's still goes out."""
    return Result(message, MessageState.SKIPPED, reason, None, None, None, now)


def _lost_after_dot(message: OutgoingMessage, outcome: Outcome, now: datetime) -> Result:
    """Marketing is never sent twice; transactional mail is tried again under the same Message-ID."""
    if message.plan.kind is SendKind.TRANSACTIONAL and not _is_given_up(message, now):
        return _rest(message, "deferred:connection", outcome, Effect.NONE, now)
    return _answered(message, MessageState.IN_DOUBT, "connection_lost", None, outcome, Effect.NONE, now)


def _deferred(message: OutgoingMessage, outcome: Outcome, cause: Cause, now: datetime) -> Result:
    if _is_given_up(message, now):
        return _answered(message, MessageState.REFUSED, "gave_up", None, outcome, Effect.SOFT_BOUNCE, now)
    is_personal = cause is Cause.MAILBOX_FULL
    return _rest(message, f"deferred:{cause.value}", outcome, Effect.NONE if is_personal else Effect.SLOW_DOWN, now)


def _broken_off(message: OutgoingMessage, outcome: Outcome, now: datetime) -> Result:
    """Connections break at this very message, before it has left: it waits by itself, and the others go on."""
    if _is_given_up(message, now):
        return _answered(message, MessageState.REFUSED, "gave_up", None, outcome, Effect.NONE, now)
    return _rest(message, "deferred:connection", outcome, Effect.NONE, now)


def _is_given_up(message: OutgoingMessage, now: datetime) -> bool:
    return message.counted_at is not None and now - message.counted_at > TRIED_FOR


def _rest(message: OutgoingMessage, reason: str, outcome: Outcome, effect: Effect, now: datetime) -> Result:
    """The longer it has been tried, the later the next time. Attempts alone say little: many never left the house."""
    tried_for = now - (message.counted_at or now)
    place = min(bisect(_USED_UP, tried_for), message.attempt - 1, len(DELAYS) - 1)
    delay = DELAYS[max(place, 0)]
    return _answered(message, MessageState.QUEUED, reason, now + delay, outcome, effect, now)


def _answered(
    message: OutgoingMessage,
    state: MessageState,
    reason: str,
    due_at: datetime | None,
    outcome: Outcome,
    effect: Effect,
    now: datetime,
) -> Result:
    return Result(message, state, reason, due_at, outcome.code or None, outcome.text[:500], now, effect)
