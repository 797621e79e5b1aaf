"""Sending benchmark: claim, gate, render, sign, SMTP and results, into a local sink.

`measure(dkim, messages)` is one run with its processor time split between sender, PostgreSQL and sink; `run` makes the
rows of the table: send, send_ed25519, send_rsa2048, sender_rss_mb. The floor beside the first three is a bare
flight of the same bytes through the same client to the same sink, in the same minute.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from sqlalchemy import text

from app.accounts.identities import dkim_keys, identities, sender_checks
from app.accounts.identities.sender_checks import Finding
from app.consent.purposes import MARKETING
from app.customers.profiles import people
from app.delivery.launching import launches
from app.delivery.launching.occasions import Occasion
from app.delivery.sending import compiled_sends, sends
from app.kernel.settings import Key
from app.kernel.tokens import TOKEN_CHARS
from app.rendering import mime
from app.rendering.slots import Slots
from bench import filling, measuring, render
from bench.ground import Ground, prepared

MESSAGES = 20_000
RUNS = 5
CONNECTIONS = 10
# So many messages of the floor beside it.
FLOWN = 10_000


@dataclass(frozen=True)
class Run:
    """One campaign sent: everything per message, in microseconds of processor time unless said."""

    dkim: str | None
    messages: int
    per_second: float
    sender_us: float
    postgres_us: float
    sink_us: float
    statements: float
    rss_mb: float
    snapshot_rows_per_second: float
    snapshot_us: float
    sink: str
    message_bytes: int
    flight_us: float

    @property
    def cpu_us(self) -> float:
        return self.sender_us + self.postgres_us


def run(messages: int = MESSAGES, runs: int = RUNS) -> list[dict[str, Any]]:
    """Return the rows of the table."""
    rows: list[dict[str, Any]] = []
    found = {dkim: [measure(dkim, messages) for _ in range(runs)] for dkim in (None, "ed25519", "rsa2048")}
    for dkim, made in found.items():
        name = f"send_{dkim}" if dkim else "send"
        note = f"sink {made[0].sink}; sender {_median(made, 'sender_us'):.0f}"
        note += f" + PostgreSQL {_median(made, 'postgres_us'):.0f} us, {_median(made, 'statements'):.3f} statements"
        note += f"; {made[0].message_bytes / 1000:.1f} KB as it arrives"
        figures = [one.per_second for one in made]
        floor = measuring.Floor("a bare SMTP flight of the same bytes", cpu_us=_median(made, "flight_us"))
        rows.append(measuring.Runs(name, "messages/s", figures, [one.cpu_us for one in made], note, floor).row())
    plain = found[None]
    rows.append(measuring.Runs("sender_rss_mb", "MB", [one.rss_mb for one in plain]).row())
    return rows


def measure(dkim: str | None = None, messages: int = MESSAGES) -> Run:
    """Send one campaign to so many made-up people and return what it cost."""
    with prepared() as place, _sink() as (sink_pid, url, sink):
        filling.fill(place, int(messages / 0.94))
        with measuring.watch(place.postgres_pid) as queueing:
            send_id, count = _launch(place, dkim)
        _settle(place)
        lane_id = _lane(place, send_id)
        with measuring.watch(place.postgres_pid), measuring.watch(sink_pid) as receiving:
            postgres = measuring.tree_cpu(place.postgres_pid or 0)
            told = _send(place, lane_id, url)
            postgres = measuring.tree_cpu(place.postgres_pid or 0) - postgres
        message = _message(place, send_id)
        flown = _fly(message, url, min(count, FLOWN))
    if told["accepted"] != count:
        raise SystemExit(f"bench: {told['accepted']} of {count} messages were accepted")
    return Run(
        dkim=dkim,
        messages=count,
        per_second=count / told["wall"],
        sender_us=told["cpu"] / count * 1e6,
        postgres_us=postgres / count * 1e6,
        sink_us=max(0.0, receiving.cpu - told["cpu"]) / count * 1e6,
        statements=told["statements"] / count,
        rss_mb=told["rss_mb"],
        snapshot_rows_per_second=count / queueing.wall,
        snapshot_us=queueing.cpu / count * 1e6,
        sink=sink,
        message_bytes=len(message),
        flight_us=flown["cpu"] / flown["accepted"] * 1e6,
    )


def _launch(place: Ground, dkim: str | None) -> tuple[int, int]:
    with place.services.database.transaction(place.workspace_id) as session:
        if dkim:
            identity = identities.get(session, place.workspace_id, place.identity_id)
            dkim_keys.make_keys(identity, place.services.settings.secret_keys, now=place.now)
            # A key known not to be published signs nothing: the other one signs alone.
            other = "dkim_rsa" if dkim == "ed25519" else "dkim_ed25519"
            identity.dns_findings = {other: asdict(Finding(other, sender_checks.MISSING))}
        send = sends.create(
            session,
            place.workspace_id,
            sends.NewSend(
                kind="campaign",
                source_id=1,
                topic_id=place.topic_id,
                purpose=MARKETING,
                identity_id=place.identity_id,
                content=render.sample_content(),
                occasion=Occasion.campaign(1),
            ),
            now=place.now,
        )
        audience = people.base_query(place.workspace_id)
        counts = launches.launch(session, place.workspace_id, send.id, audience, now=place.now)
        return send.id, counts.queued


def _settle(place: Ground) -> None:
    """Let autovacuum's work be done before, not during, the run."""
    with psycopg.connect(place.postgres.url_of("assent", role="postgres"), autocommit=True) as connection:
        connection.execute("ALTER TABLE sending_identities DISABLE ROW LEVEL SECURITY")
        connection.execute("UPDATE sending_identities SET max_connections = %s", [CONNECTIONS])
        connection.execute("ALTER TABLE sending_identities ENABLE ROW LEVEL SECURITY")
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def _lane(place: Ground, send_id: int) -> int:
    with place.services.database.transaction(place.workspace_id) as session:
        query = text("SELECT DISTINCT lane_id FROM batches WHERE send_id = :send_id")
        return int(session.scalars(query, {"send_id": send_id}).one())


