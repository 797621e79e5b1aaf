"""The benchmark of events that programs report: batches of a hundred through the real web server."""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from app.accounts import api_keys
from app.api.v1.event_schemas import MOST_EVENTS
from bench import filling, ground, measuring, web_server
from bench.web_server import Server

RUNS = 5
BATCHES = 200
PEOPLE = 50_000
CONNECTIONS = 4
# Each key may ask so often a minute; a shop that reports this much has several.
KEYS = 16


@dataclass(frozen=True)
class Shop:
    """A program that reports events: its API keys, and whom it knows by their emails."""

    keys: list[str]
    emails: list[str]
    numbers: Iterator[int]


def run(runs: int = RUNS, batches: int = BATCHES) -> list[dict[str, Any]]:
    """Return `events_api` (events a second), each with a number of its own and three properties."""
    with ground.prepared() as place:
        shop = _shop(place)
        with (
            web_server.server(place, web_server.APPLICATION) as server,
            web_server.server(place, web_server.NOTHING) as floor,
        ):
            _report(shop, server, batches // 10)
            figures, floors = measuring.Runs("events_api", "events/s"), []
            for _ in range(runs):
                with measuring.watch(server.pid, place.postgres_pid) as taken:
                    _report(shop, server, batches)
                events = batches * MOST_EVENTS
                figures.figures.append(events / taken.wall)
                figures.cpu_us.append((taken.cpu - taken.own) / events * 1e6)
                with measuring.watch(floor.pid) as empty:
                    _report(shop, floor, batches)
                floors.append((empty.cpu - empty.own) / events * 1e6)
        figures.note = f"batches of {MOST_EVENTS}, {CONNECTIONS} connections; web server and PostgreSQL"
        figures.floor = measuring.Floor("an empty granian application", cpu_us=sorted(floors)[len(floors) // 2])
        return [figures.row()]


def _shop(place: ground.Ground) -> Shop:
    filling.fill(place, PEOPLE)
    with place.services.database.transaction(place.workspace_id) as session:
        keys = [
            api_keys.create(session, place.workspace_id, name=f"Shop {n}", staff_id=None, now=place.now)[1]
            for n in range(KEYS)
        ]
    with psycopg.connect(place.postgres.url_of("assent", role="postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT email FROM customers WHERE workspace_id = %s", [place.workspace_id])
        return Shop(keys, [row[0] for row in found], itertools.count())


def _report(shop: Shop, server: Server, batches: int) -> None:
    """Report so many batches, over some connections at once."""
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        asked = [threads.submit(_keep_asking, shop, server, batches // CONNECTIONS) for _ in range(CONNECTIONS)]
        for each in asked:
            each.result()


def _keep_asking(shop: Shop, server: Server, batches: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for _ in range(batches):
        number = next(shop.numbers)
        headers = {
            "Authorization": f"Bearer {shop.keys[number % KEYS]}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"bench-{number}",
        }
        connection.request("POST", "/api/v1/events/batch", _batch(shop, number), headers)
        answer = connection.getresponse()
        body = answer.read()
        recorded = json.loads(body)["recorded"] if answer.status == 201 else 0
        if answer.status != 302 and recorded != MOST_EVENTS:
            raise ValueError(f"the server refused a batch: {answer.status} {body[:200]!r}")


def _batch(shop: Shop, number: int) -> bytes:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - timedelta(minutes=5).total_seconds()))
    events = [
        {
            "customer": {"email": shop.emails[(number * MOST_EVENTS + place) % len(shop.emails)]},
            "name": "Viewed a product",
            "at": at,
            "data": {"sku": f"T-{place}", "price": 19.5, "is_new": True},
            "event_ref": f"E-{number}-{place}",
        }
        for place in range(MOST_EVENTS)
    ]
    return json.dumps({"events": events}).encode()
