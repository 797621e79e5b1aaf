"""Where does a hit wait until it is stored? In local files that survive a killed process.

One line is one hit, written by a single O_APPEND write before the visitor is answered. Every process appends to a file
of its own and holds a shared lock on it; a file whose lock is free has no writer any more and may be deleted once read.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROTATE_BYTES = 8 * 1024 * 1024
ROTATE_SECONDS = 60.0
_SUFFIX = ".spool"
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Line(NamedTuple):
    """One hit as the intake saw it. `at` in seconds since 1970; `link_id` 0 for an open."""

    kind: str
    at: float
    workspace_id: int
    message_id: int
    send_id: int
    customer_id: int
    link_id: int
    method: str
    ip: str
    agent: str
    referer: str


@dataclass(frozen=True)
class Chunk:
    """Some whole lines of one file: `entries` pairs each line with the offset just behind it."""

    file: str
    start: int
    end: int
    entries: list[tuple[int, Line]]


class Spool:
    """The writing end. Threads may share it; the lock guards rotation, the kernel the append."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._fd = -1
        self._written = 0
        self._opened_at = 0.0
        self._pid = 0

    def append(self, line: Line) -> None:
        """Write one line, or raise OSError when the disk will not take it."""
        data = _encode(line).encode() + b"\n"
        with self._lock:
            if self._fd < 0 or self._written >= ROTATE_BYTES or self._is_old():
                self._open()
            if os.write(self._fd, data) != len(data):
                # A torn line stays behind at the end of its file, where readers leave it alone.
                self._written = ROTATE_BYTES
                raise OSError("the spool took only part of a line")
            self._written += len(data)

    def close(self) -> None:
        """Let go of the file, so that it can be read to its end and deleted."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1

    def _is_old(self) -> bool:
        return time.monotonic() - self._opened_at > ROTATE_SECONDS or self._pid != os.getpid()

    def _open(self) -> None:
        """Start a new file. It gets its name once it is locked, so that no reader takes it for an abandoned one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{os.getpid()}-{secrets.token_hex(4)}"
        fresh = self._folder / f"{name}.new"
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(fd, fcntl.LOCK_SH)
        fresh.rename(self._folder / f"{name}{_SUFFIX}")
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._written, self._opened_at, self._pid = fd, 0, time.monotonic(), os.getpid()


def list_files(folder: Path) -> list[Path]:
    """Return the spool files, oldest first."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def read(path: Path, start: int, *, until: float, limit_bytes: int) -> Chunk:
    """Return the whole lines from `start` on that were written before `until` (seconds since 1970).

    A torn last line is left where it is; a garbled whole line is passed over.
    """
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(limit_bytes)
    whole = data.split(b"\n")[:-1]
    entries: list[tuple[int, Line]] = []
    end = start
    for raw, line in zip(whole, _parse(whole), strict=True):
        if line is not None and line.at > until:
            break
        end += len(raw) + 1
        if line is not None:
            entries.append((end, line))
    return Chunk(path.name, start, end, entries)


def delete_if_finished(path: Path, read_to: int) -> bool:
    """Delete the file if nobody writes to it any more and everything whole in it has been read."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        file.seek(read_to)
        if b"\n" in file.read():
            return False
        path.unlink()
    return True


def _parse(whole: list[bytes]) -> list[Line | None]:
    """Read lines, all at once where all of them are sound."""
    try:
        values = json.loads(b"[" + b",".join(whole) + b"]")
        if len(values) == len(whole):
            return [Line._make(value) for value in values]
    except (ValueError, TypeError):
        pass
    return [_parse_one(raw) for raw in whole]


def _parse_one(raw: bytes) -> Line | None:
    try:
        return Line._make(json.loads(raw))
    except (ValueError, TypeError):
        return None
