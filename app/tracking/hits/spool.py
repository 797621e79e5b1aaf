"""The spool: local append-only files that hold hits until they are stored.

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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

ROTATE_BYTES = 8 * 1024 * 1024
ROTATE_SECONDS = 60.0
_SUFFIX = ".spool"
_quoted = json.encoder.encode_basestring_ascii


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
    """The writing end. Threads share it without waiting for each other: the kernel keeps appends apart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._file: _OpenFile | None = None

    def append(self, line: Line) -> None:
        """Write one line, or raise OSError when the disk will not take it."""
        file = self._file
        if file is None or file.written >= ROTATE_BYTES or time.monotonic() > file.rotate_at:
            file = self._replaced(file)
        data = _encoded(line)
        # Counted loosely: threads may overtake each other here, and a file may grow a little larger.
        file.written += len(data)
        if os.write(file.fd, data) != len(data):
            raise OSError("the spool took only part of a line")

    def close(self) -> None:
        """Let go of the file, so that it can be read to its end and deleted."""
        self._file = None

    def _replaced(self, stale: _OpenFile | None) -> _OpenFile:
        """Return a fresh file in place of the stale one; of several threads that ask, one makes it."""
        with self._lock:
            if self._file is None or self._file is stale:
                self._file = self._opened()
            return self._file

    def _opened(self) -> _OpenFile:
        """Start a new file. It gets its name once it is locked, so that no reader takes it for an abandoned one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{os.getpid()}-{secrets.token_hex(4)}"
        fresh = self._folder / f"{name}.new"
        file = _OpenFile(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600))
        fcntl.flock(file.fd, fcntl.LOCK_SH)
        fresh.rename(self._folder / f"{name}{_SUFFIX}")
        return file


class _OpenFile:
    """A file that is written to. It closes when the last thread lets go of it, never under a thread that writes."""

    __slots__ = ("fd", "rotate_at", "written")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.written = 0
        self.rotate_at = time.monotonic() + ROTATE_SECONDS

    def __del__(self) -> None:
        os.close(self.fd)


def _encoded(line: Line) -> bytes:
    """Return the line between two line breaks: the first ends whatever a full disk tore before it."""
    kind, at, workspace_id, message_id, send_id, customer_id, link_id, method, ip, agent, referer = line
    return (
        f"\n[{_quoted(kind)},{at!r},{workspace_id},{message_id},{send_id},{customer_id},{link_id},"
        f"{_quoted(method)},{_quoted(ip)},{_quoted(agent)},{_quoted(referer)}]\n"
    ).encode()


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
    raws = data.split(b"\n")[:-1]
    ends = list(accumulate([len(raw) + 1 for raw in raws], initial=start))
    parsed = _parse([raw for raw in raws if raw])
    written = [end for end, raw in zip(ends[1:], raws, strict=True) if raw]
    entries = [(end, line) for end, line in zip(written, parsed, strict=True) if line is not None]
    first_young = next((place for place, (_, line) in enumerate(entries) if line.at > until), None)
    if first_young is None:
        return Chunk(path.name, start, ends[-1], entries)
    settled = entries[:first_young]
    return Chunk(path.name, start, settled[-1][0] if settled else start, settled)


@contextmanager
def shipping(folder: Path) -> Iterator[bool]:
    """Hold the folder for reading and tidying; False when another process or thread of this machine does so already."""
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield _is_locked(held)
    finally:
        os.close(held)


def _is_locked(fd: int) -> bool:
    """Lock the open file or folder for this process alone; False when somebody else holds it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def delete_if_finished(path: Path, read_to: int) -> bool:
    """Delete the file if nobody writes to it any more and everything whole in it has been read."""
    with path.open("rb") as file:
        if not _is_locked(file.fileno()):
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
