"""Conditions on what surrounds a customer: tags, permission, purchases, activities."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as fixed
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from app.consent import permission
from app.segments.conditions.context import SegmentContext
from app.segments.conditions.description import N_, Description
from app.segments.conditions.limits import CONFIG, Days, Text, Times

Amount = Annotated[Decimal, Field(gt=0, le=10**12, allow_inf_nan=False, max_digits=18)]
TopicId = Annotated[int, Field(strict=True, ge=0, le=2**62)]


@dataclass(frozen=True)
class HasTag:
    """The customer carries this tag."""

    __pydantic_config__ = CONFIG
    tag: Text
    type: Literal["has_tag"] = fixed(default="has_tag", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        return type_coerce(terms.tags, ARRAY(TEXT)).contains([self.tag])

    @property
    def reads(self) -> tuple[str, ...]:
        return ("tags",)

    def say(self, speech: Description) -> str:
        return speech.say(N_("tagged %(tag)s"), tag=speech.value(self.tag))


@dataclass(frozen=True)
class Permission:
    """What the customer said yes to, as it stands now. Topic 0 is for purposes without topics."""

    __pydantic_config__ = CONFIG
    purpose: Literal["marketing", "open_tracking", "click_tracking", "profiling"]
    topic: TopicId
    state: Literal["allowed", "not_allowed"]
    type: Literal["permission"] = fixed(default="permission", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        allowed = permission.allowed_query(terms.workspace_id, self.purpose, self.topic, terms.now).subquery()
        inside = terms.customer_id.in_(allowed.select().with_only_columns(allowed.c.customer_id))
        return inside if self.state == "allowed" else ~inside

    @property
    def reads(self) -> tuple[str, ...]:
        return ()

    def say(self, speech: Description) -> str:
        return speech.say(_PERMISSION[self.purpose, self.state], topic=speech.topic(self.topic))


_PERMISSION = {
    ("marketing", "allowed"): N_("mailable for %(topic)s"),
    ("marketing", "not_allowed"): N_("not mailable for %(topic)s"),
    ("open_tracking", "allowed"): N_("they allowed us to see opens"),
    ("open_tracking", "not_allowed"): N_("they did not allow us to see opens"),
    ("click_tracking", "allowed"): N_("they allowed us to see clicks"),
    ("click_tracking", "not_allowed"): N_("they did not allow us to see clicks"),
    ("profiling", "allowed"): N_("they allowed profiling"),
    ("profiling", "not_allowed"): N_("they did not allow profiling"),
}


@dataclass(frozen=True)
class Purchased:
    """The customer's purchases in a period number, or sum up to, at least this much."""

    __pydantic_config__ = CONFIG
    measure: Literal["count", "sum"]
    at_least: Amount
    days: Days | None = None
    type: Literal["purchased"] = fixed(default="purchased", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        if self.days is None:
            # All purchases ever are summed up beside the customer already.
            total = terms.field("orders" if self.measure == "count" else "spent", "number")
            return total.expression >= terms.bound(total, self.at_least)
        return terms.history.bought(self.measure, since=terms.since(self.days)) >= self.at_least

    @property
    def reads(self) -> tuple[str, ...]:
        return () if self.days is not None else ("orders" if self.measure == "count" else "spent",)

    def say(self, speech: Description) -> str:
        message = N_("they spent at least %(least)s %(period)s")
        if self.measure == "count":
            once, many = N_("they bought %(period)s"), N_("they bought at least %(least)s times %(period)s")
            message = once if self.at_least == 1 else many
        return speech.say(message, least=speech.value(self.at_least), period=speech.period(self.days))


@dataclass(frozen=True)
class Did:
    """Something happened with the customer at least so often in a period."""

    __pydantic_config__ = CONFIG
    kind: Literal["open", "click", "reply", "bounce", "complaint", "unsubscribe", "signup", "event"]
    at_least: Times = 1
    days: Days | None = None
    verdict: Literal["human", "any"] = "human"
    type: Literal["did"] = fixed(default="did", kw_only=True)

    def to_sql(self, terms: SegmentContext) -> ColumnElement[bool]:
        if self.reads:
            info = terms.field(*self.reads)
            return info.expression.is_not(None) if self.days is None else terms.recent(info, self.days)
        since = None if self.days is None else terms.since(self.days)
        human_only = self.verdict == "human" and self.kind in _LATEST
        return terms.history.did(self.kind, since=since, human_only=human_only) >= self.at_least

    @property
    def reads(self) -> tuple[str, ...]:
        """One time by a person is what the engagement row remembers; no event need be read."""
        latest = _LATEST.get(self.kind)
        return (latest,) if latest and self.at_least == 1 and self.verdict == "human" else ()

    def say(self, speech: Description) -> str:
        told = _DID_ANY[self.kind] if self.verdict == "any" and self.kind in _DID_ANY else _DID[self.kind]
        message = told[0] if self.at_least == 1 else told[1]
        return speech.say(message, least=speech.value(self.at_least), period=speech.period(self.days))


_LATEST = {"open": "latest_open_at", "click": "latest_click_at", "reply": "latest_reply_at"}
# Said of once or more, and of at least so many times.
_DID = {
    "open": (N_("they opened mail %(period)s"), N_("they opened mail at least %(least)s times %(period)s")),
    "click": (N_("they clicked %(period)s"), N_("they clicked at least %(least)s times %(period)s")),
    "reply": (N_("they replied %(period)s"), N_("they replied at least %(least)s times %(period)s")),
    "bounce": (N_("mail to them bounced %(period)s"), N_("mail to them bounced at least %(least)s times %(period)s")),
    "complaint": (N_("they complained %(period)s"), N_("they complained at least %(least)s times %(period)s")),
    "unsubscribe": (N_("they unsubscribed %(period)s"), N_("they unsubscribed at least %(least)s times %(period)s")),
    "signup": (N_("they signed up %(period)s"), N_("they signed up at least %(least)s times %(period)s")),
    "event": (
        N_("something else happened %(period)s"),
        N_("something else happened at least %(least)s times %(period)s"),
    ),
}
_DID_ANY = {
    "open": (
        N_("they or a machine opened mail %(period)s"),
        N_("they or a machine opened mail at least %(least)s times %(period)s"),
    ),
    "click": (
        N_("they or a machine clicked %(period)s"),
        N_("they or a machine clicked at least %(least)s times %(period)s"),
    ),
}
