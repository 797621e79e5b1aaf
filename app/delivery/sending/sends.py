"""Sends: creating, adding to, pausing, resuming and cancelling them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger as BigInt
from sqlalchemy import column, func, select, values
from sqlalchemy.orm import Session

from app.delivery.launching import occasions, queueing
from app.delivery.launching.assignments import Arm, Assignment
from app.delivery.launching.occasions import Occasion
from app.delivery.launching.queueing import AnsweredRequest, Enqueueing, LaunchCounts
from app.delivery.models import Message, MessageState, Send, SendKind, SendState
from app.delivery.sending import lanes
from app.delivery.transitions import messages, send_states
from app.delivery.transitions.send_states import Move
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_
from app.rendering.content import Content

# Which of several messages to one person goes first; the smaller waits.
PRIORITY = {SendKind.TRANSACTIONAL: 100, SendKind.API: 50, SendKind.JOURNEY: 20, SendKind.CAMPAIGN: 10}

# Why a send is paused that somebody paused by hand.
STAFF = "staff"
_OPEN = (SendState.PREPARING, SendState.RUNNING, SendState.PAUSED)


class NotRunning(Refusal):
    """The send is not in a state that allows this."""

    message = N_("This send is not running any more.")


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a cancelling came to: each send with why it was paused (None: it ran), and how many messages stay here."""

    pause_reasons: dict[int, str | None]
    messages: int


@dataclass(frozen=True)
class NewSend:
    """Content to be frozen for an audience: what it belongs to, as whom it is sent, and by which permission.

    What is launched names the occasion that all its messages are of; several sends may share one.
    """

    kind: str
    source_id: int
    topic_id: int | None
    purpose: str
    identity_id: int
    content: Content
    occasion: Occasion | None = None
    priority: int | None = None


def create(session: Session, workspace_id: int, new: NewSend, *, now: datetime) -> Send:
    """Freeze content for an audience. Nothing leaves before `launches.launch`, `launches.launch_assigned` or `add`."""
    known = occasions.find_or_create(session, workspace_id, [new.occasion] if new.occasion else [])
    send = Send(
        workspace_id=workspace_id,
        kind=new.kind,
        source_id=new.source_id,
        occasion_id=known[new.occasion] if new.occasion else None,
        topic_id=new.topic_id,
        purpose=new.purpose,
        identity_id=new.identity_id,
        priority=PRIORITY[SendKind(new.kind)] if new.priority is None else new.priority,
        **vars(new.content),
        state=SendState.PREPARING,
        created_at=now,
    )
    session.add(send)
    session.flush()
    lanes.open_for(session, workspace_id, new.identity_id)
    return send


