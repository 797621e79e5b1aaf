"""What was appended is read once and whole, whatever the disk, the power or other processes do."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.tracking.hits import spool
from app.tracking.hits.spool import Line, Spool
from tests.factories.tracking import spooled


def a_line(number: int, *, agent: str = "Firefox") -> Line:
    return Line("open", 1.5, 1, number, 3, 4, 0, "GET", "192.0.2.0", agent, "")


def numbers_in(folder: Path) -> list[int]:
    return sorted(line.message_id for line in spooled(folder))


@contextmanager
def disk_with_room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond this size, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("text", ["Mozilla/5.0", 'a"b\\c\n\r\t]', "\x1b[31m\u2028é大😀", "\ud800"])
def test_a_line_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    line = a_line(1, agent=text)._replace(at=1_772_452_800.123456, referer=text)
    Spool(tmp_path).append(line)

    assert spooled(tmp_path) == [line]


def test_a_torn_last_line_is_left_and_the_file_goes_when_its_writer_does(tmp_path: Path) -> None:
    writer = Spool(tmp_path)
    writer.append(a_line(1))
    (path,) = spool.list_files(tmp_path)
    with path.open("ab") as file:
        file.write(b'["open", 2.0, 1')
    chunk = spool.read(path, 0, until=10.0, limit_bytes=10**6)

    assert len(chunk.entries) == 1
    assert not spool.delete_if_finished(path, chunk.end)
    writer.close()
    assert spool.delete_if_finished(path, chunk.end)
    assert spool.list_files(tmp_path) == []


@pytest.mark.parametrize("room", [0, 1, 20, 40])
def test_a_full_disk_costs_the_line_it_tore_and_no_other(tmp_path: Path, room: int) -> None:
    """What was torn when the room ran out does not spoil the line that is written once there is room again."""
    writer = Spool(tmp_path)
    writer.append(a_line(1))
    (path,) = spool.list_files(tmp_path)
    with disk_with_room_for(path.stat().st_size + room), pytest.raises(OSError, match=r"part of a line|too large"):
        writer.append(a_line(2))
    writer.append(a_line(3))

    assert numbers_in(tmp_path) == [1, 3]
    assert spool.list_files(tmp_path) == [path]


@pytest.mark.parametrize("rest", [b"", b"\0" * 700, b'\n["open",1.5,1,9,3', b"\0\0\n\0\0\n"])
def test_what_a_power_cut_leaves_at_the_end_is_no_hit(tmp_path: Path, rest: bytes) -> None:
    """A file system may bring back a file cut short, or filled up with zeros."""
    writer = Spool(tmp_path)
    for number in range(3):
        writer.append(a_line(number))
    writer.close()
    (path,) = spool.list_files(tmp_path)
    os.truncate(path, path.stat().st_size - 5)
    with path.open("ab") as file:
        file.write(rest)
    chunk = spool.read(path, 0, until=10.0, limit_bytes=10**6)

    assert [line.message_id for _, line in chunk.entries] == [0, 1]
    assert spool.delete_if_finished(path, chunk.end)


def test_a_file_shorter_than_what_was_stored_of_it_is_done_with(tmp_path: Path) -> None:
    """PostgreSQL flushes what it commits and the spool does not: after a power cut the position may lie beyond."""
    writer = Spool(tmp_path)
    writer.append(a_line(1))
    writer.close()
    (path,) = spool.list_files(tmp_path)

    assert spool.read(path, 10_000, until=10.0, limit_bytes=10**6).entries == []
    assert spool.delete_if_finished(path, 10_000)


def test_threads_that_share_a_spool_lose_nothing_when_it_rotates(tmp_path: Path) -> None:
    writer, long = Spool(tmp_path), "x" * 1500

    def append(first: int) -> None:
        for number in range(first, first + 2000):
            writer.append(a_line(number, agent=long))

    threads = [threading.Thread(target=append, args=(first,)) for first in range(0, 12_000, 2000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert numbers_in(tmp_path) == list(range(12_000))
    assert len(spool.list_files(tmp_path)) == 3
    assert list(tmp_path.glob("*.new")) == []


def test_a_file_left_behind_by_rotation_can_be_deleted(tmp_path: Path) -> None:
    writer, long = Spool(tmp_path), "x" * 100_000
    for number in range(85):
        writer.append(a_line(number, agent=long))
    rotated, current = spool.list_files(tmp_path)

    assert spool.delete_if_finished(rotated, rotated.stat().st_size)
    assert not spool.delete_if_finished(current, current.stat().st_size)


def test_processes_share_a_folder_and_not_a_file(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from app.tracking.hits.spool import Line, Spool\n"
        "spool = Spool(Path(sys.argv[1])); first = int(sys.argv[2])\n"
        "for n in range(first, first + 500): spool.append(Line('open', 1.5, 1, n, 3, 4, 0, 'GET', '', '', ''))\n"
    )
    words = [sys.executable, "-c", script, str(tmp_path)]
    processes = [subprocess.Popen([*words, str(first)]) for first in (0, 500)]

    assert [process.wait() for process in processes] == [0, 0]
    assert numbers_in(tmp_path) == list(range(1000))
    assert len(spool.list_files(tmp_path)) == 2
