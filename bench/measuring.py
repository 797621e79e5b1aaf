"""Measurement: several runs of the same work, their median and spread, and the processor time behind them."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Floor:
    """The least that a unit of the work could cost on this machine, measured in the same minutes.

    `of` says what was measured: "an empty application", "a raw COPY". `cpu_us` is processor time a unit, compared
    with the row's; `figure` is in the row's own unit, compared where either has no processor time.
    """

    of: str
    cpu_us: float | None = None
    figure: float | None = None


@dataclass
class Runs:
    """The runs of one figure. A figure is a rate (units a second) or a duration; processor time is per unit."""

    name: str
    unit: str
    figures: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    note: str = ""
    floor: Floor | None = None

    def row(self) -> dict[str, Any]:
        """Return the figure as it is printed and written."""
        row = {
            "name": self.name,
            "unit": self.unit,
            "median": median(self.figures),
            "min": min(self.figures),
            "max": max(self.figures),
            "cpu_us": median(self.cpu_us) if self.cpu_us else None,
            "runs": len(self.figures),
        } | ({"note": self.note} if self.note else {})
        return on_floor(row, self.floor) if self.floor else row


def on_floor(row: dict[str, Any], floor: Floor) -> dict[str, Any]:
    """Return the row with its floor beside it: `floor`, `floor_of`, and `ratio`, how many times the floor it costs."""
    if floor.cpu_us and row["cpu_us"]:
        least, ratio = floor.cpu_us, row["cpu_us"] / floor.cpu_us
    elif floor.figure:
        is_rate = row["unit"].endswith("/s")
        least, ratio = floor.figure, floor.figure / row["median"] if is_rate else row["median"] / floor.figure
    else:
        return row
    return row | {"floor": least, "floor_of": floor.of, "ratio": ratio}


@dataclass
class Taken:
    """What a piece of work took: seconds by the clock, of processor here and in the processes named, and here alone."""

    wall: float = 0.0
    cpu: float = 0.0
    own: float = 0.0


@contextmanager
def watch(*pids: int | None) -> Iterator[Taken]:
    """Measure a block; `pids` are other programs (a database, a server) whose processor time counts as well."""
    taken = Taken()
    others = [pid for pid in pids if pid]
    began, before, there = time.perf_counter(), own_cpu(), sum(map(tree_cpu, others))
    yield taken
    taken.wall = time.perf_counter() - began
    taken.own = own_cpu() - before
    taken.cpu = taken.own + sum(map(tree_cpu, others)) - there


def rates(
    name: str, unit: str, work: Callable[[], int], *, runs: int, pids: tuple[int | None, ...] = (), note: str = ""
) -> dict[str, Any]:
    """Run `work` (it returns how many units it did) and return units per second."""
    found = Runs(name, unit, note=note)
    for _ in range(runs):
        with watch(*pids) as taken:
            units = work()
        found.figures.append(units / taken.wall)
        found.cpu_us.append(taken.cpu / units * 1e6)
    return found.row()


def durations(
    name: str, work: Callable[[], object], *, runs: int, pids: tuple[int | None, ...] = (), note: str = ""
) -> dict[str, Any]:
    """Run `work` and return milliseconds; processor time is that of one run."""
    found = Runs(name, "ms", note=note)
    for _ in range(runs):
        with watch(*pids) as taken:
            work()
        found.figures.append(taken.wall * 1000)
        found.cpu_us.append(taken.cpu * 1e6)
    return found.row()


def own_cpu() -> float:
    """Return the seconds of processor this process and its ended children have used."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def tree_cpu(pid: int) -> float:
    """Return the seconds of processor a process, its children and its ended children have used (Linux)."""
    return sum(tree_times(pid))


def tree_times(pid: int) -> tuple[float, float]:
    """Return the same seconds as spent by the programs themselves and, for them, in the kernel."""
    user = system = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        number, parent = int(stat.parent.name), int(words[1])
        if number == pid:
            user, system = user + int(words[11]) + int(words[13]), system + int(words[12]) + int(words[14])
        elif parent == pid:
            user, system = user + int(words[11]), system + int(words[12])
    return user / _TICKS, system / _TICKS


def peak_rss_mb(pid: int) -> float:
    """Return the most memory a process has held since it runs this program, in megabytes (Linux).

    What `getrusage` says would include the memory of the process that started it.
    """
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def memory_mb(*pids: int) -> float:
    """Return what these processes hold together now, in megabytes; what they share counts once (Linux)."""
    return sum(_proportional_kb(pid) for pid in pids) / 1024


def tree(pid: int) -> list[int]:
    """Return a process and all that it started, directly or not (Linux)."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def _proportional_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
