"""The RQ worker: runs most jobs in its own process, and sends or risky jobs in a child.

A forked child begins cold: it connects, compiles its statements anew and costs more than most jobs do. A worker that
runs them itself stays warm. It is asked to make room for a fresh one now and then, so that nothing grows for ever.
"""

from __future__ import annotations

import os
import sys
import time

from redis import Redis
from rq import Queue, Worker
from rq.job import Job
from rq.worker import WorkerStatus

from app.kernel.queueing import jobs, queue, stopping

# Whatever a library keeps for each job, or the memory of one great import, is given back after so much.
MOST_JOBS = 5_000
MOST_SECONDS = 6 * 3600.0


def run(queues: list[str], redis: Redis, *, most_jobs: int = MOST_JOBS) -> None:
    """Take jobs from these queues until told to stop.

    A spent worker becomes a new process under the same number, so that whoever watches this one sees no fall.
    """
    worker = HouseWorker(queues, redis, most_jobs=most_jobs)
    worker.work(with_scheduler=False, logging_level="WARNING")
    if worker.is_spent and not stopping.is_requested():
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - the very program that runs, with its own arguments


class HouseWorker(Worker):
    """Runs the jobs of these queues until told to stop, or until it `is_spent` and should begin afresh."""

    def __init__(self, queues: list[str], redis: Redis, *, most_jobs: int = MOST_JOBS) -> None:
        super().__init__([Queue(name, connection=redis) for name in queues], connection=redis)
        self.is_spent = False
        self._jobs_left = most_jobs
        self._spent_at = time.monotonic() + MOST_SECONDS

    def handle_warm_shutdown_request(self) -> None:
        """Tell the job that is running, here or in a child, so that a sender ends between two mails."""
        stopping.request()
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]

    def execute_job(self, job: Job, waited_in: Queue) -> None:
        """Run one job in the fitting place, and count it."""
        if waited_in.name == jobs.SEND_QUEUE or job.meta.get(queue.EXCLUSIVE):
            super().execute_job(job, waited_in)
        else:
            execution = self.prepare_execution(job)
            self.perform_job(job, waited_in, execution)
            self.set_state(WorkerStatus.IDLE)
        self._jobs_left -= 1
        if self._jobs_left <= 0 or time.monotonic() > self._spent_at:
            self.is_spent = self._stop_requested = True

    def reorder_queues(self, reference_queue: Queue) -> None:
        """Let a queue whose jobs may take long stand last once one of them has run, so that no queue waits for ever."""
        if reference_queue.name in jobs.LONG_QUEUES:
            self._ordered_queues = [
                *(waiting for waiting in self._ordered_queues if waiting.name != reference_queue.name),
                reference_queue,
            ]

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:  # noqa: ARG002 - as RQ asks
        """Return for how long Redis believes in this worker: nobody sends heartbeats while it runs a job itself."""
        return queue.JOB_TIMEOUT + 60
