"""A worker runs most jobs itself and stays warm; what may kill it runs in a child; no death takes work along."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import text

from app.kernel.extensions import Extensions
from app.kernel.queueing import jobs, outbox, queue, relay
from app.kernel.queueing.workers import HouseWorker
from app.kernel.services import Services
from tests.factories.servers.jobs import KNOWN, a_worker, processes
from tests.factories.servers.processes import TIMEOUT, until


@pytest.fixture
def extensions(extensions: Extensions) -> Extensions:
    """What this process asks for are the jobs of the tests' worker."""
    return extensions.replacing(KNOWN)


@pytest.fixture
def redis(services: Services) -> Iterator[Redis]:
    """A Redis and an outbox that know of nothing, before and after."""
    client = queue.connect(services.settings.redis_url)
    client.flushdb()
    _empty(services)
    stopping = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield client
    for number, handler in stopping.items():
        signal.signal(number, handler)
    _empty(services)


def _empty(services: Services) -> None:
    with services.database.transaction() as session:
        session.execute(text("DELETE FROM outbox"))


def ask_for(services: Services, name: str, times: int = 1, **args: object) -> None:
    with services.database.transaction() as session:
        for _ in range(times):
            outbox.enqueue(session, name, **args)


def work_off(services: Services, redis: Redis) -> None:
    """Hand over what is due and let a worker in this process do all of it."""
    relay.hand_over_due(services, redis)
    HouseWorker(list(jobs.QUEUES), redis).work(burst=True, logging_level="CRITICAL")


def let_leases_end(services: Services) -> None:
    with services.database.transaction() as session:
        session.execute(
            text("UPDATE outbox SET leased_until = clock_timestamp() - CAST(:ago AS interval)"),
            {"ago": timedelta(seconds=1)},
        )


def waiting(services: Services) -> list[str]:
    with services.database.transaction() as session:
        return list(session.scalars(text("SELECT name FROM outbox WHERE failed_at IS NULL")))


def test_a_worker_runs_jobs_itself_and_senders_in_a_child(services: Services, redis: Redis, tmp_path: Path):
    # Of several idle connections the pool takes one after the other; here is one, and whose it stays shows.
    services.database.dispose()
    ask_for(services, "test.note_process", folder=str(tmp_path))
    ask_for(services, "test.note_sender", folder=str(tmp_path))

    work_off(services, redis)

    (here, _), (there, _) = processes(tmp_path)
    assert here == os.getpid()
    assert there != here
    assert waiting(services) == []


def test_a_child_leaves_its_parents_connections_alone(services: Services, redis: Redis, tmp_path: Path):
    ask_for(services, "test.note_process", folder=str(tmp_path))
    ask_for(services, "test.note_sender", folder=str(tmp_path))
    work_off(services, redis)
    ask_for(services, "test.note_process", folder=str(tmp_path))

    work_off(services, redis)

    before, childs, after = (backend for _, backend in processes(tmp_path))
    assert childs not in (before, after)
    assert before == after


def test_what_died_with_its_worker_takes_no_second_one_along(services: Services, redis: Redis, tmp_path: Path):
    ask_for(services, "test.die", folder=str(tmp_path))
    with a_worker(services.settings) as victim:
        relay.hand_over_due(services, redis)
        assert victim.wait(TIMEOUT) == -signal.SIGKILL
    let_leases_end(services)
    ask_for(services, "test.note_process", folder=str(tmp_path))

    work_off(services, redis)

    assert [pid for pid, _ in processes(tmp_path)] == [os.getpid()]
    assert waiting(services) == ["test.die"]


def test_what_outlives_every_worker_is_set_aside_with_a_reason(services: Services, redis: Redis, tmp_path: Path):
    ask_for(services, "test.die", folder=str(tmp_path))
    with services.database.transaction() as session:
        session.execute(text("UPDATE outbox SET attempts = :most - 1, holder = 'gone'"), {"most": queue.MAX_ATTEMPTS})
    let_leases_end(services)
    work_off(services, redis)
    let_leases_end(services)

    relay.give_up(services)

    with services.database.transaction() as session:
        row = session.execute(text("SELECT failed_at, error FROM outbox")).one()
    assert row.failed_at is not None
    assert row.error == "No worker that took it lived to finish it."


def test_a_killed_worker_loses_no_job(services: Services, redis: Redis, tmp_path: Path):
    ask_for(services, "test.linger", folder=str(tmp_path), seconds=TIMEOUT)
    ask_for(services, "test.note_process", times=3, folder=str(tmp_path))
    relay.hand_over_due(services, redis)
    with a_worker(services.settings) as first:
        until((tmp_path / "begun").exists)
        first.kill()
        first.wait()
    let_leases_end(services)

    work_off(services, redis)

    assert waiting(services) == []
    assert len(processes(tmp_path)) == 4


def test_a_spent_worker_begins_afresh_under_the_same_number(services: Services, redis: Redis, tmp_path: Path):
    ask_for(services, "test.note_process", times=3, folder=str(tmp_path))
    relay.hand_over_due(services, redis)
    with a_worker(services.settings, "2") as worker:
        until(lambda: waiting(services) == [])
        until(lambda: Queue("default", connection=redis).count == 0)

        assert {pid for pid, _ in processes(tmp_path)} == {worker.pid}
        assert len({backend for _, backend in processes(tmp_path)}) == 2
        worker.terminate()
        assert worker.wait(TIMEOUT) == 0
