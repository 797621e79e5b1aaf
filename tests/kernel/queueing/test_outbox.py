"""What a transaction asks for happens after it, at least once, whatever becomes of Redis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import event, text

from app.kernel.clock import FixedClock, SystemClock
from app.kernel.extensions import Extensions
from app.kernel.queueing import jobs, outbox, queue, relay
from app.kernel.queueing.jobs import Jobs, job
from app.kernel.queueing.outbox import Listeners
from app.kernel.services import Services


@dataclass(frozen=True)
class BellRang(outbox.Fact):
    times: int


RUNS: list[dict[str, Any]] = []


@job("test.ring")
def ring(services: Services, *, workspace_id: int, times: int) -> None:
    RUNS.append({"workspace_id": workspace_id, "times": times})
    if times < 0:
        raise ValueError("a bell cannot ring less than never")


@job("test.nightly", every=timedelta(days=1))
def nightly(services: Services) -> None:
    """Recur once a day."""


@job("test.each_minute", every=timedelta(minutes=1))
def each_minute_job(services: Services) -> None:
    """Recur once a minute."""


@pytest.fixture
def extensions(extensions: Extensions) -> Extensions:
    """The jobs of this file besides those of the rooms, and one that hears the bell."""
    known = extensions.get(Jobs)
    mine = replace(known, modules={**known.modules, "test": __name__})
    return extensions.replacing(mine, Listeners({BellRang: ["test.ring"]}))


@pytest.fixture
def ready(services: Services) -> Iterator[Services]:
    """Services whose outbox is empty and whose Redis knows nothing."""
    RUNS.clear()
    with services.database.transaction() as session:
        session.execute(text("DELETE FROM outbox"))
    yield services
    with services.database.transaction() as session:
        session.execute(text("DELETE FROM outbox"))


@pytest.fixture
def redis(ready: Services) -> Redis:
    client = queue.connect(ready.settings.redis_url)
    client.flushdb()
    return client


def waiting(services: Services) -> list[Any]:
    with services.database.transaction() as session:
        return list(session.execute(text("SELECT * FROM outbox ORDER BY id")))


def deliver(services: Services, redis: Redis) -> int:
    """Hand over what is due and run what RQ then holds, as a worker would."""
    relay.hand_over_due(services, redis)
    taken = Queue("default", connection=redis)
    ids = [job.args[0] for job in taken.jobs]
    taken.empty()
    return sum(queue.run_with(services, row_id) for row_id in ids)


def test_nothing_happens_when_the_transaction_fails(ready: Services) -> None:
    with pytest.raises(ZeroDivisionError), ready.database.transaction() as session:
        outbox.enqueue(session, "test.ring", workspace_id=1, times=1)
        raise ZeroDivisionError

    assert waiting(ready) == []


def test_a_fact_becomes_a_job_for_each_listener(ready: Services, redis: Redis) -> None:
    with ready.database.transaction() as session:
        outbox.publish(session, BellRang(workspace_id=7, times=3))

    assert deliver(ready, redis) == 1
    assert RUNS == [{"workspace_id": 7, "times": 3}]
    assert waiting(ready) == []


def test_a_row_runs_once_though_redis_names_it_twice(ready: Services, redis: Redis) -> None:
    with ready.database.transaction() as session:
        outbox.enqueue(session, "test.ring", workspace_id=1, times=1)
    row_id = waiting(ready)[0].id

    assert [queue.run_with(ready, row_id) for _ in range(3)] == [True, False, False]
    assert len(RUNS) == 1


def test_a_job_is_not_due_before_its_time(ready: Services, redis: Redis, clock: FixedClock) -> None:
    later = replace(ready, clock=clock)
    with ready.database.transaction() as session:
        outbox.enqueue(session, "test.ring", run_at=clock.now() + timedelta(days=2), workspace_id=1, times=1)

    assert deliver(later, redis) == 0
    clock.advance(timedelta(days=2))
    assert deliver(later, redis) == 1


def test_flushing_redis_loses_nothing(ready: Services, redis: Redis) -> None:
    with ready.database.transaction() as session:
        outbox.enqueue(session, "test.ring", workspace_id=1, times=1)
    relay.hand_over_due(ready, redis)
    redis.flushall()
    relay.forget_handed(ready)

    assert deliver(ready, redis) == 1


def test_redis_holds_no_more_than_can_be_taken_up_in_time(ready: Services, redis: Redis) -> None:
    with ready.database.transaction() as session:
        for times in range(2 * queue.MOST_WAITING):
            outbox.enqueue(session, "test.ring", workspace_id=times, times=times)
    while relay.hand_over_due(ready, redis):
        pass

    waiting_in_redis = Queue("default", connection=redis).count
    assert queue.MOST_WAITING <= waiting_in_redis < queue.MOST_WAITING + 200


def handed_over(redis: Redis, name: str = "default") -> list[int]:
    """The rows RQ was told of since last asked."""
    waiting_there = Queue(name, connection=redis)
    ids = [job.args[0] for job in waiting_there.jobs]
    waiting_there.empty()
    return ids


def workspaces_of(services: Services, row_ids: list[int]) -> list[int]:
    owners = {row.id: row.args["workspace_id"] for row in waiting(services)}
    return [owners[row_id] for row_id in row_ids]


def test_a_workspace_with_much_to_do_stands_before_nobody_with_little(ready: Services, redis: Redis) -> None:
    """Each has a few jobs of a queue under way; the next one is handed over when one of them has ended."""
    most = ready.settings.jobs_per_workspace
    with ready.database.transaction() as session:
        for workspace_id in (*[1] * 50, 2, 3):
            outbox.enqueue(session, "test.ring", workspace_id=workspace_id, times=1)
    while relay.hand_over_due(ready, redis):
        pass
    first = handed_over(redis)
    assert workspaces_of(ready, first) == [*[1] * most, 2, 3]

    queue.run_with(ready, first[0])
    while relay.hand_over_due(ready, redis):
        pass
    assert workspaces_of(ready, handed_over(redis)) == [1]


def test_what_failed_and_is_tried_again_counts_like_the_rest(ready: Services, redis: Redis) -> None:
    """Mails to a dead server fail again and again; they must not be handed over all at once when they are due again."""
    most = ready.settings.jobs_per_workspace
    with ready.database.transaction() as session:
        for _ in range(20):
            outbox.enqueue(session, "test.ring", workspace_id=1, times=-1)
        session.execute(text("UPDATE outbox SET error = 'no answer', attempts = 1, leased_until = 'epoch'"))
    while relay.hand_over_due(ready, redis):
        pass
    held = handed_over(redis)
    assert len(held) == most

    for row_id in held:
        queue.run_with(ready, row_id)
    while relay.hand_over_due(ready, redis):
        pass
    assert len(handed_over(redis)) == most


@pytest.mark.parametrize("name", ["delivery.send_staff_mail", "customers.run_import"])
def test_mails_to_staff_and_imports_go_one_at_a_time(ready: Services, redis: Redis, name: str) -> None:
    with ready.database.transaction() as session:
        for number in range(6):
            outbox.enqueue(session, name, workspace_id=1, mail_id=number)
    while relay.hand_over_due(ready, redis):
        pass

    assert len(handed_over(redis, ready.extensions.get(Jobs).queue_of(name))) == 1
    assert handed_over(redis) == []


def test_what_belongs_to_nobody_is_not_held_back(ready: Services, redis: Redis) -> None:
    with ready.database.transaction() as session:
        for number in range(30):
            outbox.enqueue(session, "test.ring", times=number)
    while relay.hand_over_due(ready, redis):
        pass

    assert len(handed_over(redis)) == 30


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 9])
def test_every_queue_is_served_and_somebody_always_does_short_work(workers: int) -> None:
    served = [jobs.queues_of(number, workers) for number in range(1, workers + 1)]

    assert set().union(*served) == set(jobs.QUEUES)
    assert all(jobs.TRANSACTIONAL_QUEUE in names and jobs.DEFAULT_QUEUE in names for names in served)
    if workers > 1:
        assert any(jobs.SEND_QUEUE not in names for names in served)
    if workers > 2:
        assert any(not {jobs.SEND_QUEUE, jobs.IMPORT_QUEUE} & set(names) for names in served)


def test_one_key_waits_once_and_moves_earlier(ready: Services, clock: FixedClock) -> None:
    with ready.database.transaction() as session:
        for days in (5, 2, 9):
            run_at = clock.now() + timedelta(days=days)
            outbox.enqueue(session, "test.ring", run_at=run_at, key="bell", workspace_id=1, times=1)

    assert [row.run_at for row in waiting(ready)] == [clock.now() + timedelta(days=2)]


def test_a_wish_made_while_the_job_runs_runs_it_again(ready: Services, redis: Redis) -> None:
    with ready.database.transaction() as session:
        outbox.enqueue(session, "test.ring", key="bell", workspace_id=1, times=1)
    row_id = waiting(ready)[0].id
    held = queue._take(ready, row_id)
    with ready.database.transaction() as session:
        outbox.enqueue(session, "test.ring", key="bell", workspace_id=1, times=1)
    assert held is not None
    queue._finish(ready, held)

    assert deliver(ready, redis) == 1
    assert waiting(ready) == []


def test_a_wish_made_between_a_jobs_end_and_its_farewell_is_kept(ready: Services, redis: Redis) -> None:
    """Whatever the farewell has looked at before, a wish that commits ahead of the deletion must keep the row."""
    with ready.database.transaction() as session:
        outbox.enqueue(session, "test.ring", key="bell", workspace_id=1, times=1)
    wishes: list[str] = []

    def wish(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if statement.startswith("DELETE FROM outbox") and not wishes:
            wishes.append(statement)
            with ready.database.transaction() as other:
                outbox.enqueue(other, "test.ring", key="bell", workspace_id=1, times=2)

    event.listen(ready.database.engine, "before_cursor_execute", wish)
    deliver(ready, redis)
    event.remove(ready.database.engine, "before_cursor_execute", wish)

    assert deliver(ready, redis) == 1
    assert [run["times"] for run in RUNS] == [1, 2]


def test_a_failing_job_waits_longer_and_is_kept_with_its_error(ready: Services, redis: Redis) -> None:
    with ready.database.transaction() as session:
        outbox.enqueue(session, "test.ring", workspace_id=1, times=-1)
    deliver(ready, redis)

    row = waiting(ready)[0]
    assert "cannot ring less than never" in row.error
    assert row.failed_at is None
    assert deliver(ready, redis) == 0


@pytest.fixture
def each_minute(ready: Services) -> Iterator[str]:
    """The name of a job that recurs each minute and has never begun."""
    yield "test.each_minute"
    with ready.database.transaction() as session:
        session.execute(text("DELETE FROM cron_ticks WHERE name = 'test.each_minute'"))


def starts(services: Services, name: str) -> int:
    """Start what recurs, and return how often the job was asked for."""
    relay.start_recurring(services, {})
    count = sum(row.name == name for row in waiting(services))
    with services.database.transaction() as session:
        session.execute(text("DELETE FROM outbox"))
    return count


def test_a_clock_set_back_does_not_hold_up_what_recurs(ready: Services, clock: FixedClock, each_minute: str) -> None:
    timed = replace(ready, clock=clock)
    counts = []
    for move in (timedelta(0), -timedelta(hours=1), timedelta(0), timedelta(minutes=1), timedelta(hours=1)):
        clock.advance(move)
        counts.append(starts(timed, each_minute))

    assert counts == [1, 1, 0, 1, 1]


def test_a_clock_a_little_behind_starts_nothing_twice(ready: Services, clock: FixedClock, each_minute: str) -> None:
    timed = replace(ready, clock=clock)
    counts = []
    for seconds in (0, -5, 5):
        clock.advance(timedelta(seconds=seconds))
        counts.append(starts(timed, each_minute))

    assert counts == [1, 0, 0]


class SlowClock(SystemClock):
    """The clock of a machine that is an hour behind."""

    def now(self) -> datetime:
        return super().now() - timedelta(hours=1)


def test_what_recurs_goes_by_the_databases_clock(ready: Services, each_minute: str) -> None:
    begun = relay.start_recurring(replace(ready, clock=SlowClock()), {})

    with ready.database.transaction() as session:
        database_at = session.scalar(text("SELECT clock_timestamp()"))
    assert 0 <= database_at.timestamp() // 60 - begun[each_minute] <= 1


def test_recurring_jobs_start_once_a_slot(ready: Services, clock: FixedClock) -> None:
    timed = replace(ready, clock=clock)
    counts: list[int] = []
    begun: dict[str, int] = {}
    for hours in (0, 1, 24):
        clock.advance(timedelta(hours=hours))
        begun = relay.start_recurring(timed, begun)
        counts.append(sum(row.name == "test.nightly" for row in waiting(ready)))
        with ready.database.transaction() as session:
            session.execute(text("DELETE FROM outbox"))

    assert counts == [1, 0, 1]
