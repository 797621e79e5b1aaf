"""What does an answered click cost, and how soon and how cheaply is it in the timeline?

The server is the real one (granian, one process) in front of the whole application; only its processor time is counted.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from statistics import median, quantiles
from typing import Any

import psycopg

from app.kernel import outbox
from app.tracking import ingest, links, spool
from app.tracking.facts import HumanResponded
from bench import filling, ground, measuring

RUNS = 5
SECONDS = 2.0
CONNECTIONS = 16
EVENTS = 100_000
PEOPLE = 50_000
SEND = 7
_ALLOWED = b"""
    INSERT INTO consent_state (workspace_id, customer_id, purpose, topic_id, state, allowed, basis, method,
                               ledger_seq, since)
    SELECT workspace_id, id, purpose, 0, 'given', true, 'consent', 'bench', 1, %(now)s
    FROM customers, (VALUES ('click_tracking'), ('open_tracking')) AS p (purpose) WHERE workspace_id = %(workspace_id)s
"""
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def run(runs: int = RUNS, seconds: float = SECONDS, events: int = EVENTS) -> list[dict[str, Any]]:
    """Return `click` and `open` (requests a second) and `ingest` (events a second)."""
    with ground.prepared() as place:
        customer_ids = _people(place)
        now = place.now
        with place.services.database.transaction(place.workspace_id) as session:
            links.register(session, place.workspace_id, SEND, [f"https://shop.test/{n}" for n in range(12)], now=now)
        with _server(place) as (port, pid):
            rows = [
                _requests("click", _click_paths(place, customer_ids), port, pid, runs, seconds),
                _requests("open", _open_paths(place, customer_ids), port, pid, runs, seconds),
            ]
        ingest.ship(place.services)
        return [*rows, _ingest(place, customer_ids, runs, events)]


def _people(place: ground.Ground) -> list[int]:
    """Add customers who allowed tracking."""
    filling.fill(place, PEOPLE)
    with psycopg.connect(place.postgres.url_of("assent", role="postgres"), autocommit=True) as connection:
        connection.execute(_ALLOWED, {"workspace_id": place.workspace_id, "now": place.now})
        rows = connection.execute("SELECT id FROM customers WHERE workspace_id = %s", [place.workspace_id]).fetchall()
    return [row[0] for row in rows]


def _click_paths(place: ground.Ground, customer_ids: list[int]) -> list[str]:
    tokens = place.services.tokens
    return [
        f"/t/c/{links.click_token(tokens, place.workspace_id, message_id=n, send_id=SEND, customer_id=n)}/{n % 12}"
        for n in customer_ids
    ]


def _open_paths(place: ground.Ground, customer_ids: list[int]) -> list[str]:
    tokens = place.services.tokens
    return [
        f"/t/o/{links.open_token(tokens, place.workspace_id, message_id=n, send_id=SEND, customer_id=n)}.gif"
        for n in customer_ids
    ]


@contextmanager
def _server(place: ground.Ground) -> Iterator[tuple[int, int]]:
    """Run the web server as `make run` does, and yield its port and process id."""
    settings = place.services.settings
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key = settings.secret_keys[0]
    env = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SMTP_URL": settings.smtp_url,
        "PUBLIC_URL": settings.public_url,
        "SECRET_KEYS": f"{key.id}:{key.secret.hex()}",
        "VAR_DIR": str(settings.var_dir),
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "4", "--no-ws", "--http", "1", "--log-level", "error"]
    process = subprocess.Popen([*command, "--factory", "app.wiring.application:wsgi"], env=env)
    try:
        _await(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _await(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError("the web server does not answer")


def _requests(name: str, paths: list[str], port: int, pid: int, runs: int, seconds: float) -> dict[str, Any]:
    """Ask as fast as the server answers; then once more at half that rate, for the slowest hundredth."""
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {_BROWSER}\r\nReferer: https://mail.test/\r\n\r\n".encode()
        for path in paths
    ]
    _storm(requests, port, seconds=0.5, pause=0.0)
    figures = measuring.Runs(name, "requests/s")
    for _ in range(runs):
        began, before = time.perf_counter(), measuring.tree_cpu(pid)
        times = _storm(requests, port, seconds=seconds, pause=0.0)
        figures.figures.append(len(times) / (time.perf_counter() - began))
        figures.cpu_us.append((measuring.tree_cpu(pid) - before) / len(times) * 1e6)
    half = _storm(requests, port, seconds=seconds, pause=2 * CONNECTIONS / median(figures.figures))
    figures.note = f"p99 at half load {quantiles(half, n=100)[98] * 1000:.1f} ms"
    return figures.row()


def _storm(requests: list[bytes], port: int, *, seconds: float, pause: float) -> list[float]:
    """Send requests on every connection, one after the other, for some seconds; return how long each answer took."""
    times: list[float] = []
    workers = [
        threading.Thread(target=_client, args=(requests[n::CONNECTIONS], port, seconds, pause, times))
        for n in range(CONNECTIONS)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return times


def _client(requests: list[bytes], port: int, seconds: float, pause: float, times: list[float]) -> None:
    until, number = time.perf_counter() + seconds, 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while (began := time.perf_counter()) < until:
            connection.sendall(requests[number % len(requests)])
            number += 1
            if not connection.recv(4096).startswith((b"HTTP/1.1 302", b"HTTP/1.1 200")):
                raise ValueError("the server refused a genuine link")
            took = time.perf_counter() - began
            times.append(took)
            if pause > took:
                time.sleep(pause - took)


def _ingest(place: ground.Ground, customer_ids: list[int], runs: int, events: int) -> dict[str, Any]:
    """Store spools of opens and clicks, a fifth of them clicks, every one consented."""
    began = place.now.timestamp() - 86_400
    messages = iter(range(1, 10**9))

    def fill() -> None:
        writer = spool.Spool(place.services.settings.spool_dir)
        for number in range(events):
            kind, link_id = ("click", 1) if number % 5 == 0 else ("open", 0)
            at, customer_id = began + number / 10, customer_ids[number % len(customer_ids)]
            ids = (place.workspace_id, next(messages), SEND, customer_id, link_id)
            writer.append(spool.Line(kind, at, *ids, "GET", "192.0.2.0", _BROWSER, "https://mail.test"))
        writer.close()

    outbox.LISTENERS.pop(HumanResponded, None)
    figures = measuring.Runs("ingest", "events/s")
    for _ in range(runs):
        fill()
        with measuring.watch(place.postgres_pid) as taken:
            stored = ingest.ship(place.services)
        figures.figures.append(stored / taken.wall)
        figures.cpu_us.append(taken.cpu / stored * 1e6)
    return figures.row()
