"""Children that work on untrusted input with limits, reused from call to call; whatever kills one kills nothing else.

A child is a Python script that answers each request it reads from its standard input, which is a socket: four octets of
length, then the payload, both ways. `serve` is its main loop. A child that dies or outlasts its time is replaced by the
next call. Calls may come from any thread; a process forked from this one starts children of its own.
"""

from __future__ import annotations

import os
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakSet

_LENGTH = struct.Struct("!I")
# What a Python needs of the environment to start at all; secrets stay here.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "SYSTEMROOT")


class ChildDied(Exception):
    """The child ended, or was ended, while it worked on this input."""


class ChildBusy(Exception):
    """There was no answer in time, because of others' work: no child was free, or the machine stood still."""


@dataclass(frozen=True)
class Limits:
    """What one request may take. `seconds` of the clock only matter where a child waits or the machine stands still."""

    cpu_seconds: int = 3
    seconds: float = 60.0
    memory_bytes: int = 1 << 30
    answer_bytes: int = 8 << 20
    stack_bytes: int = 256 << 20


class Sandbox:
    """A few children of one script, started when they are needed; `ended` counts those that had to be."""

    def __init__(self, script: Path, *, limits: Limits | None = None, size: int = 2) -> None:
        self._script, self._limits, self._size = script, limits or Limits(), size
        self.ended = 0
        self._idle: list[_Child] = []
        self._lock, self._free = threading.Lock(), threading.BoundedSemaphore(size)
        _sandboxes.add(self)

    def run(self, request: bytes) -> bytes:
        """Return the child's answer; raise ChildDied or ChildBusy."""
        if not self._free.acquire(timeout=self._limits.seconds):
            raise ChildBusy
        try:
            child = self._take()
            try:
                answer = child.ask(request)
            except BaseException:
                self.ended += 1
                child.end()
                raise
            with self._lock:
                self._idle.append(child)
            return answer
        finally:
            self._free.release()

    def close(self) -> None:
        """End the children that wait for work."""
        with self._lock:
            ended, self._idle = self._idle, []
        for child in ended:
            child.end()

    def forget_children(self) -> None:
        """Begin without children: those of the process this one was forked from are not ours to speak to."""
        for child in self._idle:
            child.leave()
        self._idle = []
        self._lock, self._free = threading.Lock(), threading.BoundedSemaphore(self._size)

    def _take(self) -> _Child:
        with self._lock:
            waiting, self._idle = self._idle, []
            alive = [child for child in waiting if child.is_alive()]
            taken = alive.pop() if alive else None
            self._idle = alive
        return taken or _Child(self._script, self._limits)


class _Child:
    """One process and our end of its socket."""

    def __init__(self, script: Path, limits: Limits) -> None:
        self._limits = limits
        ours, theirs = socket.socketpair()
        with theirs:
            numbers = (limits.cpu_seconds, limits.memory_bytes, limits.stack_bytes)
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(script), *map(str, numbers)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                start_new_session=True,
            )
        self._socket = ours

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: bytes) -> bytes:
        until = time.monotonic() + self._limits.seconds
        try:
            self._socket.settimeout(self._limits.seconds)
            self._socket.sendall(_LENGTH.pack(len(request)) + request)
            (size,) = _LENGTH.unpack(self._read(_LENGTH.size, until))
            if size > self._limits.answer_bytes:
                raise ChildDied("the answer is too large")
            return self._read(size, until)
        except TimeoutError as error:
            raise ChildBusy from error
        except OSError as error:
            raise ChildDied(str(error)) from error

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def leave(self) -> None:
        """Close our copy of the socket only."""
        self._socket.close()

    def _read(self, size: int, until: float) -> bytes:
        pieces, missing = [], size
        while missing:
            self._socket.settimeout(max(0.01, until - time.monotonic()))
            piece = self._socket.recv(min(missing, 1 << 20))
            if not piece:
                raise ChildDied("the process ended")
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)


def serve(answer: Callable[[bytes], bytes]) -> None:
    """Answer requests until the other end is closed. This is a child's whole life; its limits are its arguments."""
    cpu_seconds, memory_bytes, stack_bytes = map(int, sys.argv[1:4])
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_AS, memory_bytes)
    threading.stack_size(stack_bytes)
    worker = threading.Thread(target=_serve, args=(answer, cpu_seconds))
    worker.start()
    worker.join()


def _serve(answer: Callable[[bytes], bytes], cpu_seconds: int) -> None:
    with socket.socket(fileno=os.dup(0)) as requests, requests.makefile("rb") as stream:
        while head := stream.read(_LENGTH.size):
            request = stream.read(_LENGTH.unpack(head)[0])
            used = resource.getrusage(resource.RUSAGE_SELF)
            _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + cpu_seconds + 1)
            said = answer(request)
            requests.sendall(_LENGTH.pack(len(said)) + said)


def _limit(kind: int, most: int) -> None:
    """Lower what the kernel lets this process have; some systems know no such limit."""
    ceiling = resource.getrlimit(kind)[1]
    try:
        resource.setrlimit(kind, (most if ceiling == resource.RLIM_INFINITY else min(most, ceiling), ceiling))
    except (ValueError, OSError):
        return


_sandboxes: WeakSet[Sandbox] = WeakSet()


def _begin_as_child() -> None:
    for each in _sandboxes:
        each.forget_children()


os.register_at_fork(after_in_child=_begin_as_child)
