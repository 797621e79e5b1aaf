"""Forecasts the gate's decisions for a whole audience in one statement.

Permission, suppression and addresses are evaluated as a launch evaluates them, contacts as the gate does
(`cadence.columns`); quiet hours are asked once for each time zone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, Select, and_, case, cast, func, literal, null, select
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.cadence import columns, policies, quiet_hours
from app.cadence.decide import Policy, Promise, Why
from app.consent import permission, topics
from app.customers.profiles import people
from app.delivery.gate import CONTACTS_KEPT
from app.delivery.launching import queueing
from app.delivery.models import Message, Send, SendKind

MARKETING = "marketing"


@dataclass(frozen=True)
class Wait:
    """So many get it later, and why: between `first` and `last`, or when it is `local` where each of them lives."""

    why: Why
    count: int
    first: datetime
    last: datetime
    local: time | None = None


@dataclass(frozen=True)
class Forecast:
    """What becomes of everyone chosen; those of `now` and of `waits` are mailable, the `reasons` count the others."""

    now: int = 0
    waits: tuple[Wait, ...] = ()
    reasons: Counter[str] | None = None

    @property
    def later(self) -> int:
        """Return how many get it later."""
        return sum(wait.count for wait in self.waits)

    @property
    def mailable(self) -> int:
        """Return how many get it, now or later."""
        return self.now + self.later

    @property
    def matched(self) -> int:
        """Return how many are chosen."""
        return self.mailable + sum((self.reasons or {}).values())


def of_audience(
    session: Session, workspace_id: int, audience: Select[Any], topic_id: int, *, now: datetime
) -> Forecast:
    """Return what happens if this leaves at `now`. Cheap under `transaction(workspace_id, reading=True)`.

    Contacts are those known today: what is sent until then may make some wait longer.
    """
    policy = policies.get(session, workspace_id)
    fallback = workspaces.get(session, workspace_id).time_zone
    reasons: Counter[str] = Counter()
    at_once, waits = 0, _Waits()
    for row in session.execute(_query(session, workspace_id, audience, topic_id, policy, now)):
        if row.reason is not None:
            reasons[row.reason] += row.number
            continue
        zone = quiet_hours.zone(row.time_zone, fallback)
        first, last = (quiet_hours.next_open(at, policy.hours, zone) for at in (row.first, row.last))
        if row.why != Why.NOTHING.value:
            waits.add(Why(row.why), row.number, first, last)
        elif first > now:
            waits.add(Why.QUIET_HOURS, row.number, first, last, zone=zone)
        else:
            at_once += row.number
    return Forecast(now=at_once, waits=waits.found(), reasons=reasons)


class _Waits:
    """The waits met so far: those of a rule together, those of a night by the hour on the wall at which it ends."""

    def __init__(self) -> None:
        self._found: dict[tuple[Why, datetime | None], Wait] = {}

    def add(self, why: Why, count: int, first: datetime, last: datetime, *, zone: ZoneInfo | None = None) -> None:
        wall = first.astimezone(zone).replace(tzinfo=None, fold=0) if zone else None
        key = (why, wall)
        known = self._found.get(key)
        if known:
            count, first, last = known.count + count, min(known.first, first), max(known.last, last)
        self._found[key] = Wait(why, count, first, last, wall.time() if wall else None)

    def found(self) -> tuple[Wait, ...]:
        """Return the waits, the longest rules first, each night's end in order."""
        order = (Why.CAP, Why.PROMISE, Why.QUIET_HOURS)
        return tuple(sorted(self._found.values(), key=lambda wait: (order.index(wait.why), wait.first)))


