"""Moments at which time alone changes what a statement answers: when something is reached, or is so long ago."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import TIMESTAMP, ColumnElement, DateTime, bindparam, case, cast, func

# What is so long ago is so up to and with that moment; the next one that the database tells apart comes after it.
_NEXT = timedelta(microseconds=1)


def shifted(at: ColumnElement[Any], by: timedelta) -> ColumnElement[datetime]:
    """Return the moment so much later. In seconds: days of the database's own clock may have 23 or 25 hours."""
    moment: ColumnElement[datetime] = at + func.make_interval(0, 0, 0, 0, 0, 0, by.total_seconds())
    return moment


def just_after(at: ColumnElement[Any], by: timedelta = timedelta(0)) -> ColumnElement[datetime]:
    """Return the first moment that is more than so much later."""
    return shifted(at, by + _NEXT)


def start_of(day: ColumnElement[date], zone: str) -> ColumnElement[datetime]:
    """Return the moment a day begins in a time zone."""
    return func.timezone(zone, cast(day, DateTime))


def earliest_after(now: datetime, moments: Sequence[ColumnElement[Any]]) -> ColumnElement[datetime]:
    """Return the first of these moments that is still to come, NULL where none is."""
    return func.least(*(case((each > _bound(now), each)) for each in moments))


def window_moves(
    at: ColumnElement[Any],
    inside: Sequence[ColumnElement[bool]],
    now: datetime,
    *,
    stays: timedelta | None,
    waits: timedelta = timedelta(0),
) -> ColumnElement[datetime]:
    """Return when rows first enter or leave a window that moves with time: for a statement that groups them.

    Rows count from `waits` after their time, until they `stays` ago lie (None: for ever). `inside` is what else they
    are found by.
    """
    edge = _bound(now - waits)
    enters = shifted(func.min(at).filter(*inside, at > edge), waits)
    if stays is None:
        return enters
    return func.least(enters, just_after(func.min(at).filter(*inside, at <= edge, at >= _bound(now - stays)), stays))


def _bound(at: datetime) -> ColumnElement[datetime]:
    return bindparam("moment", at, type_=TIMESTAMP(timezone=True), unique=True)
