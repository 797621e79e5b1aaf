"""A PostgreSQL and a Valkey of the benchmark's own, thrown away after."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from app.accounts import workspaces
from app.accounts.identities import identities
from app.cadence import policies
from app.cadence.decide import Policy
from app.consent import topics
from app.kernel.clock import SystemClock
from app.kernel.processes.embedded import Postgres, Valkey
from app.kernel.queueing.outbox import Listeners
from app.kernel.services import Services, build
from app.kernel.settings import Key, Settings
from app.wiring import extensions
from migrations import schema


@dataclass(frozen=True)
class Ground:
    """Servers with one workspace that may send."""

    folder: Path
    postgres: Postgres
    valkey: Valkey
    services: Services
    workspace_id: int
    topic_id: int
    identity_id: int

    @property
    def postgres_pid(self) -> int | None:
        return self.postgres.pid

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def sending_to(self, smtp_url: str) -> Services:
        """Return services whose mail goes to this address."""
        return build(extensions.build(), replace(self.services.settings, smtp_url=smtp_url), clock=SystemClock())

    def hearing_nothing(self) -> Services:
        """Return services whose facts no job hears."""
        return build(extensions.build().replacing(Listeners()), self.services.settings, clock=SystemClock())

    def another_workspace(self) -> Ground:
        """Return the same servers with a fresh workspace."""
        workspace_id, topic_id, identity_id = _workspace(self.services)
        return replace(self, workspace_id=workspace_id, topic_id=topic_id, identity_id=identity_id)


@contextmanager
def prepared() -> Iterator[Ground]:
    """Start the servers, durable as in production, and stop them."""
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as name:
        folder = Path(name)
        postgres, valkey = Postgres(folder), Valkey(folder)
        postgres.start()
        valkey.start()
        try:
            schema.upgrade(postgres.url)
            settings = Settings(
                database_url=postgres.application_url,
                redis_url=valkey.url,
                smtp_url="smtp://127.0.0.1:9",
                public_url="http://mail.bench.example",
                secret_keys=(Key(1, secrets.token_bytes(32)),),
                var_dir=folder,
                spool_dir=folder / "spool",
                allow_unproved_senders=True,
            )
            services = build(extensions.build(), settings, clock=SystemClock())
            yield Ground(folder, postgres, valkey, services, *_workspace(services))
            services.database.dispose()
        finally:
            valkey.stop()
            postgres.stop()


def _workspace(services: Services) -> tuple[int, int, int]:
    now = services.clock.now()
    with services.database.transaction() as session:
        made = workspaces.create(
            session,
            name=f"Bench {secrets.token_hex(3)}",
            language="en",
            time_zone="UTC",
            sender_name="Bench",
            sender_address=f"news@{secrets.token_hex(3)}.bench.example",
            postal_address="1 Bench Road",
            now=now,
        )
    with services.database.transaction(made.id) as session:
        identity = identities.create(
            session,
            made.id,
            identities.Sender(from_name="Bench", from_address=made.sender_address),
            signs=False,
            keys=services.settings.secret_keys,
            now=now,
            is_proved=True,
        )
        # Measured at night as by day, and every run after the first too.
        policies.change(session, made.id, Policy())
        topic = topics.create(session, made.id, key="news", name="News", promised_limit=30, promised_days=30)
        return made.id, topic.id, identity.id
