"""A stop flag that a worker shares with the children it forks.

RQ tells only the parent; a job that loops for a minute reads it here and comes to a clean end within a moment.
"""

from __future__ import annotations

import mmap

_shared = mmap.mmap(-1, 1)


def request() -> None:
    """Ask every job of this worker to come to an end."""
    _shared[0] = 1


def is_requested() -> bool:
    """Say whether this worker was asked to stop."""
    return _shared[0] == 1
