"""The RQ queues: hands outbox rows to workers, and runs them there.

RQ carries nothing but the id of an outbox row. Whoever picks it up takes a lease on the row, runs the job it names,
and deletes it; a lease that is no longer renewed is handed out again.

The states of an outbox row, and who moves it (`leased` and `handed over` differ by `holder`):

    waiting ------> handed over    the relay, when it is due and its workspace has room (relay.hand_over_due)
    handed over --> leased         the worker that takes it (_take); each time is an attempt
    leased -------> gone           it ran (_finish); waiting again where somebody asked for it meanwhile
    leased -------> waiting        it failed, with attempts left (_fail)
    leased -------> failed         it failed at its last attempt (_fail), or none lived to finish it (relay.give_up)
    handed over, leased --> waiting    its lease ran out: whoever had it has died
    failed -------> waiting        staff try again (failed_jobs.retry), or its key is enqueued anew (outbox)

Every statement moves rows by their state and holder, and none holds a row while a job runs.
"""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import structlog
from redis import Redis
from rq import Queue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.kernel import logs
from app.kernel.queueing.jobs import QUEUES, Jobs
from app.kernel.services import Services, services

LEASE = timedelta(seconds=60)
RENEW_EVERY = 20.0
MAX_ATTEMPTS = 12
# Whoever held this row last has died: it is run in a child, lest it take the next worker with it.
EXCLUSIVE = "alone"
MOST_WAITING = 500
JOB_TIMEOUT = int(timedelta(hours=6).total_seconds())

log = structlog.get_logger()

# The relay hands over so many jobs of one workspace at a time: where others wait, the end of one is news.
_CALL_NEXT = text(
    "SELECT pg_notify('outbox', '') FROM outbox"
    " WHERE failed_at IS NULL AND leased_until IS NULL AND (run_at IS NULL OR run_at <= :now) LIMIT 1"
)


@dataclass(frozen=True)
class Held:
    """A row this worker has the lease of."""

    id: int
    name: str
    args: dict[str, Any]
    attempts: int
    holder: str


def connect(redis_url: str) -> Redis:
    """Return a client for redis://, rediss:// or unix:// that notices a dead server within seconds."""
    return Redis.from_url(redis_url, socket_connect_timeout=5, health_check_interval=15)


def with_room(redis: Redis) -> list[str]:
    """Return the queues that may be handed more.

    A row whose lease ran out is handed over again, so what waits in Redis must be little enough to be taken up in time.
    """
    return [name for name in QUEUES if Queue(name, connection=redis).count < MOST_WAITING]


def hand_over(redis: Redis, rows: list[tuple[int, str, bool]]) -> None:
    """Tell RQ about outbox rows: id, queue, and whether each is to be run in a child of its own."""
    for row_id, name, is_alone in rows:
        Queue(name, connection=redis).enqueue(
            "app.kernel.queueing.queue.run",
            row_id,
            job_timeout=JOB_TIMEOUT,
            result_ttl=0,
            failure_ttl=3600,
            meta={EXCLUSIVE: True} if is_alone else None,
        )


def run(row_id: int) -> None:
    """Run the job of one outbox row, if nobody else holds it; RQ calls this in a worker."""
    run_with(services(), row_id)


def run_with(given: Services, row_id: int) -> bool:
    """Run one row with these services; return whether there was anything to run."""
    held = _take(given, row_id)
    if held is None:
        return False
    stop = threading.Event()
    renewing = threading.Thread(target=_renew, args=(given, held, stop), daemon=True)
    renewing.start()
    structlog.contextvars.bind_contextvars(job=held.name, outbox_id=held.id)
    try:
        job = given.extensions.get(Jobs).find(held.name)
        job(given, **job.accepted(held.args))
    except Exception as error:
        _fail(given, held, error)
        log.exception("job.failed")
    else:
        _finish(given, held)
    finally:
        stop.set()
        renewing.join()
        structlog.contextvars.clear_contextvars()
    return True


def _take(given: Services, row_id: int) -> Held | None:
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:6]}"
    with given.database.transaction() as session:
        row = session.execute(
            text(
                "UPDATE outbox SET holder = :holder, leased_until = clock_timestamp() + :lease, attempts = attempts + 1"
                " WHERE id = :id AND failed_at IS NULL AND (holder IS NULL OR leased_until < clock_timestamp())"
                " RETURNING name, args, attempts"
            ),
            {"id": row_id, "holder": holder, "lease": LEASE},
        ).first()
    return Held(row_id, row.name, row.args, row.attempts, holder) if row else None


def _renew(given: Services, held: Held, stop: threading.Event) -> None:
    while not stop.wait(RENEW_EVERY):
        try:
            with given.database.transaction() as session:
                session.execute(
                    text(
                        "UPDATE outbox SET leased_until = clock_timestamp() + :lease"
                        " WHERE id = :id AND holder = :holder"
                    ),
                    {"id": held.id, "holder": held.holder, "lease": LEASE},
                )
        except SQLAlchemyError:
            # The database may be away for a while; the job itself will meet that and decide.
            log.warning("queue.renewal_failed", outbox_id=held.id)


def _finish(given: Services, held: Held) -> None:
    """Delete the row that has run, or let it run again if somebody asked for that meanwhile, and call the next.

    Deleting comes first and looks at the wish itself: a wish that commits before it keeps the row, one that commits
    after it finds none and writes its own.
    """
    values = {"id": held.id, "holder": held.holder}
    with given.database.transaction() as session:
        gone = session.execute(
            text("DELETE FROM outbox WHERE id = :id AND holder = :holder AND NOT is_wanted_again RETURNING id"), values
        ).first()
        if gone is None:
            session.execute(
                text(
                    "UPDATE outbox SET holder = NULL, leased_until = NULL, is_wanted_again = false, attempts = 0"
                    " WHERE id = :id AND holder = :holder"
                ),
                values,
            )
        session.execute(_CALL_NEXT, {"now": given.clock.now()})


def _fail(given: Services, held: Held, error: Exception) -> None:
    delay = timedelta(seconds=min(5 * 2 ** (held.attempts - 1), 3600))
    with given.database.transaction() as session:
        is_given_up = session.scalar(
            text(
                "UPDATE outbox SET holder = NULL, leased_until = clock_timestamp() + :delay, error = :error,"
                " failed_at = CASE WHEN attempts >= :most THEN clock_timestamp() END"
                " WHERE id = :id AND holder = :holder RETURNING failed_at IS NOT NULL"
            ),
            {
                "id": held.id,
                "holder": held.holder,
                "delay": delay,
                "most": MAX_ATTEMPTS,
                "error": logs.told((type(error), error, error.__traceback__))[:4000],
            },
        )
    if is_given_up:
        log.error("job.given_up", attempts=held.attempts)
