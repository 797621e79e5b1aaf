"""Batches of messages under leases, and the recovery of those whose holder has died.

Leases run by the database's own clock: it is the one clock all senders share, and no demonstration moves it forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.customers.profiles import customer_queries

LEASE_SECONDS = 60
RENEW_EVERY = 15.0
TRANSACTIONAL_TRIES = 10


@dataclass(frozen=True, slots=True)
class Claimed:
    """A batch in this sender's hands."""

    id: int
    send_id: int
    message_ids: list[int]


_CLAIM = text(
    """
    UPDATE batches SET state = 'leased', holder = :holder, attempt = attempt + 1,
           lease_until = clock_timestamp() + make_interval(secs => :lease)
    WHERE workspace_id = :workspace_id AND id = (
        SELECT b.id FROM batches b JOIN sends s ON s.workspace_id = b.workspace_id AND s.id = b.send_id
        WHERE b.workspace_id = :workspace_id AND b.lane_id = :lane_id AND b.state = 'queued'
          AND (b.due_at IS NULL OR b.due_at <= :now) AND s.state = 'running'
          AND (s.kind = 'transactional' OR NOT :only_transactional)
        ORDER BY s.priority DESC, b.due_at NULLS FIRST, b.id LIMIT 1 FOR UPDATE OF b SKIP LOCKED)
    RETURNING id, send_id, message_ids
    """
)
_RENEW = text(
    "UPDATE batches SET lease_until = clock_timestamp() + make_interval(secs => :lease)"
    " WHERE workspace_id = :workspace_id AND id = ANY(:ids) AND state = 'leased' AND holder = :holder RETURNING id"
)
# Whoever takes an expired batch back locks it before its messages, too.
_HELD = text(
    "SELECT id FROM batches WHERE workspace_id = :workspace_id AND id = ANY(:ids) AND state = 'leased'"
    " AND holder = :holder ORDER BY id FOR UPDATE"
)
# A batch of which something still waits to be sent goes back to the queue; whose work is done is done.
_CLOSE = text(
    """
    UPDATE batches b SET holder = NULL, lease_until = NULL,
           state = CASE WHEN EXISTS (SELECT FROM messages m WHERE m.workspace_id = b.workspace_id
               AND m.id = ANY(b.message_ids) AND m.state = 'queued' AND m.due_at IS NULL) THEN 'queued' ELSE 'done' END
    WHERE b.workspace_id = :workspace_id AND b.id = ANY(:ids) AND b.state = 'leased' AND b.holder = :holder
    RETURNING b.id, b.send_id, b.state
    """
)
_EXPIRED = text(
    "SELECT id FROM batches WHERE workspace_id = :workspace_id AND state = 'leased' AND lease_until < clock_timestamp()"
    " ORDER BY id FOR UPDATE SKIP LOCKED"
)
# Marketing is never sent twice; transactional mail is tried again, under the same Message-ID, a few times.
_DOUBT = text(
    """
    UPDATE messages m SET reason = :reason,
           state = CASE WHEN s.kind = 'transactional' AND m.attempt < :most_tries THEN 'queued' ELSE 'in_doubt' END,
           doubted_at = CASE WHEN s.kind <> 'transactional' OR m.attempt >= :most_tries THEN m.handed_at END
    FROM batches b JOIN sends s ON s.workspace_id = b.workspace_id AND s.id = b.send_id
    WHERE b.workspace_id = :workspace_id AND b.id = ANY(:ids) AND b.state = 'leased'
      AND b.holder = coalesce(CAST(:holder AS text), b.holder)
      AND m.workspace_id = b.workspace_id AND m.id = ANY(b.message_ids) AND m.state = 'handed'
    """
)
_RECOVER = text(
    "UPDATE batches SET state = 'queued', holder = NULL, lease_until = NULL"
    " WHERE workspace_id = :workspace_id AND id = ANY(:ids) RETURNING lane_id"
)
# A cancelled send's batches are over, and so is what came back to them after the cancelling.
_END_CANCELLED = text(
    """
    UPDATE batches b SET state = 'done' FROM sends s
    WHERE b.workspace_id = :workspace_id AND b.state = 'queued'
      AND s.workspace_id = b.workspace_id AND s.id = b.send_id AND s.state = 'cancelled'
    RETURNING b.send_id
    """
)
_SKIP_CANCELLED = text(
    "UPDATE messages SET state = 'skipped', reason = 'cancelled', due_at = NULL"
    " WHERE workspace_id = :workspace_id AND send_id = ANY(:send_ids) AND state = 'queued'"
)
_SKIP_CANCELLED_WAITING = text(
    """
    UPDATE messages m SET state = 'skipped', reason = 'cancelled', due_at = NULL
    FROM sends s
    WHERE m.workspace_id = :workspace_id AND m.due_at IS NOT NULL AND m.state = 'queued'
      AND s.workspace_id = m.workspace_id AND s.id = m.send_id AND s.state = 'cancelled'
    """
)
# What its sender wrote down after it had lost the lease, in a batch that others have closed since.
_UNBATCHED_OF_BATCHES = text(
    """
    UPDATE messages m SET due_at = :now
    FROM batches b
    WHERE b.workspace_id = :workspace_id AND b.id = ANY(:ids) AND b.state = 'done'
      AND m.workspace_id = b.workspace_id AND m.id = ANY(b.message_ids) AND m.state = 'queued' AND m.due_at IS NULL
    """
)
# While something of a send waits for its time, the send cannot end anyway: its rows are looked through afterwards.
_WITHOUT_WAITING = text(
    "SELECT given.id FROM unnest(CAST(:send_ids AS bigint[])) AS given(id) WHERE NOT EXISTS (SELECT FROM messages m"
    " WHERE m.workspace_id = :workspace_id AND m.send_id = given.id AND m.due_at IS NOT NULL)"
)
# The same, of sends none of whose batches is open, whoever left it behind.
_UNBATCHED_OF_SENDS = text(
    """
    UPDATE messages m SET state = CASE m.state WHEN 'handed' THEN 'in_doubt' ELSE m.state END,
           reason = CASE m.state WHEN 'handed' THEN 'answer_lost' ELSE m.reason END,
           due_at = CASE m.state WHEN 'queued' THEN CAST(:now AS timestamptz) END,
           doubted_at = CASE m.state WHEN 'handed' THEN m.handed_at END
    WHERE m.workspace_id = :workspace_id AND m.send_id = ANY(:send_ids)
      AND (m.state = 'queued' AND m.due_at IS NULL OR m.state = 'handed' AND m.handed_at < :lost_before)
      AND NOT EXISTS (SELECT FROM batches b WHERE b.workspace_id = m.workspace_id AND b.send_id = m.send_id
                      AND b.state <> 'done')
    """
)
# Whose person is gone has nobody to go to; without this their batch would never be done.
_DROP_ORPHANS = text(
    f"""
    UPDATE messages m SET state = 'skipped', reason = 'erased', due_at = NULL
    WHERE m.workspace_id = :workspace_id AND m.id = ANY(:ids) AND m.state = 'queued'
      AND NOT {customer_queries.exists_sql("m.workspace_id", "m.customer_id")}
    """
)
# Waiting messages whose time has come, put into new batches by send and lane.
_ENQUEUE_DUE = text(
    f"""
    WITH due AS (
        UPDATE messages m SET due_at = NULL
        WHERE (m.workspace_id, m.id) IN (
            SELECT w.workspace_id, w.id FROM messages w
            JOIN sends s ON s.workspace_id = w.workspace_id AND s.id = w.send_id
            WHERE w.workspace_id = :workspace_id AND w.due_at <= :now AND s.state = 'running'
            ORDER BY w.due_at LIMIT :limit FOR UPDATE OF w SKIP LOCKED)
        RETURNING m.id, m.send_id, m.customer_id
    ), placed AS (
        SELECT due.id, due.send_id, l.id AS lane_id,
               row_number() OVER (PARTITION BY due.send_id, l.id ORDER BY due.customer_id) AS place
        FROM due JOIN sends s ON s.workspace_id = :workspace_id AND s.id = due.send_id
        LEFT JOIN ({customer_queries.providers_sql(":workspace_id")}) c ON c.id = due.customer_id
        JOIN lanes l ON l.workspace_id = :workspace_id AND l.identity_id = s.identity_id
             AND l.provider = coalesce(c.provider, 'other')
    )
    INSERT INTO batches (workspace_id, send_id, lane_id, message_count, message_ids, state, attempt)
    SELECT :workspace_id, send_id, lane_id, count(*), array_agg(id ORDER BY place), 'queued', 0
    FROM placed GROUP BY send_id, lane_id, (place - 1) / 1000
    RETURNING lane_id, message_count
    """
)


