"""Which jobs are there, and where does each live?

`@job("room.verb_noun")` in `app/<room>/jobs.py` names one. A worker imports the room when a job of it arrives, so that
a sender process holds no more of the house than it needs.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

JobFunction = Callable[..., None]

# Queues other than the default one, known without importing the room that asks for them.
DEFAULT_QUEUE, SEND_QUEUE = QUEUES = ("default", "send")
_LANES = {"delivery.send_lane": SEND_QUEUE}


@dataclass(frozen=True)
class Job:
    """One named job: what runs, on which queue, and how often by itself (None: only when asked)."""

    name: str
    function: JobFunction
    queue: str
    every: timedelta | None


JOBS: dict[str, Job] = {}


def job(name: str, *, queue: str = "default", every: timedelta | None = None) -> Callable[[JobFunction], JobFunction]:
    """Register a function `(services, *, ids...) -> None` under its name."""

    def register(function: JobFunction) -> JobFunction:
        JOBS[name] = Job(name, function, _LANES.get(name, queue), every)
        return function

    return register


def queue_of(name: str) -> str:
    """Return the queue a job waits in, without importing its room."""
    known = JOBS.get(name)
    return known.queue if known else _LANES.get(name, "default")


def find(name: str) -> Job:
    """Return the job of this name, importing its room's jobs on first use; KeyError when there is none."""
    if name not in JOBS:
        importlib.import_module(f"app.{name.partition('.')[0]}.jobs")
    return JOBS[name]


def accepted(function: JobFunction, args: dict[str, Any]) -> dict[str, Any]:
    """Return those of `args` the function names; a listener takes from a fact only what it needs."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return args
    names = {parameter.name for parameter in parameters}
    return {name: value for name, value in args.items() if name in names}
