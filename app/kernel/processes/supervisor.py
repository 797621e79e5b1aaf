"""Supervises programs: started in order, watched, restarted when they fall, stopped in reverse."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from app.kernel.processes import children

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
# A program that ran this long has recovered; its next fall counts as the first.
_STEADY_SECONDS = 60.0

Say = Callable[[str], None]


class Part(Protocol):
    """Anything that can be started, asked whether it lives, and stopped; Postgres and Valkey are such parts too."""

    log: Path

    def start(self) -> None: ...

    def stop(self) -> None: ...

    @property
    def is_alive(self) -> bool: ...


class Program:
    """One of our own processes, with a log of its own and a pid file by which a next start finds what was left."""

    def __init__(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str], var_dir: Path, timeout: float = 10
    ) -> None:
        self.name = name
        self.log = var_dir / "log" / f"{name}.log"
        self._command = list(command)
        self._env = dict(env)
        self._pid_file = var_dir / "run" / f"{name}.pid"
        self._timeout = timeout
        self._child: subprocess.Popen[bytes] | None = None

    def stop_left_over(self) -> None:
        """Stop what a killed run left of this program. Call it for all programs before the first one starts.

        Later, a number in an old pid file could be that of a program just started.
        """
        children.stop_left_over(self._pid_file, marker=self._marker)

    def start(self) -> None:
        if self._child is not None:
            # What a fallen program forked may still hold its port.
            children.end_session(self._child.pid, marker=self._marker)
        self._child = children.spawn(self._command, log=self.log, env=self._env)
        self._pid_file.parent.mkdir(parents=True, exist_ok=True)
        self._pid_file.write_text(str(self._child.pid))

    def stop(self) -> None:
        """Ask twice (a worker takes the first as "after this job"), then insist."""
        if self._child is None:
            return
        try:
            self._child.terminate()
            self._child.wait(self._timeout)
        except subprocess.TimeoutExpired:
            children.stop(self._child, timeout=5)
        children.end_session(self._child.pid, marker=self._marker)
        self._pid_file.unlink(missing_ok=True)

    @property
    def _marker(self) -> str:
        return " ".join(self._command[:4])

    @property
    def is_alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None


@dataclass
class _Watched:
    name: str
    part: Part
    started_at: float = 0.0
    pause: float = _FIRST_PAUSE
    due_at: float | None = None


@dataclass
class Supervisor:
    """Parts by name, in the order they need each other."""

    say: Say
    _watched: list[_Watched] = field(default_factory=list)

    def start(self, name: str, part: Part) -> None:
        """Start a part and watch it from now on."""
        # Watched first: a part that fails half way through its start is stopped like the others.
        watched = _Watched(name, part)
        self._watched.append(watched)
        part.start()
        watched.started_at = time.monotonic()

    def check(self) -> None:
        """Start again what has fallen, at growing intervals; call it about twice a second."""
        now = time.monotonic()
        for watched in self._watched:
            if watched.part.is_alive:
                if now - watched.started_at > _STEADY_SECONDS:
                    watched.pause = _FIRST_PAUSE
            elif watched.due_at is None:
                self.say(f"{watched.name} stopped; starting it again in {watched.pause:.0f} s (see {watched.part.log})")
                watched.due_at = now + watched.pause
                watched.pause = min(watched.pause * 2, _LONGEST_PAUSE)
            elif now >= watched.due_at:
                self._start_again(watched)

    def stop(self) -> None:
        """Stop every part, the last started first."""
        while self._watched:
            self._watched.pop().part.stop()

    def _start_again(self, watched: _Watched) -> None:
        watched.due_at = None
        watched.started_at = time.monotonic()
        try:
            watched.part.start()
        except Exception as error:  # noqa: BLE001 - whatever kept it from starting, the next attempt may work
            self.say(f"{watched.name} did not start: {error}")
