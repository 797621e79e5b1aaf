"""Tracking benchmarks: answering clicks and opens, and storing them.

The server is the real one (granian, one process) in front of the whole application; only its processor time is counted.
"""

from __future__ import annotations

import itertools
import selectors
import socket
import time
from collections import deque
from contextlib import ExitStack
from statistics import median, quantiles
from typing import Any

import psycopg

from app.tracking.hits import ingest, spool
from app.tracking.links import links
from app.tracking.tokens import ClickToken, OpenToken
from bench import filling, ground, measuring, web_server
from bench.measuring import Floor
from bench.web_server import Server

RUNS = 5
SECONDS = 2.0
CONNECTIONS = 16
EVENTS = 100_000
PEOPLE = 50_000
SEND = 7
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def run(runs: int = RUNS, seconds: float = SECONDS, events: int = EVENTS) -> list[dict[str, Any]]:
    """Return `click` and `open` (requests a second) and `ingest` (events a second)."""
    with ground.prepared() as place:
        customer_ids = _people(place)
        now = place.now
        with place.services.database.transaction(place.workspace_id) as session:
            links.register(session, place.workspace_id, SEND, [f"https://shop.test/{n}" for n in range(12)], now=now)
        with (
            web_server.server(place, web_server.APPLICATION) as server,
            web_server.server(place, web_server.NOTHING) as floor,
        ):
            rows = [
                _requests("click", _click_paths(place, customer_ids), server, floor, seconds, runs),
                _requests("open", _open_paths(place, customer_ids), server, floor, seconds, runs),
            ]
        ingest.ship(place.services)
        return [*rows, _ingest(place, customer_ids, runs, events)]


def _people(place: ground.Ground) -> list[int]:
    """Add customers who allowed tracking."""
    filling.fill(place, PEOPLE)
    with psycopg.connect(place.postgres.url_of("assent", role="postgres"), autocommit=True) as connection:
        rows = connection.execute("SELECT id FROM customers WHERE workspace_id = %s", [place.workspace_id]).fetchall()
    return [row[0] for row in rows]


def _click_paths(place: ground.Ground, customer_ids: list[int]) -> list[str]:
    tokens = place.services.tokens
    return [
        f"/t/c/{ClickToken(place.workspace_id, n, SEND, n).encode(tokens)}/{n % 12}"
        for n in customer_ids
    ]


def _open_paths(place: ground.Ground, customer_ids: list[int]) -> list[str]:
    tokens = place.services.tokens
    return [
        f"/t/o/{OpenToken(place.workspace_id, n, SEND, n).encode(tokens)}.gif"
        for n in customer_ids
    ]


def _requests(name: str, paths: list[str], server: Server, floor: Server, seconds: float, runs: int) -> dict[str, Any]:
    """Ask as fast as the server answers, in turns with a server that does nothing; then at half that rate."""
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {_BROWSER}\r\nReferer: https://mail.test/\r\n\r\n".encode()
        for path in paths
    ]
    for warmed in (server, floor):
        _storm(requests, warmed, seconds=0.5)
    figures, floors, kernel = measuring.Runs(name, "requests/s"), [], []
    for _ in range(runs):
        rate, own, system = _load(requests, server, seconds)
        figures.figures.append(rate)
        figures.cpu_us.append(own + system)
        kernel.append(system)
        floors.append(sum(_load(requests, floor, seconds / 2)[1:]))
    half = _storm(requests, server, seconds=seconds, rate=median(figures.figures) / 2)
    p99 = quantiles(half, n=100)[98] * 1000
    figures.note = f"{median(kernel):.0f} of them in the kernel; p99 at half load {p99:.1f} ms"
    figures.floor = Floor("an empty granian application", cpu_us=median(floors))
    return figures.row()


def _load(requests: list[bytes], server: Server, seconds: float) -> tuple[float, float, float]:
    """Return requests a second, and microseconds of the server's own and of the kernel for each."""
    began, before = time.perf_counter(), measuring.tree_times(server.pid)
    count = len(_storm(requests, server, seconds=seconds))
    taken, after = time.perf_counter() - began, measuring.tree_times(server.pid)
    own, system = ((then - now) / count * 1e6 for now, then in zip(before, after, strict=True))
    return count / taken, own, system


