"""One workspace's mail server says nothing any more. Who waits for another workspace's mail hardly notices."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import text

from app.accounts.identities import identities
from app.cadence import policies
from app.cadence.decide import Policy
from app.consent.signup import signup_forms
from app.consent.signup.double_opt_in import Answer, request
from app.customers.profiles import people
from app.delivery.launching import launches
from app.delivery.transactional import messages
from app.kernel.clock import SystemClock
from app.kernel.queueing import queue, relay
from app.kernel.services import Services
from tests.factories import delivery
from tests.factories.consent import a_form
from tests.factories.delivery import ROOT, RunningSink
from tests.factories.servers import processes
from tests.factories.servers.mute_relay import AGREES, GREETS, MuteRelay, a_mute_relay
from tests.factories.workspaces import WorkspaceForTests, a_workspace

TEST_MAILS = 6
IDENTITIES = 3
# Before another workspace's mail has left, the silent server may have held us up by what one workspace may have under
# way at once, and by what the only worker was doing when the others came; never by all that waits for it.
MOST_CALLS = 4


@dataclass
class House:
    """The tests' servers, one worker process for everything, and the relay, which the test itself plays."""

    services: Services
    redis: Redis
    worker: subprocess.Popen[bytes]

    def until(self, is_so: Callable[[], bool]) -> None:
        """Hand out what is due, as the relay would, until something is so."""

        def look() -> bool:
            assert self.worker.poll() is None
            relay.hand_over_due(self.services, self.redis)
            return is_so()

        processes.until(look)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[RunningSink]:
    """The installation's own mail server, which is well."""
    with delivery.a_sink(tmp_path) as running:
        yield running


@contextmanager
def a_house(services: Services, folder: Path, smtp_url: str) -> Iterator[House]:
    settings = services.settings
    redis = queue.connect(settings.redis_url)
    redis.flushdb()
    with services.database.transaction() as session:
        session.execute(text("DELETE FROM outbox"))
    env = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": smtp_url,
        "PUBLIC_URL": settings.public_url,
        "SECRET_KEYS": ",".join(f"{key.id}:{key.secret.hex()}" for key in settings.secret_keys),
        "VAR_DIR": str(folder),
        "ALLOW_PRIVATE_RELAYS": "1",
        "RELAY_TIMEOUT": "1",
    }
    with (folder / "worker.log").open("ab") as log:
        worker = subprocess.Popen([sys.executable, "worker.py", "work"], cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        yield House(services, redis, worker)
    finally:
        worker.kill()
        worker.wait()
        with services.database.transaction() as session:
            session.execute(text("DELETE FROM outbox"))


def everything_waits_for(services: Services, workspace: WorkspaceForTests, mute: MuteRelay) -> None:
    """Campaigns through several identities, and test mails, all of which lead to this server."""
    now = services.clock.now()
    with services.database.transaction(workspace.id) as session:
        policies.change(session, workspace.id, Policy())
        delivery.an_audience(session, workspace, 20, now=now)
        own = [workspace.identity_id]
        for number in range(1, IDENTITIES):
            address = f"two-{number}@shop.example"
            made = identities.create(
                session,
                workspace.id,
                identities.Sender(from_name="Two", from_address=address),
                signs=False,
                keys=services.settings.secret_keys,
                now=now,
            )
            own.append(made.id)
        for identity_id in own:
            identities.set_relay(
                session,
                workspace.id,
                identity_id,
                smtp_url=mute.url,
                keys=services.settings.secret_keys,
                staff_id=workspace.owner_id,
                now=now,
                may_be_private=True,
            )
            send = delivery.a_send(session, workspace, now=now, identity_id=identity_id)
            launches.launch(session, workspace.id, send.id, people.base_query(workspace.id), now=now)
        for _ in range(TEST_MAILS):
            messages.send_to_staff(
                session,
                workspace.id,
                kind="test",
                to_address="olga@shop.test",
                content=delivery.CONTENT,
                person={"customer": {"first_name": "Ada"}},
                settings=services.settings,
                now=now,
            )


def somebody_signs_up(services: Services, workspace: WorkspaceForTests, email: str) -> None:
    now = services.clock.now()
    with services.database.transaction(workspace.id) as session:
        form = a_form(session, workspace.id, [workspace.topic_id])
        chosen = tuple(signup_forms.choices(session, form, language="en", sender="Shop", now=now))
        answer = Answer(email=email, chosen=chosen, page="http://shop.test/f", ip="198.51.100.7")
        request(session, workspace.id, form, answer, now=now)


@pytest.mark.parametrize("answers", [GREETS, AGREES], ids=["says nothing after its greeting", "nor to a recipient"])
def test_a_silent_mail_server_of_one_workspace_keeps_nobody_else_waiting(
    services: Services, workspace: WorkspaceForTests, sink: RunningSink, tmp_path: Path, answers: dict[bytes, bytes]
) -> None:
    """What is counted is how often the silent server was called meanwhile, not how long anything took."""
    services = replace(services, clock=SystemClock())
    now = datetime.now(UTC)
    other = a_workspace(services.database, name="Other", now=now)
    with a_house(services, tmp_path, sink.url) as house, a_mute_relay(answers) as mute:
        everything_waits_for(services, workspace, mute)
        house.until(lambda: mute.calls > 0)
        somebody_signs_up(services, other, "new@example.com")
        house.until(lambda: "new@example.com" in sink.recipients())
        confirmed_after = mute.calls

        with services.database.transaction(other.id) as session:
            policies.change(session, other.id, Policy())
        delivery.a_launched_send(services.database, other, 5, now=now)
        # However long a slow machine took until here, from now on their mail is due.
        launched_after = mute.calls
        house.until(lambda: len(sink.recipients()) == 6)
        sent_after = mute.calls

    assert confirmed_after <= MOST_CALLS
    assert sent_after <= launched_after + MOST_CALLS
