"""Jobs that do to a worker what jobs may do, and a worker process that knows them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel import services
from app.kernel.extensions import Extensions
from app.kernel.queueing import jobs, queue, workers
from app.kernel.queueing.jobs import Jobs, job
from app.kernel.services import Services
from app.kernel.settings import Settings

ROOT = Path(__file__).parents[3]
_WORKER = "from tests.factories.servers import jobs; jobs.work()"


@job("test.note_process")
def note_process(given: Services, *, folder: str) -> None:
    """Write down in which process this ran, by the database's word as well."""
    with given.database.transaction() as session:
        backend = session.scalar(text("SELECT pg_backend_pid()"))
    with (Path(folder) / "ran").open("a") as notes:
        notes.write(f"{os.getpid()} {backend}\n")


@job("test.note_sender")
def note_sender(given: Services, *, folder: str) -> None:
    note_process(given, folder=folder)


@job("test.linger")
def linger(given: Services, *, folder: str, seconds: float) -> None:
    """Take long; the second time take no time at all."""
    begun = Path(folder) / "begun"
    again = begun.exists()
    begun.touch()
    time.sleep(0 if again else seconds)
    note_process(given, folder=folder)


@job("test.die")
def die(given: Services, *, folder: str) -> None:
    """Kill whatever process runs this, as a crash in a library or a want of memory would."""
    os.kill(os.getpid(), signal.SIGKILL)


KNOWN = Jobs(modules={"test": __name__}, queues={"test.note_sender": jobs.SEND_QUEUE})


def work() -> None:
    """Be a worker that knows these jobs; the argument says after how many it begins afresh."""
    services.install(services.build(Extensions(KNOWN)))
    most_jobs = int(sys.argv[1]) if len(sys.argv) > 1 else workers.MOST_JOBS
    redis = queue.connect(services.services().settings.redis_url)
    workers.run(list(jobs.QUEUES), redis, most_jobs=most_jobs)


@contextmanager
def a_worker(settings: Settings, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process on these settings, which knows the jobs above."""
    keys = ",".join(f"{key.id}:{key.secret.hex()}" for key in settings.secret_keys)
    env = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url,
        "ALLOW_UNPROVED_SENDERS": "1",
        "PUBLIC_URL": settings.public_url,
        "SECRET_KEYS": keys,
        "VAR_DIR": str(settings.var_dir),
    }
    running = subprocess.Popen([sys.executable, "-c", _WORKER, *words], cwd=ROOT, env=env)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def processes(folder: Path) -> list[tuple[int, int]]:
    """What `note_process` wrote down: process and database backend of each run."""
    file = folder / "ran"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(int(pid), int(backend)) for pid, backend in (line.split() for line in lines)]


def names_waiting(session: Session, workspace_id: int) -> dict[str, str]:
    """The jobs this workspace waits for, and the queue of each."""
    query = text("SELECT name, queue FROM outbox WHERE tenant_id = :workspace_id AND failed_at IS NULL")
    return {row.name: row.queue for row in session.execute(query, {"workspace_id": workspace_id})}
