"""Holds back the garbage collector while a worker does much of the same work."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def rarely_collected(*, above: int) -> Iterator[None]:
    """Search for cycles only each time so many more objects live than at the search before.

    Loops that store, read or send rows make many objects and hardly a cycle: all go when nothing names them. The usual
    threshold of some hundred objects has them searched thousands of times in vain, for a tenth to a quarter of the
    processor's time. `above` is to be more than one batch keeps alive, and bounds what cycles may hold meanwhile. The
    threshold is the process's: one at a time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(above, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
