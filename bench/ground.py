"""A PostgreSQL and a Valkey of the benchmark's own, thrown away after, or kept with what was filled in once."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
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
    """Start the servers, durable as in production, and throw them away."""
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as name, _running(Path(name)) as place:
        yield place


@contextmanager
def kept(name: str) -> Iterator[Ground]:
    """Start servers of this name that stay on disk under VAR_DIR, with what was filled in the first time.

    They are made anew where the first schema has changed since.
    """
    top = Path(os.environ.get("VAR_DIR", "var")) / "bench"
    folder = top / f"{name}-{_schema_digest()}"
    for outdated in top.glob(f"{name}-*"):
        if outdated != folder:
            shutil.rmtree(outdated)
    folder.mkdir(parents=True, exist_ok=True)
    with _running(folder) as place:
        yield place


def _schema_digest() -> str:
    """Name what fills a kept folder: the tables, and the programs that fill them."""
    tables, programs = schema.ROOT / "migrations" / "first_schema", Path(__file__).parent
    sources = sorted([*tables.glob("*.sql"), *programs.glob("filling*.py")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


@contextmanager
def _running(folder: Path) -> Iterator[Ground]:
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
            secret_keys=(Key(1, _secret(folder)),),
            var_dir=folder,
            spool_dir=folder / "spool",
            allow_unproved_senders=True,
        )
        services = build(extensions.build(), settings, clock=SystemClock())
        yield Ground(folder, postgres, valkey, services, *_first_workspace(folder, services))
        services.database.dispose()
    finally:
        valkey.stop()
        postgres.stop()


def _secret(folder: Path) -> bytes:
    known = folder / "secret"
    if not known.exists():
        known.write_bytes(secrets.token_bytes(32))
    return known.read_bytes()


def _first_workspace(folder: Path, services: Services) -> tuple[int, int, int]:
    """Return the ids of the workspace, topic and identity made the first time."""
    known = folder / "workspace.json"
    if not known.exists():
        known.write_text(json.dumps(_workspace(services)))
    workspace_id, topic_id, identity_id = json.loads(known.read_text())
    return workspace_id, topic_id, identity_id


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
