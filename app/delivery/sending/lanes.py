"""Lanes, one per sending identity and mailbox provider: their state, rate, and wake-ups."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.identities import identities
from app.delivery import facts
from app.delivery.models import Batch, Lane, Send, SendKind, SendState
from app.delivery.throttling import provider_refusals
from app.kernel.queueing import outbox
from app.kernel.sql import keyed_rows

EVERYBODY_ELSE = "other"
PROVIDERS = ("gmail", "microsoft", "yahoo", "apple", "qq", "netease", EVERYBODY_ELSE)
LONGEST_BACKOFF = timedelta(minutes=30)
MOST_BACKOFFS = 12


@dataclass(frozen=True, slots=True)
class LaneHealth:
    """What staff see of one lane. `waiting` counts its messages in open batches."""

    id: int
    identity_id: int
    provider: str
    paused_at: datetime | None
    pause_reason: str | None
    paused_until: datetime | None
    waiting: int


def open_for(session: Session, workspace_id: int, identity_id: int) -> None:
    """Make sure the identity has a lane towards every provider."""
    rows = [{"workspace_id": workspace_id, "identity_id": identity_id, "provider": name} for name in PROVIDERS]
    session.execute(insert(Lane).values(rows).on_conflict_do_nothing(constraint="uq_lanes_way"))


def ids_of(session: Session, workspace_id: int, identity_id: int) -> dict[str, int]:
    """Return the identity's lanes by provider."""
    query = select(Lane.provider, Lane.id).where(Lane.workspace_id == workspace_id, Lane.identity_id == identity_id)
    return {row.provider: row.id for row in session.execute(query)}


def get(session: Session, workspace_id: int, lane_id: int) -> Lane:
    """Return the lane; raise NotFound."""
    return keyed_rows.get(session, Lane, workspace_id, lane_id, newest=True)


def wake(
    session: Session,
    workspace_id: int,
    lane_ids: Collection[int],
    *,
    for_transactional: bool = False,
    run_at: datetime | None = None,
) -> None:
    """Have a sender look at these lanes; one that runs already looks again by itself.

    Transactional mail has workers and a queue of its own: somebody waits for it at a screen.
    """
    for lane_id in sorted(lane_ids):
        outbox.enqueue(
            session,
            "delivery.send_transactional" if for_transactional else "delivery.send_lane",
            run_at=run_at,
            key=f"{'transactional' if for_transactional else 'lane'}:{workspace_id}:{lane_id}",
            workspace_id=workspace_id,
            lane_id=lane_id,
        )


def wake_for_sends(session: Session, workspace_id: int, send_ids: Collection[int]) -> None:
    """Wake every lane in which these sends have batches that are due or will be."""
    rows = session.execute(
        select(Batch.lane_id, Batch.due_at, Send.kind)
        .join(Send, (Send.workspace_id == Batch.workspace_id) & (Send.id == Batch.send_id))
        .where(Batch.workspace_id == workspace_id, Batch.send_id.in_(send_ids), Batch.state == "queued")
        .distinct()
    )
    earliest: dict[tuple[int, bool], datetime | None] = {}
    for lane_id, due_at, kind in rows:
        way = lane_id, kind == SendKind.TRANSACTIONAL
        known = earliest.get(way, due_at)
        earliest[way] = min(known, due_at) if known and due_at else None
    for (lane_id, for_transactional), due_at in earliest.items():
        wake(session, workspace_id, [lane_id], for_transactional=for_transactional, run_at=due_at)


def wake_when_due(session: Session, workspace_id: int, lane_id: int, *, now: datetime) -> None:
    """Have a sender come back when the next batch of this lane is due and the lane may be used."""
    lane = get(session, workspace_id, lane_id)
    identity = identities.get(session, workspace_id, lane.identity_id)
    if _is_closed(lane) or not identities.may_send(identity):
        return
    for is_transactional in (True, False):
        has_work, due_at = find_next_due(session, workspace_id, lane_id, is_transactional=is_transactional)
        if has_work:
            times = [at for at in (due_at, lane.paused_until) if at is not None and at > now]
            wake(session, workspace_id, [lane_id], for_transactional=is_transactional, run_at=max(times, default=None))


def pause(session: Session, workspace_id: int, lane_id: int, *, reason: str, now: datetime) -> None:
    """Close a lane whose relay refuses us as such, and tell staff. It is tried again by itself, later each time.

    Closing a closed one changes nothing, until it is tried again.
    """
    lane = session.get_one(Lane, (workspace_id, lane_id), with_for_update=True, populate_existing=True)
    if lane.paused_at is not None and (lane.paused_until is None or lane.paused_until > now):
        return
    lane.paused_at, lane.pause_reason = lane.paused_at or now, reason
    lane.paused_until = now + provider_refusals.rest(lane.backoffs)
    lane.backoffs = min(lane.backoffs + 1, MOST_BACKOFFS)
    session.flush()
    outbox.publish(session, facts.StreamPaused(workspace_id, lane.identity_id, None, reason))


def resume(session: Session, workspace_id: int, lane_id: int) -> None:
    """Open a lane again; what waits in it goes on leaving. Raise NotFound."""
    lane = keyed_rows.lock(session, Lane, workspace_id, lane_id)
    lane.paused_at = lane.pause_reason = lane.paused_until = None
    lane.backoffs = 0
    session.flush()
    wake(session, workspace_id, [lane_id])


