"""Remembers which row of a file names a person, at some thirty bytes each."""

from __future__ import annotations

from array import array

_SMALLEST = 1 << 12


class Occurrences:
    """One row number for each person met, found by what the person is known by. Open addressing, half full at most."""

    def __init__(self) -> None:
        self._met = 0
        self._make(_SMALLEST)

    def first(self, known_by: str, row: int) -> int:
        """Return the row that named this person first, which is this one if none did before."""
        slot = self._slot(mark := _mark(known_by))
        if self._marks[slot]:
            return self._rows[slot]
        self._put(slot, mark, row)
        return row

    def note(self, known_by: str, row: int) -> None:
        """Remember this row as the person's, whichever was before."""
        slot = self._slot(mark := _mark(known_by))
        if self._marks[slot]:
            self._rows[slot] = row
        else:
            self._put(slot, mark, row)

    def find(self, known_by: str) -> int | None:
        """Return the person's row, None where nobody noted one."""
        slot = self._slot(_mark(known_by))
        return self._rows[slot] if self._marks[slot] else None

    def _make(self, size: int) -> None:
        self._mask = size - 1
        self._marks, self._rows = array("q", bytes(8 * size)), array("q", bytes(8 * size))

    def _slot(self, mark: int) -> int:
        marks, mask = self._marks, self._mask
        slot = mark & mask
        while marks[slot] not in (0, mark):
            slot = (slot + 1) & mask
        return slot

    def _put(self, slot: int, mark: int, row: int) -> None:
        self._marks[slot], self._rows[slot] = mark, row
        self._met += 1
        if self._met * 2 > self._mask:
            self._grow()

    def _grow(self) -> None:
        marks, rows = self._marks, self._rows
        self._make(4 * len(marks))
        for mark, row in zip(marks, rows, strict=True):
            if mark:
                slot = self._slot(mark)
                self._marks[slot], self._rows[slot] = mark, row


def _mark(known_by: str) -> int:
    """Two people share one of 2^64 marks less often than disks err."""
    return hash(known_by) or 1
