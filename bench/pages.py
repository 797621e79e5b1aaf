"""Page benchmarks: every page of staff in a large workspace, asked several times, with its slowest statements."""

from __future__ import annotations

import itertools
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text
from werkzeug.routing import Rule

from app.accounts import memberships, staff
from app.wiring.application import create_app
from bench import filling_history, ground, measuring
from bench.ground import Ground

PEOPLE = 1_000_000
RUNS = 5
GOAL_MS = 100
_PASSWORD = "correct horse battery staple"
# What is asked of a page beside its bare address, as staff ask it.
_QUESTIONS = {
    "/customers": ("", "?q=lovelace", "?q=person77@", "?tag=tag7", "?q=Ada+Lovelace+5"),
    "/products": ("", "?q=rose"),
    "/search": ("?q=lovelace", "?q=person4711", "?q=rose"),
    "/consent/suppressions": ("", "?q=person4711@host55.example"),
    "/segments/new": ("",),
}
_LEFT_OUT = ("/customers/export.csv", "/insight/export")
_IDS = {
    "customer_id": "SELECT id FROM customers WHERE workspace_id = :w ORDER BY hashint8(id) LIMIT :n",
    "campaign_id": "SELECT id FROM campaigns WHERE workspace_id = :w ORDER BY id DESC LIMIT :n",
    "product_id": "SELECT id FROM products WHERE workspace_id = :w ORDER BY hashint8(id) LIMIT :n",
    "segment_id": "SELECT id FROM segments WHERE workspace_id = :w ORDER BY id LIMIT :n",
    "journey_id": "SELECT id FROM journeys WHERE workspace_id = :w ORDER BY id LIMIT :n",
    "topic_id": "SELECT id FROM topics WHERE workspace_id = :w ORDER BY id LIMIT :n",
    "identity_id": "SELECT id FROM sending_identities WHERE workspace_id = :w ORDER BY id LIMIT :n",
}


@dataclass
class Asked:
    """One page: how long each answer took on the server, in milliseconds, and the statements behind them."""

    address: str
    times: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    statements: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    size: int = 0

    @property
    def p95(self) -> float:
        return quantiles(self.times, n=20)[18] if len(self.times) > 1 else self.times[0]

    def slowest(self) -> str:
        """Return the statement that took longest, shortened, with its milliseconds."""
        if not self.statements:
            return ""
        statement, times = max(self.statements.items(), key=lambda item: max(item[1]))
        return f"{max(times):.0f} ms: {' '.join(statement.split())[:160]}"


def run(people: int = PEOPLE, runs: int = RUNS) -> list[dict[str, Any]]:
    """Return one row a page: milliseconds of server time, the slowest statement in the note of what is too slow."""
    with ground.kept(f"history-{people}") as place:
        filling_history.fill(place, people)
        return [_row(each) for each in sorted(walk(place, runs), key=lambda each: -each.p95)]


def walk(place: Ground, runs: int) -> list[Asked]:
    """Open every page of staff `runs` times, with other ids each time, after one time that is not counted."""
    app = create_app(place.services)
    app.config.update(WTF_CSRF_ENABLED=False)
    browser = _signed_in(app, place)
    values = _values(place, runs + 1)
    found = []
    for rule in _pages(app):
        if not rule.arguments <= values.keys():
            continue
        for question in _QUESTIONS.get(rule.rule, ("",)):
            addresses = (_address(rule, values, number) + question for number in itertools.count())
            found.append(_ask(browser, place.services.database.engine, rule.rule + question, addresses, runs))
    return found


def _pages(app: Flask) -> Iterator[Rule]:
    """Yield the pages that members of a workspace see."""
    for rule in app.url_map.iter_rules():
        mark = getattr(app.view_functions[rule.endpoint], "guard", None)
        if mark and mark.kind == "role" and "GET" in (rule.methods or ()) and rule.rule not in _LEFT_OUT:
            yield rule


def _ask(browser: FlaskClient, engine: Engine, name: str, addresses: Iterator[str], runs: int) -> Asked:
    asked = Asked(name)
    browser.get(next(addresses))
    for _ in range(runs):
        address = next(addresses)
        before, began = measuring.own_cpu(), time.perf_counter()
        with _timed(engine, asked):
            answer = browser.get(address)
        asked.times.append((time.perf_counter() - began) * 1000)
        asked.cpu_us.append((measuring.own_cpu() - before) * 1e6)
        asked.size = max(asked.size, len(answer.data))
        if answer.status_code >= 400:
            raise SystemExit(f"bench: {address} answered {answer.status_code}")
    return asked


@contextmanager
def _timed(engine: Engine, asked: Asked) -> Iterator[None]:
    """Note how long each statement of the block took."""
    began: list[float] = []

    def before(*_given: object) -> None:
        began.append(time.perf_counter())

    def after(_connection: object, _cursor: object, statement: str, *_given: object) -> None:
        asked.statements[statement].append((time.perf_counter() - began.pop()) * 1000)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


def _signed_in(app: Flask, place: Ground) -> FlaskClient:
    """Return a browser in which an owner has signed in."""
    email = f"{secrets.token_hex(4)}@bench.example"
    with place.services.database.transaction() as session:
        owner = staff.create(session, email=email, name="Bench", password=_PASSWORD, now=place.now).id
    with place.services.database.transaction(place.workspace_id) as session:
        memberships.grant(session, place.workspace_id, owner, "owner")
    browser = app.test_client()
    answer = browser.post("/login", data={"email": email, "password": _PASSWORD})
    if answer.status_code != 302:
        raise SystemExit(f"bench: signing in answered {answer.status_code}")
    return browser


def _values(place: Ground, count: int) -> dict[str, list[int]]:
    """Return ids by the name they have in addresses."""
    with place.services.database.transaction(place.workspace_id) as session:
        given = {"w": place.workspace_id, "n": count}
        found = {name: list(session.scalars(text(query), given)) for name, query in _IDS.items()}
    return {name: ids for name, ids in found.items() if ids}


def _address(rule: Rule, values: dict[str, list[int]], number: int) -> str:
    given = {name: values[name][number % len(values[name])] for name in rule.arguments}
    built = rule.build(given, append_unknown=False)
    assert built is not None
    return built[1]


def _row(asked: Asked) -> dict[str, Any]:
    note = f"p95 {asked.p95:.0f} ms, {asked.size / 1024:.0f} KB; {asked.address}"
    if asked.p95 > GOAL_MS:
        note += f"; slowest {asked.slowest()}"
    row = measuring.Runs("pages", "ms", asked.times, asked.cpu_us, note).row()
    return row | {"p50": median(asked.times), "p95": asked.p95, "address": asked.address}
