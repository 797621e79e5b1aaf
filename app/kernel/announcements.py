"""What the operator tells everybody who is signed in: a sentence in a file that all processes of a machine read."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LONGEST = 300
_REREAD_AFTER = 0.5


@dataclass(frozen=True)
class Announcement:
    """One sentence by language, and how far something has got, from 0 to 1, if it tells of work under way."""

    texts: Mapping[str, str]
    share: float | None = None

    def in_language(self, code: str) -> str:
        """Return the sentence in this language, or in the one it was written in first."""
        return self.texts.get(code) or next(iter(self.texts.values()))


def announce(file: Path, announcement: Announcement) -> None:
    """Show this on every page of staff from now on, in place of what stood there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({"texts": dict(announcement.texts), "share": announcement.share}))
    fresh.replace(file)


def withdraw(file: Path) -> bool:
    """Show nothing any more; return whether something stood there."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True


class Board:
    """What stands in the file now, read at most twice a second."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._read_at = -1.0
        self._current: Announcement | None = None

    def current(self) -> Announcement | None:
        """Return the announcement, or None: also where somebody wrote the file by hand and it cannot be read."""
        if self._file is None:
            return None
        now = time.monotonic()
        if self._read_at < 0 or now - self._read_at > _REREAD_AFTER:
            self._current, self._read_at = _read(self._file), now
        return self._current


def _read(file: Path) -> Announcement | None:
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        found = json.loads(file.read_bytes()[: 16 * LONGEST])
        texts = {str(code): str(words)[:LONGEST] for code, words in found["texts"].items() if words}
        share = found.get("share")
        if texts:
            return Announcement(texts, None if share is None else min(1.0, max(0.0, float(share))))
    return None