def _query(
    session: Session, workspace_id: int, audience: Select[Any], topic_id: int, policy: Policy, now: datetime
) -> Select[*tuple[Any, ...]]:
    """Count everyone by reason, by time zone, and by the rule and the hour in which it lets go."""
    found = queueing.recipients_query(
        workspace_id, audience, purpose=MARKETING, topic_id=topic_id, is_transactional=False, now=now
    ).subquery("found")
    contacts = people.contacts_query(workspace_id).subquery("contacts")
    agreed = permission.promised_query(workspace_id, MARKETING, topic_id).subquery("agreed")
    given = topics.get(session, workspace_id, topic_id).promise
    today = Promise(topic_id, given.limit, given.days)
    of_cap, of_promises = _free(workspace_id, today, contacts.c, agreed.c, policy, now)
    may = found.c.reason.is_(None)
    # The fence keeps each rule from being worked out once for every place that names it.
    ruled = (
        select(
            found.c.reason,
            case((may, found.c.time_zone)).label("time_zone"),
            case((may, of_cap)).label("of_cap"),
            case((may, func.greatest(*of_promises))).label("of_promise"),
        )
        .select_from(found)
        .outerjoin(contacts, contacts.c.customer_id == found.c.customer_id)
        .outerjoin(agreed, agreed.c.customer_id == found.c.customer_id)
        .offset(0)
        .subquery("ruled")
    )
    free, why = columns.free_at(now, ruled.c.of_cap, ruled.c.of_promise)
    each = select(ruled.c.reason, ruled.c.time_zone, why.label("why"), free.label("free")).offset(0).subquery("each")
    hour = func.date_trunc("hour", each.c.free)
    return select(
        each.c.reason,
        each.c.time_zone,
        each.c.why,
        func.count().label("number"),
        func.min(each.c.free).label("first"),
        func.max(each.c.free).label("last"),
    ).group_by(each.c.reason, each.c.time_zone, each.c.why, hour)


def _free(
    workspace_id: int, today: Promise, contacts: Any, agreed: Any, policy: Policy, now: datetime
) -> tuple[columns.Moment, list[columns.Moment]]:
    """When the cap lets go, and when both promises do: the topic's, and what this person was told."""
    cap = policy.cap
    of_cap: columns.Moment = cast(null(), TIMESTAMP(timezone=True))
    if cap is not None:
        of_cap = columns.nth_newest(contacts.recent_contact_at, cap.limit) + columns.window(cap.days)
    promised = [(cast(literal(today.limit), Integer), cast(literal(today.days), Integer))]
    promised.append((agreed.promised_limit, agreed.promised_days))
    return of_cap, [
        _nth_about(workspace_id, contacts, today.topic_id, limit, days, now) + columns.window(days)
        for limit, days in promised
    ]


def _nth_about(
    workspace_id: int, contacts: Any, topic_id: int, place: ColumnElement[int], days: ColumnElement[int], now: datetime
) -> columns.Moment:
    """The contact about the topic that counts: a remembered one, or one looked up where the memory is too short."""
    remembered = columns.nth_newest_about(contacts.recent_contact_at, contacts.recent_contact_topic, topic_id, place)
    since = literal(now) - columns.window(days)
    is_full = and_(remembered.is_(None), contacts.recent_contact_at[CONTACTS_KEPT] > since)
    found = _looked_up(workspace_id, contacts.customer_id, topic_id, place, since)
    return case((is_full, found), else_=remembered)


def _looked_up(
    workspace_id: int,
    customer_id: ColumnElement[int],
    topic_id: int,
    place: ColumnElement[int],
    since: ColumnElement[datetime],
) -> ColumnElement[Any]:
    """The same contact among all messages to this person."""
    return (
        select(Message.contact_at)
        .join(Send, and_(Send.workspace_id == Message.workspace_id, Send.id == Message.send_id))
        .where(
            Message.workspace_id == workspace_id,
            Message.customer_id == customer_id,
            Message.contact_at > since,
            Send.kind != SendKind.TRANSACTIONAL,
            Send.topic_id == topic_id,
        )
        .order_by(Message.contact_at.desc())
        .offset(place - 1)
        .limit(1)
        .correlate_except(Message, Send)
        .scalar_subquery()
    )
