"""Brings members of watched segments up to date: for whoever changed, and whom time may have moved."""

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
# Everybody is looked at once a day: what no trigger marks and no condition foresees is found then at the latest.
UNMARKED = timedelta(days=1)


def update_changed(session: Session, workspace_id: int, clock: Clock) -> bool:
    """Evaluate every watched segment for some of those who changed, or are to be checked; say whether there are more.

    The time is read after their marks are taken: what marked them has happened by then.
    """
    evaluation.lock(session, workspace_id)
    changed, more_changed = evaluation.take_changed(session, workspace_id)
    now = clock.now()
    due, more_due = _take_due(session, workspace_id, now)
    changed = sorted({*changed, *due})
    watched = [each.segment_id for each in watching.list_watched(session, workspace_id) if each.evaluated_at]
    if changed and watched:
        population = segments.population(session, workspace_id, now=now)
        asked = evaluation.usable(session, population, watched)
        people = evaluation.with_circles(session, workspace_id, asked, changed)
        _announce(session, workspace_id, evaluation.evaluate(session, population, asked, people))
    return more_changed or more_due


def _take_due(session: Session, workspace_id: int, now: datetime) -> tuple[list[int], bool]:
    """Take checks that are due; where there are very many, have everybody evaluated instead."""
    if not evaluation.is_flooded(session, workspace_id, now=now):
        return evaluation.take_due(session, workspace_id, now=now)
    evaluation.drop_due(session, workspace_id, now=now)
    watching.outdate(session, workspace_id)
    return [], False


def list_due(session: Session, workspace_id: int, *, now: datetime) -> list[int]:
    """Return the watched segments to be evaluated as a whole now: new ones, and where nobody foresees time's moves."""
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
    if watched.is_outdated or watched.evaluated_at is None or watched.evaluated_at <= now - UNMARKED:
        return True
    return watching.is_unforeseen(asked[watched.segment_id].rule) and watched.is_due(now=now)


def _announce(session: Session, workspace_id: int, moves: Sequence[Move]) -> None:
    entered: dict[int, list[int]] = {}
    for move in moves:
        if move.has_entered:
            entered.setdefault(move.segment_id, []).append(move.customer_id)
    for segment_id, customer_ids in entered.items():
        for start in range(0, len(customer_ids), AT_ONCE):
            outbox.publish(session, SegmentEntered(workspace_id, segment_id, customer_ids[start : start + AT_ONCE]))
