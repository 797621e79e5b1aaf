"""Whatever is sent to whichever address, the answer is one of ours: no request makes the application fail (5xx)."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

import app as product
from app.kernel.queueing import queue
from app.kernel.services import Services
from app.web import guard
from tests.factories.furnished import Furnished, furnish
from tests.factories.hostile.requests import BODIES, HEADERS, VALUES, Form, encoded, forms_of, json_with
from tests.factories.workspaces import WorkspaceForTests

# More finds more: HOSTILE=20 sends about 20 requests to each route and form in each test, some 8,000 in all, and says
# how far it is and what took longest; HOSTILE=1000 tries nearly every value in every field.
EFFORT = int(os.environ.get("HOSTILE", "1"))
_TOLD_EVERY = 500
_ASKED = re.compile(r"""request\.(?:args|values)(?:\.get|\.getlist)?[(\[]["'](\w+)""")
_WORDS = ("\0", "a\0", "²", "9" * 400, "..", "x" * 5000)
_CUSTOMER = {"email": "ada@shop.example", "first_name": "Ada", "country": "DE", "tags": ["tea"], "custom": {"size": 7}}
_SHOPPER = {"customer": {"email": "ada@shop.example"}}
_EVENT = {**_SHOPPER, "name": "viewed", "occurred_at": "2026-03-01T10:00:00Z", "data": {"a": 1}}
_BOUGHT = {"amount": "19.90", "currency": "EUR", "purchased_at": "2026-03-01T12:00:00Z"}
_PURCHASE = {**_SHOPPER, "order_ref": "A-1", **_BOUGHT}


@dataclass
class Attacker:
    """Sends requests and keeps those that made the application fail."""

    app: Flask
    owner: FlaskClient
    visitor: FlaskClient
    machine: FlaskClient
    furnished: Furnished
    tell: Callable[[str], None]
    failed: list[str] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    sent: int = 0

    def rules(self, method: str) -> list[Rule]:
        return sorted((rule for rule in self.app.url_map.iter_rules() if method in (rule.methods or ())), key=str)

    def address(self, rule: Rule, **words: str) -> str:
        """Return the rule's address with everything filled in, some of it with these words."""
        known = self.furnished
        token = known.tokens.get(rule.rule.partition("<token>")[0], "x")
        values = {name: token if name == "token" else known.values.get(name, 1) for name in rule.arguments}
        return re.sub(
            r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>",
            lambda found: quote(words[found[1]] if found[1] in words else str(values[found[1]])),
            rule.rule,
        )

    def send(self, method: str, address: str, *, what: str, **given: object) -> None:
        """Send it as whoever the address is for."""
        self.sent += 1
        begun = perf_counter()
        answer = self.browser(method, address).open(address, method=method, **given)  # type: ignore[arg-type]
        told = f"{method} {address[:120]} ({what[:80]}): {answer.status_code}"
        self.slowest = sorted([*self.slowest, (perf_counter() - begun, told)], reverse=True)[:5]
        if answer.status_code >= 500:
            self.failed.append(told)
        if self.sent % _TOLD_EVERY == 0:
            self.tell(f"{self.sent} requests, now {told}")

    def browser(self, method: str, address: str) -> FlaskClient:
        path = urlsplit(address).path
        if path.startswith("/api/"):
            return self.machine
        return self.visitor if guard.reach(self.app, method, path).is_for_visitors else self.owner


@pytest.fixture
def attacker(
    request: pytest.FixtureRequest,
    app: Flask,
    services: Services,
    workspace: WorkspaceForTests,
    client: FlaskClient,
    anonymous: FlaskClient,
) -> Iterator[Attacker]:
    furnished, machine = furnish(services, workspace), app.test_client()
    machine.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {furnished.api_key}"
    attacker = Attacker(app, client, anonymous, machine, furnished, _teller(request))
    yield attacker
    for seconds, told in attacker.slowest:
        attacker.tell(f"{seconds:.2f} s {told}")


def _teller(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return what shows progress past pytest's capturing; short runs need none."""
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if EFFORT == 1 or reporter is None:
        return lambda _line: None
    return lambda line: reporter.write_line(f"{request.node.name}: {line}")


def test_no_query_makes_a_page_fail(attacker: Attacker):
    """Page numbers, cursors, filters, sort orders and formats are typed into addresses by whoever likes to."""
    chance = random.Random(1)
    names = _names_asked_for()
    for rule in attacker.rules("GET"):
        address = attacker.address(rule)
        for value in chance.sample(VALUES, min(len(VALUES), EFFORT)):
            query = "&".join(f"{name}={quote(value)}" for name in names)
            attacker.send("GET", f"{address}?{query[:30000]}", what=repr(value))

    assert attacker.failed == []
    assert attacker.sent > 70


def test_no_word_in_an_address_makes_it_fail(attacker: Attacker):
    """Every part of every address that may differ: /f/%00/%00 failed in the database."""
    chance = random.Random(5)
    for method in ("GET", "POST"):
        for rule in attacker.rules(method):
            for name in rule.arguments:
                for word in chance.sample(_WORDS, min(len(_WORDS), EFFORT)):
                    attacker.send(method, attacker.address(rule, **{name: word}), what=repr(word))

    assert attacker.failed == []


def test_no_form_makes_the_application_fail(attacker: Attacker, services: Services):
    """Every form of every page, with some field or all of them holding what no browser would send."""
    chance = random.Random(2)
    redis = queue.connect(services.settings.redis_url)
    # What ends something comes last, so that the others find it.
    for form in sorted(_forms(attacker), key=lambda form: (not form.fields, form.action)):
        redis.flushdb()
        for value in chance.sample(VALUES, min(len(VALUES), max(1, EFFORT // 5))):
            attacker.send("POST", form.action, what=f"all {value!r}", **_body(form, *form.fields, value=value))
        single = [(name, value) for name in sorted(form.fields) for value in VALUES]
        for name, value in chance.sample(single, min(len(single), max(4, EFFORT))):
            attacker.send("POST", form.action, what=f"{name}={value!r}", **_body(form, name, value=value))

    assert attacker.failed == []
    assert attacker.sent > 150


def test_no_body_makes_the_application_fail(attacker: Attacker):
    chance = random.Random(6)
    for method in ("POST", "PUT"):
        for rule in attacker.rules(method):
            for kind, data in chance.sample(BODIES, min(len(BODIES), 2 * EFFORT)):
                attacker.send(method, attacker.address(rule), what=kind, data=data, content_type=kind)

    assert attacker.failed == []


def test_no_header_makes_the_application_fail(attacker: Attacker):
    """A bad Referer took pages down that only wanted to know where to lead back to."""
    chance = random.Random(3)
    rules = [(method, rule) for method in ("GET", "POST") for rule in attacker.rules(method)]
    for headers in HEADERS:
        for method, rule in chance.sample(rules, min(len(rules), 4 * EFFORT)):
            environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
            environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
            address = attacker.address(rule)
            attacker.send(method, address, what=str(headers), environ_overrides=environ)

    assert attacker.failed == []


def test_no_json_makes_the_api_fail(attacker: Attacker):
    chance = random.Random(4)
    for method, address, body in (
        ("PUT", "/api/v1/customers", _CUSTOMER),
        ("POST", "/api/v1/events", _EVENT),
        ("POST", "/api/v1/orders", _PURCHASE),
    ):
        for number in range(EFFORT * 20):
            sent, headers = json_with(body, chance), {"Idempotency-Key": f"k{number}"}
            attacker.send(method, address, what=sent, data=sent, headers=headers, content_type="application/json")
        for kind, data in BODIES:
            attacker.send(method, address, what=kind, data=data, content_type=kind, headers={"Idempotency-Key": kind})

    assert attacker.failed == []


def _names_asked_for() -> list[str]:
    root = Path(product.__path__[0])
    return sorted({name for file in root.rglob("*.py") for name in _ASKED.findall(file.read_text())})


def _forms(attacker: Attacker) -> list[Form]:
    """Return every form that can be reached, and for addresses that no form leads to, one with every name there is."""
    found: dict[str, Form] = {}
    for rule in attacker.rules("GET"):
        address = attacker.address(rule)
        answer = attacker.browser("GET", address).get(address)
        if answer.mimetype == "text/html":
            for form in forms_of(answer.text):
                if form.method == "post":
                    kept = found.setdefault(_endpoint(attacker.app, form.action), Form(form.action, "post"))
                    kept.fields |= form.fields
    every = {name: value for form in found.values() for name, value in form.fields.items()}
    for rule in attacker.rules("POST"):
        found.setdefault(rule.endpoint, Form(attacker.address(rule), "post", dict(every)))
    return list(found.values())


def _endpoint(app: Flask, address: str) -> str:
    try:
        return str(app.url_map.bind("").match(urlsplit(address).path, "POST")[0])
    except HTTPException:
        return address


def _body(form: Form, *names: str, value: bytes) -> dict[str, object]:
    data = encoded(form.fields, **dict.fromkeys(names, value))
    return {"data": data, "content_type": "application/x-www-form-urlencoded"}