def claim(
    session: Session, workspace_id: int, lane_id: int, *, holder: str, only_transactional: bool = False, now: datetime
) -> Claimed | None:
    """Lease the lane's next due batch of a running send, the most urgent first."""
    values = {
        "workspace_id": workspace_id,
        "lane_id": lane_id,
        "holder": holder,
        "lease": LEASE_SECONDS,
        "only_transactional": only_transactional,
        "now": now,
    }
    row = session.execute(_CLAIM, values).first()
    return Claimed(row.id, row.send_id, list(row.message_ids)) if row else None


def renew(session: Session, workspace_id: int, batch_ids: list[int], *, holder: str) -> set[int]:
    """Hold the leases on and return which of them are still held."""
    values = {"workspace_id": workspace_id, "ids": batch_ids, "holder": holder, "lease": LEASE_SECONDS}
    return set(session.scalars(_RENEW, values))


def close(session: Session, workspace_id: int, batch_ids: list[int], *, holder: str, now: datetime) -> set[int]:
    """Give batches back, done or with a rest, and return the sends of those that are done.

    Every answer has been written down by now; a message still handed off lost its answer, and is in doubt. Of a batch
    whose lease was lost meanwhile only what came back too late for its new holder is seen to.
    """
    values = {"workspace_id": workspace_id, "ids": batch_ids, "holder": holder}
    session.execute(_HELD, values)
    session.execute(_DOUBT, {**values, "reason": "answer_lost", "most_tries": TRANSACTIONAL_TRIES})
    given_back = session.execute(_CLOSE, values).all()
    if len(given_back) < len(batch_ids):
        lost = sorted(set(batch_ids) - {row.id for row in given_back})
        session.execute(_UNBATCHED_OF_BATCHES, {"workspace_id": workspace_id, "ids": lost, "now": now})
    return {row.send_id for row in given_back if row.state == "done"}


