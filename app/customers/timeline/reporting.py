"""Records what programs, websites and shops report as it happens, and tells at once whoever waits for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.customers.facts import EventReported
from app.customers.timeline import activities
from app.customers.timeline.activities import ActivityRow
from app.kernel import extensions
from app.kernel.queueing import outbox

# What is reported later than that is history: it is recorded, and starts nothing.
LATE = timedelta(days=1)
# Clocks of programs may be ahead of ours by so much.
AHEAD = timedelta(minutes=5)

# (session, workspace, names) -> those of the names that somebody waits for
AwaitedNames = Callable[[Session, int, Collection[str]], Collection[str]]
# (session, workspace, now): told that something about customers of the workspace was reported
Prompt = Callable[[Session, int, datetime], None]


@dataclass(frozen=True)
class ReportListeners:
    """Who wants to know at once what is reported; higher rooms are among them."""

    awaited_names: tuple[AwaitedNames, ...] = ()
    prompts: tuple[Prompt, ...] = ()


def record(session: Session, workspace_id: int, rows: Sequence[ActivityRow], *, now: datetime) -> None:
    """Record reported events and announce those of awaited names that happened just now; raise EventTimeRefused."""
    if not rows:
        return
    activities.record_many(session, rows, now=now)
    fresh: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in rows:
        if now - LATE <= row.at <= now + AHEAD:
            fresh[row.name].append((row.customer_id, row.at.isoformat()))
    awaited = {
        name
        for asked in extensions.of(session, ReportListeners).awaited_names
        for name in (asked(session, workspace_id, fresh) if fresh else ())
    }
    outbox.publish_all(session, [EventReported(workspace_id, name, fresh[name]) for name in sorted(awaited)])


def told(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Say that something about customers was reported; asked last in a transaction, for others wait for it."""
    for prompt in extensions.of(session, ReportListeners).prompts:
        prompt(session, workspace_id, now)
