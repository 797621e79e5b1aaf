"""The benchmark of shops' webhooks: taken in through the real web server, and worked off by their job."""

from __future__ import annotations

import copy
import hmac
import http.client
import itertools
import json
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from app.accounts import staff
from app.commerce import jobs
from app.commerce.connectors import connections
from app.commerce.connectors.connections import NewConnection
from app.commerce.tokens import ShopToken
from bench import filling, ground, measuring, web_server
from bench.web_server import Server

RUNS = 3
WEBHOOKS = 600
PEOPLE = 10_000
CONNECTIONS = 4
SECRET = "bench-secret"


@dataclass(frozen=True)
class Sender:
    """A shop of Shopify's kind: where it sends to, and the orders it numbers."""

    address: str
    numbers: Iterator[int]


def run(runs: int = RUNS, webhooks: int = WEBHOOKS) -> list[dict[str, Any]]:
    """Return `webhooks_taken` and `webhooks_worked` (webhooks a second), each an order of two lines by a person."""
    with ground.prepared() as place:
        sender = _connected(place)
        with (
            web_server.server(place, web_server.APPLICATION) as server,
            web_server.server(place, web_server.NOTHING) as floor,
        ):
            _send(sender, server, webhooks // 10)
            _work(place)
            taken_in, worked = measuring.Runs("webhooks_taken", "webhooks/s"), measuring.Runs("webhooks_worked", "/s")
            floors = []
            for _ in range(runs):
                with measuring.watch(server.pid, place.postgres_pid) as taken:
                    _send(sender, server, webhooks)
                taken_in.figures.append(webhooks / taken.wall)
                taken_in.cpu_us.append((taken.cpu - taken.own) / webhooks * 1e6)
                with measuring.watch(place.postgres_pid) as working:
                    _work(place)
                worked.figures.append(webhooks / working.wall)
                worked.cpu_us.append(working.cpu / webhooks * 1e6)
                with measuring.watch(floor.pid) as empty:
                    _send(sender, floor, webhooks)
                floors.append((empty.cpu - empty.own) / webhooks * 1e6)
        taken_in.note = f"{CONNECTIONS} connections; web server and PostgreSQL"
        taken_in.floor = measuring.Floor("an empty granian application", cpu_us=sorted(floors)[len(floors) // 2])
        worked.note = "one job; worker and PostgreSQL"
        return [taken_in.row(), worked.row()]


def _connected(place: ground.Ground) -> Sender:
    filling.fill(place, PEOPLE)
    services = place.services
    with services.database.transaction(place.workspace_id) as session:
        email, secret = "owner@bench.example", "tall ships of Genoa"
        staff_id = staff.create(session, email=email, name="Owner", password=secret, now=place.now).id
        new = NewConnection("shopify", "Bench", SECRET)
        keys = services.settings.secret_keys
        made, _ = connections.create(session, place.workspace_id, new, keys=keys, staff_id=staff_id, now=place.now)
    token = ShopToken(place.workspace_id, made.id).encode(services.tokens)
    return Sender(f"/api/v1/webhooks/{token}", itertools.count(1))


def _work(place: ground.Ground) -> None:
    jobs.take_webhooks(place.services, workspace_id=place.workspace_id)


def _send(sender: Sender, server: Server, webhooks: int) -> None:
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        asked = [threads.submit(_keep_sending, sender, server, webhooks // CONNECTIONS) for _ in range(CONNECTIONS)]
        for each in asked:
            each.result()


def _keep_sending(sender: Sender, server: Server, webhooks: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for _ in range(webhooks):
        number = next(sender.numbers)
        body = json.dumps(_order(number)).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": "orders/create",
            "X-Shopify-Webhook-Id": f"bench-{number}",
            "X-Shopify-Hmac-Sha256": b64encode(hmac.digest(SECRET.encode(), body, sha256)).decode(),
        }
        connection.request("POST", sender.address, body, headers)
        answer = connection.getresponse()
        told = answer.read()
        if answer.status not in (202, 302):
            raise ValueError(f"the server refused a webhook: {answer.status} {told[:200]!r}")


def _order(number: int) -> dict[str, Any]:
    order = copy.deepcopy(_ORDER)
    person = {"id": number % PEOPLE, "email": f"buyer{number % PEOPLE}@example.com", "first_name": "Bea"}
    return {**order, "id": number, "name": f"#{number}", "customer": {**person, "updated_at": _AT}}


_AT = datetime(2026, 3, 1, 12, tzinfo=UTC).isoformat()
_LINE = {"id": 1, "variant_id": 7, "title": "Tea", "quantity": 2, "price": "9.50", "sku": "T-1", "taxable": True}
_ORDER: dict[str, Any] = {
    "created_at": _AT,
    "processed_at": _AT,
    "updated_at": _AT,
    "currency": "EUR",
    "total_price": "28.50",
    "total_discounts": "0.00",
    "source_name": "web",
    "payment_gateway_names": ["shopify_payments"],
    "line_items": [_LINE, {**_LINE, "id": 2, "sku": "T-2", "title": "Cup", "quantity": 1}],
    "refunds": [],
    "note_attributes": [{"name": f"n{n}", "value": "x" * 40} for n in range(20)],
}