def _send(place: Ground, lane_id: int, url: str) -> dict[str, Any]:
    settings = asdict(place.services.settings)
    keys = [Key(**key) if isinstance(key, dict) else key for key in settings["secret_keys"]]
    env = os.environ | {
        "DATABASE_URL": settings["database_url"],
        "REDIS_URL": settings["redis_url"],
        "SMTP_URL": url,
        "ALLOW_UNPROVED_SENDERS": "1",
        "PUBLIC_URL": settings["public_url"],
        "SECRET_KEYS": ",".join(f"{key.id}:{key.secret.hex()}" for key in keys),
        "VAR_DIR": str(place.folder),
    }
    command = [sys.executable, "-m", "bench.sender", str(place.workspace_id), str(lane_id)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: the sender failed\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _message(place: Ground, send_id: int) -> bytes:
    """Return one mail of the send, with tokens as long as they are."""
    with place.services.database.transaction(place.workspace_id) as session:
        send = sends.get(session, place.workspace_id, send_id)
        compiled = compiled_sends.make(session, place.workspace_id, send, place.services.settings).compiled
    customer = {"first_name": "Ada", "last_name": "Lovelace 1000", "email": "person1000@host10.example",
                "country": "DE", "city": "Leeds"}  # fmt: skip
    token = "t" * TOKEN_CHARS
    slots = Slots(customer["email"], token, "Ada Lovelace 1000", token, token, click=token, open=token, bounce=token)
    return compiled.render({"customer": customer}, slots, date=mime.date_header(place.now))


def _fly(message: bytes, url: str, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.flight", url, str(count), str(CONNECTIONS)]
    done = subprocess.run(command, input=message, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench: the flight failed\n{done.stderr.decode()[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def _sink() -> Iterator[tuple[int, str, str]]:
    """Debian's smtp-sink where it is there, unless BENCH_SINK=bundled asks for our own."""
    debian = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if debian and os.environ.get("BENCH_SINK") != "bundled":
        name, port = "smtp-sink", _free_port()
        command = [debian, *(["-u", "nobody"] if os.geteuid() == 0 else []), f"127.0.0.1:{port}", "1000"]
    else:
        name, port = "bundled", _free_port()
        command = [sys.executable, "-m", "bench.sink", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _await(port)
        yield process.pid, f"smtp://127.0.0.1:{port}?tls=none", name
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("bench: the sink does not listen")


def _median(made: list[Run], name: str) -> float:
    values = sorted(float(getattr(one, name)) for one in made)
    return values[len(values) // 2]


if __name__ == "__main__":
    for one in (measure(dkim, MESSAGES) for dkim in (None, "ed25519", "rsa2048")):
        print(one)
