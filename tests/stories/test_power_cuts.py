"""Power cuts in the middle of a campaign: database, Redis and worker are killed; the sink says what left.

Golden case 21, with the real processes. `make chaos` cuts the power oftener and sends more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from app.cadence import policies
from app.cadence.decide import Policy
from app.delivery.sending.dispatcher import window
from app.kernel.clock import SystemClock
from app.kernel.database import Database
from app.kernel.processes.embedded import Postgres, Valkey
from app.kernel.services import build, install
from app.kernel.settings import Key, Settings
from app.wiring import extensions
from migrations import schema
from tests.factories import delivery
from tests.factories.delivery import ROOT, RunningSink
from tests.factories.servers.processes import TIMEOUT, end
from tests.factories.workspaces import WorkspaceForTests, a_workspace

MESSAGES = int(os.environ.get("CHAOS_MESSAGES", "1200"))
CUTS = int(os.environ.get("CHAOS_CUTS", "1"))
CONNECTIONS = 2
# Each cut, of three kinds, leaves at most one window of messages in doubt; all others must arrive.
MOST_IN_DOUBT = 3 * CUTS * window(CONNECTIONS)
_LEASES_END = (
    "UPDATE batches SET lease_until = 'epoch' WHERE state = 'leased'",
    "UPDATE outbox SET leased_until = 'epoch' WHERE leased_until IS NOT NULL",
)


@dataclass
class House:
    """An installation of its own: two servers, one relay, one worker."""

    folder: Path
    postgres: Postgres
    valkey: Valkey
    database: Database
    env: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]]

    def start(self, name: str) -> None:
        words = [sys.executable, "worker.py", "relay" if name == "relay" else "work"]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                words, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def kill_worker(self) -> None:
        """Kill the parent and the child that does the work, as the power would."""
        end(self.processes["worker"])
        self.start("worker")

    def cut_database(self) -> None:
        self.postgres.kill()
        time.sleep(0.5)
        self.postgres.start()

    def cut_redis(self) -> None:
        """Redis comes back empty: its files are gone too."""
        self.valkey.kill()
        for file in (self.folder / "valkey").rglob("*.aof*"):
            file.unlink()
        self.valkey.start()

    def let_leases_end(self) -> None:
        """Do at once what a minute would do."""
        with psycopg.connect(self.postgres.url_of("assent", role="postgres")) as connection:
            for statement in _LEASES_END:
                connection.execute(statement)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[RunningSink]:
    with delivery.a_sink(tmp_path, {"at": "dot", "to": "3@", "delay": 0.025}) as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, sink: RunningSink) -> Iterator[House]:
    postgres, valkey = Postgres(tmp_path), Valkey(tmp_path)
    postgres.start()
    valkey.start()
    schema.upgrade(postgres.url)
    key = Key(1, b"power-cuts-" + b"k" * 32)
    settings = Settings(
        database_url=postgres.application_url,
        redis_url=valkey.url,
        smtp_url=sink.url,
        public_url="http://mail.shop.test",
        secret_keys=(key,),
        var_dir=tmp_path,
        spool_dir=tmp_path / "spool",
    )
    env = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url,
        "ALLOW_UNPROVED_SENDERS": "1",
        "PUBLIC_URL": settings.public_url,
        "SECRET_KEYS": f"{key.id}:{key.secret.hex()}",
        "VAR_DIR": str(tmp_path),
    }
    services = install(build(extensions.build(), settings, clock=SystemClock()))
    made = House(tmp_path, postgres, valkey, services.database, dict(env), {})
    for name in ("relay", "worker"):
        made.start(name)
    yield made
    for process in made.processes.values():
        end(process)
    services.database.dispose()
    valkey.stop()
    postgres.stop()


def test_nobody_gets_a_mail_twice_and_nobody_is_forgotten(house: House, sink: RunningSink):
    assert MOST_IN_DOUBT * 4 <= MESSAGES, "the bound must say something"
    now = datetime.now(UTC)
    workspace = a_workspace(house.database, name="Power", now=now)
    with house.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy())
        delivery.allow_connections(session, CONNECTIONS)
    delivery.a_launched_send(house.database, workspace, MESSAGES, now=now)
    cuts = [house.cut_database, house.cut_redis, house.kill_worker] * CUTS
    step = MESSAGES // (len(cuts) + 2)
    for cut in cuts:
        goal = min(len(sink.lines()) + step, MESSAGES)
        _until(lambda: len(sink.lines()) >= goal, house)  # noqa: B023 - called before the next turn
        cut()
        house.let_leases_end()
    _until(lambda: _is_over(house, workspace), house)

    taken = sink.recipients()
    states = delivery.states(house.database, workspace)
    doubtful = {to for to, (state, _) in states.items() if state == "in_doubt"}
    assert len(states) == MESSAGES
    assert len(taken) == len(set(taken))
    assert {state for state, _ in states.values()} <= {"sent", "in_doubt"}
    assert set(states) - set(taken) <= doubtful
    assert len(doubtful) <= MOST_IN_DOUBT


def _is_over(house: House, workspace: WorkspaceForTests) -> bool:
    try:
        return all(state in ("sent", "in_doubt") for state, _ in delivery.states(house.database, workspace).values())
    except OperationalError:
        return False


def _until(is_so: Callable[[], bool], house: House) -> None:
    """Wait; every few seconds a minute goes by for the leases."""
    ends_at, ended_leases = time.monotonic() + TIMEOUT, time.monotonic()
    while not is_so():
        assert time.monotonic() < ends_at, "\n".join(
            log.read_text()[-1500:] for log in (house.folder / "relay.log", house.folder / "worker.log")
        )
        if time.monotonic() - ended_leases > 5:
            house.let_leases_end()
            ended_leases = time.monotonic()
        time.sleep(0.05)


