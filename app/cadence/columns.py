"""The rules of `decide` written in SQL, for asking them of a whole audience in one statement.

The contacts of a person are two arrays beside them, the newest first: when, and about which topic.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Integer, Interval, Text, case, cast, func, literal
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.cadence.decide import Why

Moment = ColumnElement[datetime | None]
Number = ColumnElement[int] | int
_HOURS_OF_A_DAY = 24


def nth_newest(contact_at: ColumnElement[Any], place: int) -> Moment:
    """The moment of the contact in this place, the newest being the first; null where there were fewer."""
    return contact_at[place]


def nth_newest_about(
    contact_at: ColumnElement[Any], contact_topic: ColumnElement[Any], topic_id: int, place: Number
) -> Moment:
    """The moment of the contact about the topic in this place; null where fewer are remembered."""
    places = func.array_positions(contact_topic, topic_id, type_=ARRAY(Integer))
    return contact_at[places[place]]


def window(days: Number) -> ColumnElement[Any]:
    """So many days of 24 hours each, whatever the clocks do."""
    hours = cast(days * _HOURS_OF_A_DAY, Integer)
    return func.make_interval(0, 0, 0, 0, hours, type_=Interval())


def free_at(now: datetime, of_cap: Moment, of_promise: Moment) -> tuple[Moment, ColumnElement[str]]:
    """From the moments at which each rule lets go: when both have, and which one lasts longer (the cap where they tie).

    Null is a rule that asks for nothing.
    """
    start = cast(literal(now), TIMESTAMP(timezone=True))
    at = func.greatest(start, of_cap, of_promise)
    why = case(
        (at <= start, literal(Why.NOTHING.value)),
        (of_cap >= at, literal(Why.CAP.value)),
        else_=literal(Why.PROMISE.value),
    )
    return at, cast(why, Text)
