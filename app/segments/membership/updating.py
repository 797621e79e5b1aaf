"""Brings members of watched segments up to date: for whoever changed, and as a whole where time moves people."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.kernel.clock import Clock
from app.kernel.queueing import outbox
from app.segments import segments
from app.segments.facts import SegmentEntered
from app.segments.membership import evaluation, watching
from app.segments.membership.evaluation import Asked, Move
from app.segments.membership.watching import Watched

# So many people are announced by one fact.
AT_ONCE = 1_000
# What nothing marks, such as a product that moves to another category, is found by looking at everybody once a day.
UNMARKED = timedelta(days=1)


def update_changed(session: Session, workspace_id: int, clock: Clock) -> bool:
    """Evaluate every watched segment for some of those who changed; say whether there are more.

    The time is read after their marks are taken: what marked them has happened by then.
    """
    evaluation.lock(session, workspace_id)
    changed, has_more = evaluation.take_changed(session, workspace_id)
    now = clock.now()
    watched = [each.segment_id for each in watching.list_watched(session, workspace_id) if each.evaluated_at]
    if changed and watched:
        population = segments.population(session, workspace_id, now=now)
        asked = evaluation.usable(session, population, watched)
        people = evaluation.with_circles(session, workspace_id, asked, changed)
        _announce(session, workspace_id, evaluation.evaluate(session, population, asked, people))
    return has_more


def list_due(session: Session, workspace_id: int, *, now: datetime) -> list[int]:
    """Return the watched segments to be evaluated as a whole now: new ones, and where time alone moves people."""
    watched = watching.list_watched(session, workspace_id)
    population = segments.population(session, workspace_id, now=now)
    asked = {each.segment_id: each for each in evaluation.usable(session, population, [w.segment_id for w in watched])}
    return [each.segment_id for each in watched if each.segment_id in asked and _is_due(each, asked, now)]


def update_whole(session: Session, workspace_id: int, segment_id: int, *, now: datetime) -> None:
    """Evaluate one watched segment for everybody. The first time nobody is announced: they were in it before."""
    evaluation.lock(session, workspace_id)
    watched = next((w for w in watching.list_watched(session, workspace_id) if w.segment_id == segment_id), None)
    if watched is None:
        return
    population, begun = segments.population(session, workspace_id, now=now), time.monotonic()
    asked = evaluation.usable(session, population, [segment_id])
    if watched.evaluated_at is None:
        evaluation.begin(session, population, asked)
    else:
        _announce(session, workspace_id, evaluation.evaluate(session, population, asked, None))
    took = timedelta(seconds=time.monotonic() - begun)
    watching.evaluated(session, workspace_id, watched, took=took, now=now)


def _is_due(watched: Watched, asked: dict[int, Asked], now: datetime) -> bool:
    if watched.evaluated_at is None or watched.evaluated_at <= now - UNMARKED:
        return True
    return watching.changes_with_time(asked[watched.segment_id].rule) and watched.is_due(now=now)


def _announce(session: Session, workspace_id: int, moves: Sequence[Move]) -> None:
    entered: dict[int, list[int]] = {}
    for move in moves:
        if move.has_entered:
            entered.setdefault(move.segment_id, []).append(move.customer_id)
    for segment_id, customer_ids in entered.items():
        for start in range(0, len(customer_ids), AT_ONCE):
            outbox.publish(session, SegmentEntered(workspace_id, segment_id, customer_ids[start : start + AT_ONCE]))