def back_off(
    session: Session, workspace_id: int, lane_id: int, *, now: datetime, least: timedelta, with_neighbours: bool = False
) -> datetime:
    """Let a lane rest, twice as long at each backoff in a row, and return until when.

    `with_neighbours`: every lane of its identity rests as long, because none of them can leave by its relay.
    """
    identity_id = get(session, workspace_id, lane_id).identity_id
    # All of them in one order, so that two senders that come to know it together wait for each other.
    query = select(Lane).where(Lane.workspace_id == workspace_id, Lane.identity_id == identity_id)
    locked = query.order_by(Lane.id).with_for_update().execution_options(populate_existing=True)
    known = {lane.id: lane for lane in session.scalars(locked)}
    lane = known[lane_id]
    rest = min(max(least, timedelta(seconds=15) * 2**lane.backoffs), LONGEST_BACKOFF)
    lane.backoffs = min(lane.backoffs + 1, MOST_BACKOFFS)
    lane.paused_until = now + rest
    for neighbour in known.values() if with_neighbours else ():
        if not _is_closed(neighbour):
            neighbour.paused_until = max(neighbour.paused_until or lane.paused_until, lane.paused_until)
    session.flush()
    return lane.paused_until


def clear_backoff(session: Session, workspace_id: int, lane_id: int) -> None:
    """Open a lane that works again; with each run that goes well one of its backoffs is forgotten."""
    session.execute(
        update(Lane)
        .where(
            Lane.workspace_id == workspace_id,
            Lane.id == lane_id,
            Lane.paused_until.is_not(None) | (Lane.backoffs > 0),
        )
        .values(
            backoffs=func.greatest(Lane.backoffs - 1, 0), paused_at=None, pause_reason=None, paused_until=None
        )
    )


def count_senders(session: Session, workspace_id: int, lane: Lane, *, holder: str) -> int:
    """Return how many senders of the same identity are at work, the one that asks (`holder`: its name) among them."""
    query = text(
        "SELECT count(DISTINCT b.holder) FROM batches b"
        " JOIN lanes l ON (l.workspace_id, l.id) = (b.workspace_id, b.lane_id)"
        " WHERE b.workspace_id = :workspace_id AND b.state = 'leased' AND b.lease_until > clock_timestamp()"
        " AND l.identity_id = :identity_id AND b.holder <> :holder"
    )
    values = {"workspace_id": workspace_id, "identity_id": lane.identity_id, "holder": holder}
    return 1 + (session.scalar(query, values) or 0)


def find_next_due(
    session: Session, workspace_id: int, lane_id: int, *, is_transactional: bool
) -> tuple[bool, datetime | None]:
    """Say whether transactional mail, or other mail, waits in the lane, and when the first is due (None: at once)."""
    row = session.execute(
        select(Batch.due_at)
        .join(Send, (Send.workspace_id == Batch.workspace_id) & (Send.id == Batch.send_id))
        .where(
            Batch.workspace_id == workspace_id,
            Batch.lane_id == lane_id,
            Batch.state == "queued",
            Send.state == SendState.RUNNING,
            (Send.kind == SendKind.TRANSACTIONAL) == literal(is_transactional),
        )
        .order_by(Batch.due_at.asc().nulls_first())
        .limit(1)
    ).first()
    return row is not None, row.due_at if row else None


def list_with_work(session: Session, workspace_id: int, *, is_transactional: bool, now: datetime) -> list[int]:
    """Return the open lanes in which transactional mail, or anything else, is due."""
    query = text(
        "SELECT DISTINCT b.lane_id FROM batches b JOIN sends s ON (s.workspace_id, s.id) = (b.workspace_id, b.send_id)"
        " JOIN lanes l ON (l.workspace_id, l.id) = (b.workspace_id, b.lane_id)"
        " WHERE b.workspace_id = :workspace_id AND b.state = 'queued' AND s.state = 'running'"
        " AND (s.kind = 'transactional') = :is_transactional"
        " AND (b.due_at IS NULL OR b.due_at <= :now) AND (l.paused_at IS NULL OR l.paused_until IS NOT NULL)"
        " AND (l.paused_until IS NULL OR l.paused_until <= :now)"
    )
    values = {"workspace_id": workspace_id, "is_transactional": is_transactional, "now": now}
    return list(session.scalars(query, values))


def health(session: Session, workspace_id: int) -> list[LaneHealth]:
    """Return the lanes that are closed, held back, or have mail waiting."""
    query = text(
        "SELECT l.id, l.identity_id, l.provider, l.paused_at, l.pause_reason, l.paused_until,"
        " coalesce(sum(b.message_count) FILTER (WHERE b.state <> 'done'), 0)::bigint AS waiting"
        " FROM lanes l LEFT JOIN batches b"
        " ON b.workspace_id = l.workspace_id AND b.lane_id = l.id AND b.state <> 'done'"
        " WHERE l.workspace_id = :workspace_id GROUP BY l.workspace_id, l.id"
        " HAVING l.paused_at IS NOT NULL OR l.paused_until IS NOT NULL OR count(b.id) > 0 ORDER BY l.id LIMIT 200"
    )
    return [LaneHealth(*row) for row in session.execute(query, {"workspace_id": workspace_id})]


def is_open(session: Session, workspace_id: int, lane: Lane, *, now: datetime) -> bool:
    """Say whether mail may leave through this lane now; a paused or unproved identity closes all of its lanes."""
    identity = identities.get(session, workspace_id, lane.identity_id)
    is_held_back = lane.paused_until is not None and lane.paused_until > now
    return not _is_closed(lane) and identities.may_send(identity) and not is_held_back


def _is_closed(lane: Lane) -> bool:
    """Only staff open it again."""
    return lane.paused_at is not None and lane.paused_until is None
