"""Work on untrusted input in children, which may end as they like."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from app.kernel.processes.sandbox import ChildBusy, ChildDied, Limits, Sandbox
from tests.kernel.processes import child_of_sandbox


def a_sandbox(**limits: float) -> Sandbox:
    return Sandbox(Path(child_of_sandbox.__file__), limits=Limits(**limits))  # type: ignore[arg-type]


@pytest.fixture
def sandbox():
    made = a_sandbox(cpu_seconds=1, memory_bytes=1 << 30, answer_bytes=1 << 20)
    yield made
    made.close()


@pytest.mark.parametrize("way", [b"die", b"spin", b"fill"])
def test_what_ends_a_child_ends_neither_us_nor_the_next(sandbox, way):
    with pytest.raises(ChildDied):
        sandbox.run(way)

    assert sandbox.run(b"x" * 3_000_000) == b"3000000"


def test_a_child_is_used_again(sandbox):
    assert sandbox.run(b"process") == sandbox.run(b"process")


def test_a_child_that_waits_for_nothing_is_given_up():
    sandbox = a_sandbox(seconds=0.2)

    with pytest.raises(ChildBusy):
        sandbox.run(b"sleep")


def test_answers_go_to_who_asked(sandbox):
    """Web threads share the children."""
    wrong: list[int] = []

    def ask(size: int) -> None:
        wrong.extend(size for _ in range(20) if sandbox.run(b"x" * size) != b"%d" % size)

    threads = [threading.Thread(target=ask, args=(size,)) for size in range(100, 108)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_a_forked_process_has_children_of_its_own(sandbox):
    """A sender is a fork of its worker; both speaking to one child would read each other's answers."""
    before = sandbox.run(b"process")
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, sandbox.run(b"process"))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        other = said.read()

    assert other
    assert other != before
    assert sandbox.run(b"process") == before


def test_a_child_knows_no_secrets(sandbox, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "s")

    assert b"SECRET_KEY" not in sandbox.run(b"environment")
