"""Launches sends to an audience: one by itself, or several of one occasion together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.delivery.launching import occasions, queueing
from app.delivery.launching.assignments import Arm, Assignment
from app.delivery.launching.queueing import Enqueueing, LaunchCounts
from app.delivery.models import Send, SendState
from app.delivery.sending import lanes
from app.delivery.sending.sends import NotRunning
from app.delivery.transitions import send_states
from app.kernel.refusals import NotFound


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
    send_ids = assignment.send_ids
    occasion_id = _shared_occasion(_read(session, workspace_id, send_ids))
    is_first = not occasions.lock(session, workspace_id, occasion_id)
    together = _read(session, workspace_id, send_ids, is_held=True)
    first = next(send for send in together if send.id == assignment.arms[0].send_id)
    if any(send.state not in (SendState.PREPARING, SendState.RUNNING) for send in together):
        raise NotRunning
    given = Enqueueing(first, assignment, audience, now, occasion_id=occasion_id, is_first=is_first, due_at=due_at)
    counts = queueing.enqueue(session, given)
    if is_first:
        occasions.mark_launched(session, workspace_id, occasion_id, now=now)
    send_states.start(session, workspace_id, send_ids, now=now)
    if counts.queued:
        lanes.wake_for_sends(session, workspace_id, send_ids)
    if not counts.queued or len(together) > 1:
        send_states.finish_empty(session, workspace_id, send_ids, now=now)
    return counts


def _read(session: Session, workspace_id: int, send_ids: Sequence[int], *, is_held: bool = False) -> list[Send]:
    """Return these sends as they stand now, `is_held` until the end of the transaction; raise NotFound."""
    query = select(Send).where(Send.workspace_id == workspace_id, Send.id.in_(send_ids)).order_by(Send.id)
    if is_held:
        query = query.with_for_update(key_share=True)
    found = list(session.scalars(query.execution_options(populate_existing=True)))
    if len(found) < len(send_ids):
        raise NotFound
    return found


def _shared_occasion(together: Sequence[Send]) -> int:
    """Return the occasion of sends that are launched together; they differ in content alone."""
    occasion_ids = {send.occasion_id for send in together}
    shared = {(send.kind, send.purpose, send.topic_id, send.identity_id) for send in together}
    (occasion_id,) = occasion_ids if len(occasion_ids) == 1 else (None,)
    if occasion_id is None or len(shared) > 1:
        raise ValueError("what is launched together is of one occasion, topic and sending identity")
    return occasion_id
