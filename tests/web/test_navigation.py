"""The rail says where one is: every page of the staff lies at one place."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

MARKED = re.compile(r'<a class="(rail|bottom)-place" href="([^"]+)"[^>]*aria-current')
# Reached from every page alike, and at no place.
_NOWHERE = {"/search", "/more", "/style"}


def marks(client: FlaskClient, address: str) -> dict[str, list[str]] | None:
    """What the rail and the phone's bar mark on this page; nothing for what is no page with a rail."""
    answer = client.get(address)
    if answer.mimetype != "text/html" or "rail-places" not in answer.text:
        return None
    found = MARKED.findall(answer.text)
    return {bar: [url for kind, url in found if kind == bar] for bar in ("rail", "bottom")}


def test_every_page_lies_at_one_place(app: Flask, client: FlaskClient):
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    marked = {rule.rule: found for rule in rules if (found := marks(client, rule.rule)) is not None}
    unclear = {address: found for address, found in marked.items() if any(len(urls) != 1 for urls in found.values())}

    assert {"/tasks", "/customers/imports", "/api/v1/docs", "/settings/audit"} <= marked.keys()
    assert unclear.keys() <= _NOWHERE, unclear


def test_tasks_are_a_place_that_a_phone_finds_under_more(client: FlaskClient):
    assert marks(client, "/tasks") == {"rail": ["/tasks"], "bottom": ["/more"]}
    assert marks(client, "/customers") == {"rail": ["/customers"], "bottom": ["/customers"]}
