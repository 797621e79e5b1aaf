"""The garbage collector is as before when the work is done, and what cycles hold stays bounded meanwhile."""

from __future__ import annotations

import gc
import weakref

import pytest

from app.kernel.processes import garbage


class Node:
    def __init__(self) -> None:
        self.itself = self


def test_the_threshold_comes_back_whatever_happens():
    usual = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), garbage.rarely_collected(above=20_000):
        raised = gc.get_threshold()
        raise ZeroDivisionError

    assert (raised[0], gc.get_threshold()) == (20_000, usual)


def test_cycles_are_found_all_the_same():
    with garbage.rarely_collected(above=1_000):
        cycle = weakref.ref(Node())
        kept = [[] for _ in range(20_000)]

    assert (cycle(), len(kept)) == (None, 20_000)