def get(session: Session, workspace_id: int, send_id: int) -> Send:
    """Return the send as it stands now; raise NotFound."""
    return keyed_rows.get(session, Send, workspace_id, send_id, newest=True)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to be added to a send, and the occasion of their message."""

    customer_id: int
    occasion: Occasion


def add(
    session: Session,
    workspace_id: int,
    send_id: int,
    recipients: Sequence[Recipient],
    *,
    now: datetime,
    due_at: datetime | None = None,
    answers: AnsweredRequest | None = None,
) -> LaunchCounts:
    """Add these people to a send that is under way; journeys and transactional mail grow this way.

    Who has a message of their occasion already is left out. Who is due later waits by themselves and is put into a
    batch when the time has come. A paused send stays paused; one that is over raises NotRunning.
    """
    send = _open(session, workspace_id, send_id)
    ids = occasions.find_or_create(session, workspace_id, [each.occasion for each in recipients], launched_at=now)
    rows = values(column("customer_id", BigInt), column("occasion_id", BigInt), name="given").data(
        [(each.customer_id, ids[each.occasion]) for each in recipients]
    )
    is_later = due_at is not None and due_at > now
    if send.state == SendState.PREPARING or send.launched_at is None:
        send_states.start(session, workspace_id, [send_id], now=now)
        send = _open(session, workspace_id, send_id)
    given = Enqueueing(
        send,
        Assignment((Arm(send_id),)),
        select(rows.c.customer_id, rows.c.occasion_id),
        now,
        due_at=due_at,
        is_batched=not is_later,
        answers=answers,
    )
    counts = queueing.enqueue(session, given)
    if counts.queued and not is_later:
        lanes.wake_for_sends(session, workspace_id, [send_id])
    return counts


def _open(session: Session, workspace_id: int, send_id: int) -> Send:
    """Return a send that people may still be added to; raise NotRunning or NotFound."""
    send = get(session, workspace_id, send_id)
    if send.state in (SendState.CANCELLED, SendState.DONE):
        raise NotRunning
    return send


def is_open(session: Session, workspace_id: int, send_id: int) -> bool:
    """Say whether people may still be added to a send: it was neither cancelled nor is it over."""
    return get(session, workspace_id, send_id).state not in (SendState.CANCELLED, SendState.DONE)


def pause(session: Session, workspace_id: int, send_id: int, *, reason: str = STAFF) -> None:
    """Pause one send; raise NotRunning, or NotFound where there is none."""
    if not pause_many(session, workspace_id, [send_id], reason=reason):
        _refuse(session, workspace_id, send_id)


def pause_many(session: Session, workspace_id: int, send_ids: Collection[int], *, reason: str = STAFF) -> list[int]:
    """Let nothing more of those that run leave, nor anything of those in preparation; return which were paused.

    What was handed off already finishes within seconds.
    """
    paused = Move((SendState.PREPARING, SendState.RUNNING), SendState.PAUSED, pause_reason=reason)
    return list(send_states.move(session, workspace_id, send_ids, paused))


def pause_again(session: Session, workspace_id: int, pause_reasons: Mapping[int, str]) -> list[int]:
    """Pause those that run for the reasons they were paused for before; return which were."""
    return send_states.move_back(session, workspace_id, pause_reasons, from_state=SendState.RUNNING)


def resume(session: Session, workspace_id: int, send_id: int) -> None:
    """Resume one send; raise NotRunning, or NotFound where there is none."""
    if not resume_many(session, workspace_id, [send_id]):
        _refuse(session, workspace_id, send_id)


def resume_many(
    session: Session, workspace_id: int, send_ids: Collection[int], *, paused_for: str | None = None
) -> dict[int, str]:
    """Send exactly the rest of those that are paused, or paused for one reason; return which, and why they were."""
    resumed = Move((SendState.PAUSED,), SendState.RUNNING, paused_for=paused_for)
    found = send_states.move(session, workspace_id, send_ids, resumed)
    lanes.wake_for_sends(session, workspace_id, found)
    return {send_id: reason for send_id, reason in found.items() if reason}


def cancel_many(session: Session, workspace_id: int, send_ids: Collection[int], *, now: datetime) -> Cancelled:
    """End those that are open for good; what has not left by now never does."""
    found = send_states.move(session, workspace_id, send_ids, Move(_OPEN, SendState.CANCELLED, finished_at=now))
    return Cancelled(found, skip_queued(session, workspace_id, list(found), reason="cancelled"))


def restart_many(
    session: Session, workspace_id: int, pause_reasons: Mapping[int, str | None], *, now: datetime
) -> int:
    """Let what a cancelling stopped wait to leave again, as if it had not happened; return how many messages do.

    What was paused then is paused again, for its own reason; what was not runs. The messages are put into new batches
    and evaluated anew; whatever had left before stays as it is. Raise NotRunning unless all of them are cancelled.
    """
    moved = send_states.move_back(session, workspace_id, pause_reasons, from_state=SendState.CANCELLED)
    if len(moved) < len(pause_reasons):
        raise NotRunning
    return messages.revive_cancelled(session, workspace_id, moved, now=now)


def _refuse(session: Session, workspace_id: int, send_id: int) -> None:
    """Say why a send was not moved."""
    get(session, workspace_id, send_id)
    raise NotRunning


def withdraw_customer(session: Session, workspace_id: int, customer_id: int, topic_id: int) -> int:
    """Skip what is still queued for somebody who said no to a topic (0: to all); return how many."""
    return messages.skip_of_customer(session, workspace_id, customer_id, topic_id, reason="withdrawn")


def skip(session: Session, workspace_id: int, pairs: Sequence[tuple[int, int]], *, reason: str) -> int:
    """Let what is still queued of these (send, customer) never leave; return how many."""
    return messages.skip_pairs(session, workspace_id, pairs, reason=reason)


def skip_queued(session: Session, workspace_id: int, send_ids: Sequence[int], *, reason: str) -> int:
    """Let what is still queued of these sends never leave, whoever it is for; return how many. The sends stay open."""
    return messages.skip_of_sends(session, workspace_id, send_ids, reason=reason)


def count_queued(session: Session, workspace_id: int, send_ids: Sequence[int]) -> int:
    """Return how many messages of these sends have not left."""
    query = select(func.count()).where(
        Message.workspace_id == workspace_id, Message.send_id.in_(send_ids), Message.state == MessageState.QUEUED
    )
    return session.scalar(query) or 0


def in_state(session: Session, workspace_id: int, send_ids: Sequence[int], *states: str) -> list[int]:
    """Return those of these sends that are in one of these states, by id."""
    query = select(Send.id).where(Send.workspace_id == workspace_id, Send.id.in_(send_ids), Send.state.in_(states))
    return list(session.scalars(query.order_by(Send.id)))
