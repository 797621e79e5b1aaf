"""Reads the body of a webhook into what its shop tells, by the kind of connection and its mapping."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from app.commerce.connectors import generic, shopify, woocommerce
from app.commerce.connectors.mapping import Mapping
from app.commerce.connectors.readings import Reading
from app.commerce.connectors.told import NothingTold, Told
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_, english

_SHOPS = {"shopify": shopify, "woocommerce": woocommerce}
MOST_DEPTH = 64
NOT_TAKEN = N_("This connection takes nothing of this topic.")


class BodyRefused(Refusal):
    """The body is no JSON object, or nested without end."""

    status = 422
    message = english("The body must be one JSON object, nested at most 64 levels deep.")


def parse(body: bytes) -> dict[str, Any]:
    """Return the object a body is; raise BodyRefused."""
    try:
        found = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BodyRefused from None
    if not isinstance(found, dict) or _is_deep(found, body):
        raise BodyRefused
    return found


def topic_of(kind: str, said: str, payload: dict[str, Any], mapping: Mapping) -> str:
    """Return the topic: what the headers say, or for a generic webhook what stands at its path."""
    if kind == "webhook" and mapping.topic_path:
        return Reading(payload).text(mapping.topic_path)[:200] or said
    return said


def read(
    kind: str, topic: str, payload: dict[str, Any], mapping: Mapping, *, now: datetime
) -> Told:
    """Return what a webhook tells; raise PayloadRefused."""
    reading = Reading(payload)
    if kind == "webhook":
        resource = generic.resource_of(topic, mapping)
        if resource is None or resource not in mapping.takes:
            return NothingTold(NOT_TAKEN)
        return generic.read(resource, reading, mapping, now=now)
    adapter = _SHOPS[kind]
    resource = adapter.TOPICS.get(topic)
    is_by_hand = kind == "shopify" and topic in shopify.BY_HAND
    if not is_by_hand and (resource is None or resource not in mapping.takes):
        return NothingTold(NOT_TAKEN)
    told: Told = adapter.read(topic, reading, mapping, now=now)
    return told


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _is_deep(value: Any, body: bytes) -> bool:
    """Say whether it is nested deeper than any shop writes; most bodies need no look at every value."""
    if body.count(b"{") + body.count(b"[") <= MOST_DEPTH:
        return False
    level = [value]
    for _depth in range(MOST_DEPTH):
        inside = [each.values() if isinstance(each, dict) else each for each in level]
        level = [one for each in inside for one in each if isinstance(one, dict | list)]
        if not level:
            return False
    return True
