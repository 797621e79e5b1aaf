"""Fetches the mapped cells of a row in one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter


class Columns:
    """Some columns of a file, in an order of their own."""

    def __init__(self, places: Sequence[int]) -> None:
        self._many: Callable[[list[str]], tuple[str, ...]] | None = itemgetter(*places) if len(places) > 1 else None
        self._places = list(places)

    def __call__(self, cells: list[str]) -> Sequence[str]:
        """Return these cells of a row."""
        if self._many:
            return self._many(cells)
        return [cells[place] for place in self._places]
