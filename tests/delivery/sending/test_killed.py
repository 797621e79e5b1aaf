"""A killed sender: nobody gets a mail twice, nobody is forgotten, doubts have names."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from app.cadence import policies
from app.cadence.decide import Policy
from app.delivery import history
from app.delivery.sending import recovery
from app.delivery.sending.dispatcher import window
from app.kernel.services import Services
from tests.factories import NOON, delivery
from tests.factories.workspaces import WorkspaceForTests

# `make chaos` kills oftener.
KILLS = int(os.environ.get("CHAOS_KILLS", "2"))
MESSAGES = int(os.environ.get("CHAOS_MESSAGES", "800"))
CONNECTIONS = 2
# A killed sender leaves at most one window of messages in doubt; all others must arrive.
MOST_IN_DOUBT = KILLS * window(CONNECTIONS)


def a_sender(services: Services, workspace: WorkspaceForTests, lane_id: int, url: str) -> subprocess.Popen[bytes]:
    """A sender in a process of its own, to be killed."""
    settings = services.settings
    env = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": url,
        "ALLOW_UNPROVED_SENDERS": "1",
        "PUBLIC_URL": settings.public_url,
        "SECRET_KEYS": ",".join(f"{key.id}:{key.secret.hex()}" for key in settings.secret_keys),
        "VAR_DIR": str(settings.var_dir),
    }
    command = [sys.executable, "-m", "bench.sender", str(workspace.id), str(lane_id)]
    return subprocess.Popen(command, cwd=delivery.ROOT, env=env, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("offer", ["PIPELINING", "PIPELINING,CHUNKING"])
def test_kill_nine_in_the_middle_of_a_send(
    services: Services, workspace: WorkspaceForTests, tmp_path: Path, offer: str
) -> None:
    """Golden case 21: the sink's own record is the oracle."""
    assert MOST_IN_DOUBT * 4 <= MESSAGES, "the bound must say something"
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy())
        delivery.allow_connections(session, CONNECTIONS)
    send_id = delivery.a_launched_send(services.database, workspace, MESSAGES)
    lane_id = delivery.lane_ids(services.database, workspace)[0]
    # Slow enough to be killed in the middle of a group.
    with delivery.a_sink(tmp_path, {"at": "dot", "to": "3@", "delay": 0.02}, offer=offer) as sink:
        for number in range(KILLS):
            sender = a_sender(services, workspace, lane_id, sink.url)
            enough = len(sink.lines()) + random.randint(1, MESSAGES // (KILLS + 1))
            delivery.until_taken(sink, sender, enough)
            sender.kill()
            sender.wait()
            after_a_minute(services, workspace)
            assert len(sink.lines()) == len(set(sink.recipients())), f"after kill {number}"
        while delivery.run_lanes(delivery.services_to(services, sink), workspace):
            continue
        taken = sink.recipients()

    assert len(taken) == len(set(taken))
    states = delivery.states(services.database, workspace)
    assert {state for state, _ in states.values()} <= {"sent", "in_doubt"}
    sent = {to for to, (state, _) in states.items() if state == "sent"}
    assert sent <= set(taken)
    assert len(sent) >= MESSAGES - MOST_IN_DOUBT
    with services.database.transaction(workspace.id) as session:
        doubtful = history.in_doubt(session, workspace.id, send_id, limit=MESSAGES)
    assert {one.email for one in doubtful} >= set(states) - set(taken)
    assert len(doubtful) <= MOST_IN_DOUBT


def after_a_minute(services: Services, workspace: WorkspaceForTests) -> None:
    """Leases run by the database's own clock: let them have run out, and sweep."""
    with services.database.transaction(workspace.id) as session:
        session.execute(text("UPDATE batches SET lease_until = 'epoch' WHERE state = 'leased'"))
        recovery.sweep(session, workspace.id, now=NOON)
