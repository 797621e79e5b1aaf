"""Jobs by name: what runs, in which queue, and how often by itself; relay and workers look them up here."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

JobFunction = Callable[..., None]

# In the order in which a worker that serves all of them takes from them: first what somebody waits for at a screen.
# Each queue keeps what may take long from standing before what must not wait for it.
TRANSACTIONAL_QUEUE, DEFAULT_QUEUE, STAFF_MAIL_QUEUE, IMPORT_QUEUE, SEND_QUEUE = QUEUES = (
    *("transactional", "default", "staff_mail", "imports", "send"),
)
# Of these a workspace has one job under way at a time, whatever else it may have.
ONE_AT_A_TIME = frozenset({STAFF_MAIL_QUEUE, IMPORT_QUEUE})
# Their jobs may take long; a worker that serves several of these takes from each in turn.
LONG_QUEUES = frozenset({STAFF_MAIL_QUEUE, IMPORT_QUEUE, SEND_QUEUE})
_SHORT = (TRANSACTIONAL_QUEUE, DEFAULT_QUEUE, STAFF_MAIL_QUEUE)


@dataclass(frozen=True)
class Job:
    """One named job `(services, *, ids...) -> None`, and how often it runs by itself (None: only when asked for)."""

    name: str
    function: JobFunction
    every: timedelta | None = None

    def __call__(self, *args: Any, **values: Any) -> None:
        """Run it here and now."""
        self.function(*args, **values)

    def accepted(self, args: dict[str, Any]) -> dict[str, Any]:
        """Return those of `args` the function names; a listener takes from a fact only what it needs."""
        parameters = inspect.signature(self.function).parameters.values()
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            return args
        names = {parameter.name for parameter in parameters}
        return {name: value for name, value in args.items() if name in names}


def job(name: str, *, every: timedelta | None = None) -> Callable[[JobFunction], Job]:
    """Make a function the job of this name; it is found through the module it stands in."""

    def made(function: JobFunction) -> Job:
        return Job(name, function, every)

    return made


@dataclass(frozen=True)
class Jobs:
    """Every job of the installation: by the first part of its name, the module it stands in; and where it waits.

    `queues` is known without importing those modules, so that who asks for a job need not be able to run it. Jobs that
    are not named there wait in the default queue.
    """

    modules: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)

    def queue_of(self, name: str) -> str:
        """Return the queue a job waits in."""
        return self.queues.get(name, DEFAULT_QUEUE)

    def find(self, name: str) -> Job:
        """Return the job of this name, importing its module on first use; KeyError when there is none."""
        return {found.name: found for found in _jobs_in(self.modules[name.partition(".")[0]])}[name]

    def list_all(self) -> list[Job]:
        """Return every job, importing every module."""
        return [found for module in self.modules.values() for found in _jobs_in(module)]


def _jobs_in(module: str) -> Iterator[Job]:
    return (each for each in vars(importlib.import_module(module)).values() if isinstance(each, Job))


def queues_of(number: int, workers: int) -> tuple[str, ...]:
    """Return the queues that one of so many workers (the first is 1) takes from.

    Of two, one does not send and the other does not import; of more, the first does neither, so that whatever is under
    way, somebody is there for what is done in a moment.
    """
    if workers == 1:
        return QUEUES
    long = {1: (IMPORT_QUEUE,), 2: (SEND_QUEUE,)} if workers == 2 else {1: (), 2: (IMPORT_QUEUE,)}
    return (*_SHORT, *long.get(number, (SEND_QUEUE,)))
