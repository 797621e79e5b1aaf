"""Every process that reads the same offset agrees what time it is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from app.kernel.clock import OffsetClock, SystemClock, choose
from tests.factories import NOON


def test_moving_one_clock_moves_the_others(tmp_path: Path) -> None:
    mine, theirs = OffsetClock(tmp_path / "clock"), OffsetClock(tmp_path / "clock")
    mine.advance(timedelta(days=30))

    assert theirs.now() - SystemClock().now() > timedelta(days=29, hours=23)
    assert choose(None).now() - SystemClock().now() < timedelta(seconds=1)


def test_a_moved_clock_moves_the_databases_time_as_far(tmp_path: Path) -> None:
    moved = OffsetClock(tmp_path / "clock")
    moved.advance(timedelta(days=-30))

    assert moved.by_database(NOON) == NOON - timedelta(days=30)
    assert choose(None).by_database(NOON) == NOON
