"""One piece of an undo, as the rooms that undo their share of an import report it."""

from __future__ import annotations

from typing import NamedTuple

# So many rows are undone in a transaction.
ROWS = 2_000


class Piece(NamedTuple):
    """What came of a piece, by name, and after which row the next begins: None when nothing is left."""

    after: int | None
    counts: dict[str, int]
