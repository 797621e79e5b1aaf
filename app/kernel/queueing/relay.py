"""The relay: moves due outbox rows to the queues and starts recurring jobs; one leads by advisory lock.

Every machine runs one relay. All of them hand over due rows (SKIP LOCKED keeps them apart); the one that holds the
advisory lock also starts recurring jobs. NOTIFY makes it prompt, a sweep every second makes it sure.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.kernel.queueing import jobs, outages, outbox, queue
from app.kernel.services import Services

LEADER_LOCK = 7270
FAIR_SHARE_LOCK = 7272
SWEEP_SECONDS = 1.0
MARKER = "assent:relay"

log = structlog.get_logger()

Loop = tuple[str, Callable[[Services], Any], float]


def run(services: Services, *, loops: list[Loop] = (), stop: threading.Event | None = None) -> None:  # type: ignore[assignment]
    """Relay until `stop` is set. `loops` are local chores (name, function, seconds between) run beside it."""
    stop = stop or threading.Event()
    chores = [threading.Thread(target=_repeat, args=(services, loop, stop), daemon=True) for loop in loops]
    for chore in chores:
        chore.start()
    redis = queue.connect(services.settings.redis_url)
    while not stop.is_set():
        try:
            _relay(services, redis, stop)
        except (psycopg.OperationalError, DBAPIError, RedisError, OSError) as error:
            log.warning("relay.waiting", error=type(error).__name__)
            stop.wait(SWEEP_SECONDS)
    for chore in chores:
        chore.join(timeout=5)


# Every workspace has only so many jobs of a queue under way, handed over ones included; the next is handed over when
# one of them ends. So whoever comes with a single job stands behind a few of each other workspace, never behind all of
# them. What belongs to no workspace is not held back. `error` tells a row that waits to be tried again from one that
# was handed over, which has none.
_HAND_OVER = text(
    """
    WITH shares AS (
        SELECT o.queue, o.tenant_id, at_once.most - count(*) FILTER (
                   WHERE o.leased_until >= clock_timestamp() AND (o.holder IS NOT NULL OR o.error IS NULL)) AS left_over
        FROM outbox o
        JOIN unnest(CAST(:queues AS text[]), CAST(:most AS int[])) AS at_once(queue, most) ON at_once.queue = o.queue
        WHERE o.failed_at IS NULL
        GROUP BY o.queue, o.tenant_id, at_once.most
        HAVING bool_or((o.run_at IS NULL OR o.run_at <= :now)
                       AND (o.leased_until IS NULL OR o.leased_until < clock_timestamp()))
    ), chosen AS (
        SELECT next.id FROM shares CROSS JOIN LATERAL (
            SELECT id FROM outbox
            WHERE failed_at IS NULL AND queue = shares.queue AND tenant_id IS NOT DISTINCT FROM shares.tenant_id
              AND (run_at IS NULL OR run_at <= :now) AND (leased_until IS NULL OR leased_until < clock_timestamp())
            ORDER BY id
            LIMIT CASE WHEN shares.tenant_id IS NULL THEN :limit ELSE greatest(shares.left_over, 0) END) AS next
        ORDER BY next.id LIMIT :limit
    )
    UPDATE outbox SET leased_until = clock_timestamp() + :lease, holder = NULL, error = NULL
    FROM (SELECT id, holder IS NOT NULL AS was_held FROM outbox WHERE id IN (SELECT id FROM chosen)
          FOR UPDATE SKIP LOCKED) AS due
    WHERE outbox.id = due.id RETURNING outbox.id, outbox.queue, due.was_held
    """
)


def hand_over_due(services: Services, redis: Redis, *, limit: int = 200) -> int:
    """Lease due rows of queues with room and tell RQ; return how many. A lease nobody takes up is handed out again.

    Relays do this one after another: each counts what the others have handed over.
    """
    most = {
        name: 1 if name in jobs.ONE_AT_A_TIME else services.settings.jobs_per_workspace
        for name in queue.with_room(redis)
    }
    with services.database.transaction() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": FAIR_SHARE_LOCK})
        rows = session.execute(
            _HAND_OVER,
            {
                "now": services.clock.now(),
                "lease": queue.LEASE,
                "limit": limit,
                "queues": list(most),
                "most": list(most.values()),
            },
        ).all()
    queue.hand_over(redis, sorted((row.id, row.queue, row.was_held) for row in rows))
    return len(rows)


def give_up(services: Services) -> None:
    """Set aside what has outlived its worker again and again; with its error it waits for staff, and kills no more."""
    with services.database.transaction() as session:
        set_aside = session.execute(
            text(
                "UPDATE outbox SET failed_at = clock_timestamp(), holder = NULL, error = :error"
                " WHERE failed_at IS NULL AND attempts >= :most AND holder IS NOT NULL"
                " AND leased_until < clock_timestamp() RETURNING id, name"
            ),
            {"most": queue.MAX_ATTEMPTS, "error": "No worker that took it lived to finish it."},
        ).all()
    for row in set_aside:
        log.error("job.given_up", job=row.name, outbox_id=row.id, reason="no worker lived to finish it")


def start_recurring(services: Services, begun: dict[str, int]) -> dict[str, int]:
    """Start each recurring job once per slot of its period, by the database's clock; return the slots as kept.

    `begun` is what this returned before: while no new slot has come, nothing is written. A kept slot that lies more
    than one period ahead was kept by a clock that has been set back since, and holds nobody up.
    """
    with services.database.transaction() as session:
        now = services.clock.by_database(session.scalar(text("SELECT clock_timestamp()")))
        slots = current_slots(services, now)
        if slots == begun:
            return begun
        outages.beat(session)
        fresh = session.scalars(
            text(
                "INSERT INTO cron_ticks (name, slot)"
                " SELECT * FROM unnest(CAST(:names AS text[]), CAST(:slots AS bigint[])) ON CONFLICT (name)"
                " DO UPDATE SET slot = excluded.slot"
                " WHERE cron_ticks.slot NOT BETWEEN excluded.slot AND excluded.slot + 1 RETURNING name"
            ),
            {"names": sorted(slots), "slots": [slots[name] for name in sorted(slots)]},
        ).all()
        for name in fresh:
            outbox.enqueue(session, name, key=f"every:{name}")
        kept = session.execute(text("SELECT name, slot FROM cron_ticks WHERE name = ANY(:names)"), {"names": [*slots]})
        return {row.name: row.slot for row in kept}


def current_slots(services: Services, now: datetime) -> dict[str, int]:
    """Return, for each recurring job, the number of the period that `now` lies in."""
    seconds = now.timestamp()
    every = services.extensions.get(jobs.Jobs).list_all()
    return {job.name: int(seconds // job.every.total_seconds()) for job in every if job.every}


def forget_handed(services: Services) -> None:
    """Make rows that were handed over but never started due again; Redis has lost them."""
    with services.database.transaction() as session:
        session.execute(text("UPDATE outbox SET leased_until = NULL WHERE holder IS NULL AND error IS NULL"))


def _relay(services: Services, redis: Redis, stop: threading.Event) -> None:
    url = services.database.url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(url, autocommit=True) as listening:
        listening.execute(f"LISTEN {outbox.CHANNEL}")
        is_leader = False
        begun: dict[str, int] = {}
        swept_at = -SWEEP_SECONDS
        while not stop.is_set():
            if time.monotonic() - swept_at >= SWEEP_SECONDS:
                swept_at = time.monotonic()
                if not redis.set(MARKER, "1", get=True):
                    forget_handed(services)
                is_leader = is_leader or _try_lead(listening)
                if is_leader:
                    begun = start_recurring(services, begun)
                    give_up(services)
            while hand_over_due(services, redis):
                pass
            _await_news(listening)


def _await_news(listening: psycopg.Connection[Any]) -> None:
    """Sleep until something is asked for or a job has ended, and take everything that came meanwhile as one call."""
    for timeout, stop_after in ((SWEEP_SECONDS, 1), (0.0, None)):
        for _ in listening.notifies(timeout=timeout, stop_after=stop_after):
            pass


def _try_lead(listening: psycopg.Connection[Any]) -> bool:
    row = listening.execute("SELECT pg_try_advisory_lock(%s)", (LEADER_LOCK,)).fetchone()
    return bool(row and row[0])


def _repeat(services: Services, loop: Loop, stop: threading.Event) -> None:
    name, function, seconds = loop
    while not stop.is_set():
        started = time.monotonic()
        try:
            function(services)
        except Exception:
            log.exception("relay.chore_failed", chore=name)
        stop.wait(max(0.05, seconds - (time.monotonic() - started)))