def recover(session: Session, workspace_id: int) -> list[int]:
    """Take batches back from senders that died, and return the lanes concerned.

    What such a sender had handed off without writing down an answer is in doubt, by name; the rest is queued again.
    """
    expired = list(session.scalars(_EXPIRED, {"workspace_id": workspace_id}))
    if not expired:
        return []
    values = {"workspace_id": workspace_id, "ids": expired}
    session.execute(_DOUBT, {**values, "holder": None, "reason": "sender_died", "most_tries": TRANSACTIONAL_TRIES})
    return sorted(set(session.scalars(_RECOVER, values)))


def drop_cancelled(session: Session, workspace_id: int) -> None:
    """Skip what came back to the queue after its send was cancelled, and end the send's batches."""
    ended = sorted(set(session.scalars(_END_CANCELLED, {"workspace_id": workspace_id})))
    if ended:
        session.execute(_SKIP_CANCELLED, {"workspace_id": workspace_id, "send_ids": ended})
    session.execute(_SKIP_CANCELLED_WAITING, {"workspace_id": workspace_id})


def requeue_unbatched(session: Session, workspace_id: int, send_ids: list[int], *, now: datetime) -> None:
    """See to what lies in no open batch of these sends: the queued becomes due, the handed is in doubt.

    Nothing should ever lie there; whatever made it so, nobody's message is forgotten and no send stays open for ever.
    """
    values = {"workspace_id": workspace_id, "send_ids": send_ids}
    still = list(session.scalars(_WITHOUT_WAITING, values))
    if still:
        lost_before = now - timedelta(seconds=LEASE_SECONDS)
        session.execute(_UNBATCHED_OF_SENDS, {**values, "send_ids": still, "now": now, "lost_before": lost_before})


def drop_orphans(session: Session, workspace_id: int, message_ids: list[int]) -> None:
    """Skip queued messages whose customer no longer exists."""
    session.execute(_DROP_ORPHANS, {"workspace_id": workspace_id, "ids": message_ids})


def enqueue_due(session: Session, workspace_id: int, *, now: datetime, limit: int = 50_000) -> list[int]:
    """Put waiting messages whose time has come into batches, and return the lanes they leave by."""
    values = {"workspace_id": workspace_id, "now": now, "limit": limit}
    return sorted({row.lane_id for row in session.execute(_ENQUEUE_DUE, values)})
