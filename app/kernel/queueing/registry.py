"""The registry of jobs: their names, queues and functions.

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

# In the order in which a worker that serves all of them takes from them: first what somebody waits for at a screen.
# Each queue keeps what may take long from standing before what must not wait for it.
NOTICE_QUEUE, DEFAULT_QUEUE, STAFF_MAIL_QUEUE, IMPORT_QUEUE, SEND_QUEUE = QUEUES = (
    *("notices", "default", "staff_mail", "imports", "send"),
)
# Which jobs wait elsewhere than in the default queue, known without importing the rooms they live in.
_ELSEWHERE = {
    "delivery.send_confirmation": NOTICE_QUEUE,
    "delivery.send_notices": NOTICE_QUEUE,
    "delivery.send_invitation": STAFF_MAIL_QUEUE,
    "delivery.send_staff_mail": STAFF_MAIL_QUEUE,
    "customers.check_import": IMPORT_QUEUE,
    "customers.run_import": IMPORT_QUEUE,
    "delivery.send_lane": SEND_QUEUE,
}
# Of these a workspace has one job under way at a time, whatever else it may have.
ONE_AT_A_TIME = frozenset({STAFF_MAIL_QUEUE, IMPORT_QUEUE})
# Their jobs may take long; a worker that serves several of these takes from each in turn.
LONG_QUEUES = frozenset({STAFF_MAIL_QUEUE, IMPORT_QUEUE, SEND_QUEUE})
_SHORT = (NOTICE_QUEUE, DEFAULT_QUEUE, STAFF_MAIL_QUEUE)


@dataclass(frozen=True)
class Job:
    """One named job: what runs, on which queue, and how often by itself (None: only when asked)."""

    name: str
    function: JobFunction
    queue: str
    every: timedelta | None


JOBS: dict[str, Job] = {}


def job(
    name: str, *, queue: str = DEFAULT_QUEUE, every: timedelta | None = None
) -> Callable[[JobFunction], JobFunction]:
    """Register a function `(services, *, ids...) -> None` under its name."""

    def register(function: JobFunction) -> JobFunction:
        JOBS[name] = Job(name, function, _ELSEWHERE.get(name, queue), every)
        return function

    return register


def queue_of(name: str) -> str:
    """Return the queue a job waits in, without importing its room."""
    known = JOBS.get(name)
    return known.queue if known else _ELSEWHERE.get(name, DEFAULT_QUEUE)


def queues_of(number: int, workers: int) -> tuple[str, ...]:
    """Return the queues that one of so many workers (the first is 1) takes from.

    Of two, one does not send and the other does not import; of more, the first does neither, so that whatever is under
    way, somebody is there for what is done in a moment.
    """
    if workers == 1:
        return QUEUES
    long = {1: (IMPORT_QUEUE,), 2: (SEND_QUEUE,)} if workers == 2 else {1: (), 2: (IMPORT_QUEUE,)}
    return (*_SHORT, *long.get(number, (SEND_QUEUE,)))


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
