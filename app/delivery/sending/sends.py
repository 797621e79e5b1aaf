"""Sends: creating, launching, pausing and cancelling them, and their progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger as BigInt
from sqlalchemy import Select, column, func, select, values
from sqlalchemy.orm import Session

from app.delivery.launching import occasions, queueing
from app.delivery.launching.assignments import Arm, Assignment
from app.delivery.launching.occasions import Occasion
from app.delivery.launching.queueing import AnsweredRequest, Enqueueing, LaunchCounts
from app.delivery.models import Message, MessageState, Send, SendKind, SendState
from app.delivery.sending import lanes
from app.delivery.transitions import messages, send_states
from app.kernel.refusals import NotFound, Refusal
from app.kernel.translatable import N_
from app.rendering.content import Content

# Which of several messages to one person goes first; the smaller waits.
PRIORITY = {SendKind.TRANSACTIONAL: 100, SendKind.API: 50, SendKind.JOURNEY: 20, SendKind.CAMPAIGN: 10}


# Why a send is paused that somebody paused by hand.
STAFF = "staff"


class NotRunning(Refusal):
    """The send is not in a state that allows this."""

    message = N_("This send is not running any more.")


@dataclass(frozen=True, slots=True)
class Progress:
    """How many messages of a send stand where. `reasons` counts the skipped, refused and waiting by why."""

    state: str
    pause_reason: str | None
    total: int = 0
    queued: int = 0
    waiting: int = 0
    handed: int = 0
    sent: int = 0
    refused: int = 0
    in_doubt: int = 0
    skipped: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return self.sent + self.refused + self.in_doubt + self.skipped

    @property
    def is_over(self) -> bool:
        return self.done == self.total


def create(
    session: Session,
    workspace_id: int,
    *,
    kind: str,
    source_id: int,
    topic_id: int | None,
    purpose: str,
    identity_id: int,
    content: Content,
    occasion: Occasion | None = None,
    priority: int | None = None,
    now: datetime,
) -> Send:
    """Freeze content for an audience. Nothing leaves before `launch`, `launch_assigned` or `add`.

    What is launched names the occasion that all its messages are of; several sends may share one.
    """
    known = occasions.find_or_create(session, workspace_id, [occasion] if occasion else [])
    send = Send(
        workspace_id=workspace_id,
        kind=kind,
        source_id=source_id,
        occasion_id=known[occasion] if occasion else None,
        topic_id=topic_id,
        purpose=purpose,
        identity_id=identity_id,
        priority=PRIORITY[SendKind(kind)] if priority is None else priority,
        subject=content.subject,
        preheader=content.preheader,
        html=content.html,
        text=content.text,
        language=content.language,
        state=SendState.PREPARING,
        created_at=now,
    )
    session.add(send)
    session.flush()
    lanes.open_for(session, workspace_id, identity_id)
    return send


def get(session: Session, workspace_id: int, send_id: int) -> Send:
    """Return the send as it stands now; raise NotFound."""
    found = session.get(Send, (workspace_id, send_id), populate_existing=True)
    if found is None:
        raise NotFound
    return found


def launch(
    session: Session,
    workspace_id: int,
    send_id: int,
    audience: Select[int],
    *,
    now: datetime,
    due_at: datetime | None = None,
) -> LaunchCounts:
    """Queue a message for everyone in `audience` and start sending at `due_at` (None: now).

    Who has a message of the send's occasion gets no other, whichever send it was of; so twice adds nobody twice.
    """
    assignment = Assignment((Arm(send_id),))
    return launch_assigned(session, workspace_id, assignment, audience, now=now, due_at=due_at)


def launch_assigned(
    session: Session,
    workspace_id: int,
    assignment: Assignment,
    audience: Select[int],
    *,
    now: datetime,
    due_at: datetime | None = None,
) -> LaunchCounts:
    """Launch the sends of one occasion together: each person gets the variant that falls to them, in their language.

    Every message says which variant it is. Who is held out gets a message that is never sent (reason "held_out"), of
    the first variant's send in their language; who may not be written to anyway is not held out.
    """
    occasion_id = _shared_occasion([get(session, workspace_id, send_id) for send_id in assignment.send_ids])
    is_first = not occasions.lock(session, workspace_id, occasion_id)
    together = _held(session, workspace_id, assignment.send_ids)
    first = next(send for send in together if send.id == assignment.arms[0].send_id)
    if any(send.state not in (SendState.PREPARING, SendState.RUNNING) for send in together):
        raise NotRunning
    given = Enqueueing(first, assignment, audience, now, occasion_id=occasion_id, is_first=is_first, due_at=due_at)
    counts = queueing.enqueue(session, given)
    if is_first:
        occasions.mark_launched(session, workspace_id, occasion_id, now=now)
    send_states.start(session, workspace_id, assignment.send_ids, now=now)
    for send in _held(session, workspace_id, assignment.send_ids):
        if counts.queued:
            lanes.wake_for_send(session, workspace_id, send.id)
        if not counts.queued or len(together) > 1:
            send_states.finish_empty(session, workspace_id, send.id, now=now)
    return counts


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
        lanes.wake_for_send(session, workspace_id, send_id)
    return counts


def _open(session: Session, workspace_id: int, send_id: int) -> Send:
    """Return a send that people may still be added to; raise NotRunning or NotFound."""
    send = get(session, workspace_id, send_id)
    if send.state in (SendState.CANCELLED, SendState.DONE):
        raise NotRunning
    return send


def _held(session: Session, workspace_id: int, send_ids: Sequence[int]) -> list[Send]:
    """Return these sends as they stand now, held until the end of the transaction."""
    query = select(Send).where(Send.workspace_id == workspace_id, Send.id.in_(send_ids)).order_by(Send.id)
    return list(session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def _shared_occasion(together: Sequence[Send]) -> int:
    """Return the occasion of sends that are launched together; they differ in content alone."""
    occasion_ids = {send.occasion_id for send in together}
    shared = {(send.kind, send.purpose, send.topic_id, send.identity_id) for send in together}
    (occasion_id,) = occasion_ids if len(occasion_ids) == 1 else (None,)
    if occasion_id is None or len(shared) > 1:
        raise ValueError("what is launched together is of one occasion, topic and sending identity")
    return occasion_id


def is_open(session: Session, workspace_id: int, send_id: int) -> bool:
    """Say whether people may still be added to a send: it was neither cancelled nor is it over."""
    return get(session, workspace_id, send_id).state not in (SendState.CANCELLED, SendState.DONE)


def pause(session: Session, workspace_id: int, send_id: int, *, reason: str = STAFF) -> None:
    """Let nothing more of this send leave, or nothing at all; what was handed off already finishes within seconds."""
    _move(
        session, workspace_id, send_id, (SendState.PREPARING, SendState.RUNNING), SendState.PAUSED, pause_reason=reason
    )


def resume(session: Session, workspace_id: int, send_id: int) -> None:
    """Send exactly the rest."""
    _move(session, workspace_id, send_id, (SendState.PAUSED,), SendState.RUNNING)
    lanes.wake_for_send(session, workspace_id, send_id)


def cancel(session: Session, workspace_id: int, send_id: int, *, now: datetime) -> int:
    """End this send for good and return how many messages will now never leave."""
    open_states = (SendState.PREPARING, SendState.RUNNING, SendState.PAUSED)
    _move(session, workspace_id, send_id, open_states, SendState.CANCELLED, finished_at=now)
    return skip_queued(session, workspace_id, [send_id], reason="cancelled")


def restart(session: Session, workspace_id: int, send_id: int, *, pause_reason: str | None, now: datetime) -> int:
    """Let what a cancelling stopped wait to leave again, as if it had not happened; return how many.

    What was paused then is paused again, for its own reason; without one it runs. The messages are put into new
    batches and evaluated anew; whatever had left before stays as it is.
    """
    to = SendState.PAUSED if pause_reason else SendState.RUNNING
    _move(session, workspace_id, send_id, (SendState.CANCELLED,), to, pause_reason=pause_reason)
    return messages.revive_cancelled(session, workspace_id, send_id, now=now)


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


def pause_reasons(session: Session, workspace_id: int, send_ids: Sequence[int]) -> dict[int, str]:
    """Return why each of these sends that is paused is."""
    query = select(Send.id, Send.pause_reason).where(
        Send.workspace_id == workspace_id, Send.id.in_(send_ids), Send.state == SendState.PAUSED
    )
    return {send_id: reason for send_id, reason in session.execute(query.order_by(Send.id)) if reason}


def progress(session: Session, workspace_id: int, send_id: int) -> Progress:
    """Count the messages of a send by where they stand; raise NotFound."""
    found = progress_of_many(session, workspace_id, [send_id])
    if send_id not in found:
        raise NotFound
    return found[send_id]


def progress_of_many(session: Session, workspace_id: int, send_ids: Sequence[int]) -> dict[int, Progress]:
    """Count the messages of each of these sends by where they stand, in two queries."""
    query = select(Send.id, Send.state, Send.pause_reason).where(Send.workspace_id == workspace_id)
    states = {row.id: row for row in session.execute(query.where(Send.id.in_(send_ids)).order_by(Send.id))}
    is_waiting = Message.due_at.is_not(None)
    rows = session.execute(
        select(Message.send_id, Message.state, Message.reason, is_waiting, func.count())
        .where(Message.workspace_id == workspace_id, Message.send_id.in_(send_ids))
        .group_by(Message.send_id, Message.state, Message.reason, is_waiting)
    )
    counts: dict[int, Counter[str]] = {send_id: Counter() for send_id in states}
    reasons: dict[int, Counter[str]] = {send_id: Counter() for send_id in states}
    for send_id, state, reason, waits, count in rows:
        counts[send_id]["waiting" if waits else str(state)] += count
        if reason:
            reasons[send_id][reason] += count
    return {
        send_id: Progress(
            state=send.state,
            pause_reason=send.pause_reason,
            total=counts[send_id].total(),
            reasons=dict(reasons[send_id]),
            **counts[send_id],
        )
        for send_id, send in states.items()
    }


def _move(
    session: Session,
    workspace_id: int,
    send_id: int,
    from_states: Sequence[SendState],
    to: SendState,
    *,
    pause_reason: str | None = None,
    finished_at: datetime | None = None,
) -> None:
    """Move a send from one of these states; raise NotRunning, or NotFound where there is none."""
    is_moved = send_states.move(
        session, workspace_id, send_id, from_states, to, pause_reason=pause_reason, finished_at=finished_at
    )
    get(session, workspace_id, send_id)
    if not is_moved:
        raise NotRunning
