"""Several programs that live as one: what falls is started again, what was started is stopped."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from app.kernel.processes import children
from app.kernel.processes.supervisor import Program, Supervisor
from tests.factories.servers.processes import until


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]):
    made = Supervisor(say=said.append)
    yield made
    made.stop()


def program(name: str, code: str, folder: Path) -> Program:
    return Program(name, [sys.executable, "-c", code], env=os.environ, var_dir=folder, timeout=1)


def test_what_falls_is_started_again(supervisor: Supervisor, said: list[str], tmp_path: Path):
    sleeper = program("sleeper", "import time; time.sleep(600)", tmp_path)
    supervisor.start("sleeper", sleeper)
    before = sleeper.pid
    assert before
    os.kill(before, signal.SIGKILL)

    def is_back() -> bool:
        supervisor.check()
        return sleeper.pid != before and sleeper.is_alive

    until(is_back)

    assert sleeper.is_alive
    assert sleeper.pid != before
    assert "sleeper stopped; starting it again in 1 s" in said[0]


def test_a_program_that_does_not_listen_is_made_to_stop(supervisor: Supervisor, tmp_path: Path):
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    deaf = program("deaf", code, tmp_path)
    supervisor.start("deaf", deaf)
    until(lambda: "up" in deaf.log.read_text())

    supervisor.stop()

    assert not deaf.is_alive


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells who belongs to a session")
@pytest.mark.parametrize("fall", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_program_forked_ends_with_it(supervisor: Supervisor, fall: signal.Signals, tmp_path: Path):
    """A web server killed in its first second leaves a worker behind, which would hold the port for ever."""
    code = "import os, time; os.fork() or os.setpgrp(); print(os.getpid(), flush=True); time.sleep(600)"
    forking = program("forking", code, tmp_path)
    supervisor.start("forking", forking)
    until(lambda: len(forking.log.read_text().split()) == 2)
    assert forking.pid
    os.kill(forking.pid, fall)

    supervisor.stop()

    assert [children.command_line(int(pid)) for pid in forking.log.read_text().split()] == ["", ""]


def test_parts_stop_in_reverse_order(tmp_path: Path):
    order: list[str] = []

    class Noted:
        log = tmp_path / "log"
        is_alive = True

        def __init__(self, name: str) -> None:
            self.name = name

        def start(self) -> None:
            order.append(f"+{self.name}")

        def stop(self) -> None:
            order.append(f"-{self.name}")

    supervisor = Supervisor(say=order.append)
    for name in ("database", "web"):
        supervisor.start(name, Noted(name))
    supervisor.stop()

    assert order == ["+database", "+web", "-web", "-database"]