def _storm(requests: list[bytes], server: Server, *, seconds: float, rate: float | None = None) -> list[float]:
    """Keep every connection busy for some seconds, at a rate or as fast as may be; return how long each answer took.

    One thread: what the asker spends on switching between threads would look like a slow server.
    """
    times: list[float] = []
    idle: deque[socket.socket] = deque()
    asked_at: dict[socket.socket, float] = {}
    selector, queue = selectors.DefaultSelector(), itertools.cycle(requests)
    with ExitStack() as open_sockets:
        for _ in range(CONNECTIONS):
            connection = open_sockets.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ, connection)
            idle.append(connection)
        began = time.perf_counter()
        while (passed := time.perf_counter() - began) < seconds or asked_at:
            due = passed * rate if rate else float("inf")
            while idle and passed < seconds and len(times) + len(asked_at) < due:
                connection = idle.popleft()
                asked_at[connection] = time.perf_counter()
                connection.sendall(next(queue))
            for key, _ in selector.select(timeout=0.0005 if rate else 0.1):
                if not key.data.recv(4096).startswith((b"HTTP/1.1 302", b"HTTP/1.1 200")):
                    raise ValueError("the server refused a genuine link")
                times.append(time.perf_counter() - asked_at.pop(key.data))
                idle.append(key.data)
    return times


def _ingest(place: ground.Ground, customer_ids: list[int], runs: int, events: int) -> dict[str, Any]:
    """Store spools of opens and clicks, a fifth of them clicks, every one consented, each spool later than the last."""
    began = itertools.count(place.now.timestamp() - 20 * 86_400, events / 10)
    messages = iter(range(1, 10**9))

    def fill() -> None:
        writer, start = spool.Spool(place.services.settings.spool_dir), next(began)
        for number in range(events):
            kind, link_id = ("click", 1) if number % 5 == 0 else ("open", 0)
            at, customer_id = start + number / 10, customer_ids[number % len(customer_ids)]
            ids = (place.workspace_id, next(messages), SEND, customer_id, link_id)
            writer.append(spool.Line(kind, at, *ids, "GET", "192.0.2.0", _BROWSER, "https://mail.test"))
        writer.close()

    services = place.hearing_nothing()
    figures, own, floors = measuring.Runs("ingest", "events/s"), [], []
    for _ in range(runs):
        fill()
        with measuring.watch(place.postgres_pid) as taken:
            stored = ingest.ship(services)
        figures.figures.append(stored / taken.wall)
        figures.cpu_us.append(taken.cpu / stored * 1e6)
        own.append(taken.own / stored * 1e6)
        floors.append(_raw_copy(place, stored))
    late = [_lateness(place, customer_ids[number], next(messages)) for number in range(runs)]
    figures.note = (
        f"{median(own):.0f} of them Python's, the rest PostgreSQL's; queryable {median(late):.1f} s after the click, "
        f"at most {max(late):.1f} s"
    )
    figures.floor = Floor("a raw COPY of as many rows under one index", cpu_us=median(floors))
    return figures.row()


def _raw_copy(place: ground.Ground, rows: int) -> float:
    """Return the processor time of copying as many rows of the same size into a table with a primary key, a row."""
    facts = f'{{"ip": "192.0.2.0", "agent": "{_BROWSER}", "method": "GET", "referer": "https://mail.test"}}'
    lines = "".join([f"1\t{n % PEOPLE}\t{n}\t{facts}\n" for n in range(rows)]).encode()
    url = place.postgres.url_of("assent", role="postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE raw_hits (w bigint, c bigint, id bigint, facts jsonb, PRIMARY KEY (w, c, id))")
        with measuring.watch(place.postgres_pid) as taken, connection.cursor().copy("COPY raw_hits FROM STDIN") as copy:
            copy.write(lines)
        connection.execute("DROP TABLE raw_hits")
    return taken.cpu / rows * 1e6


def _lateness(place: ground.Ground, customer_id: int, message_id: int) -> float:
    """Return how many seconds after a click the loop that stores hits has stored it."""
    writer, at = spool.Spool(place.services.settings.spool_dir), time.time()
    ids = (place.workspace_id, message_id, SEND, customer_id, 1)
    writer.append(spool.Line("click", at, *ids, "GET", "192.0.2.0", _BROWSER, ""))
    while not ingest.ship(place.services, settled_for=ingest.SETTLE):
        time.sleep(ingest.SHIP_EVERY)
    return time.time() - at
