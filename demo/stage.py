"""What all acts share: the shop's workspace, the moved clock, and waiting until all is calm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts import memberships, staff, workspaces
from app.accounts.identities import identities
from app.accounts.set_up import set_up
from app.cadence import policies
from app.cadence.decide import Cap
from app.consent import topics
from app.kernel.clock import OffsetClock, SystemClock
from app.kernel.queueing import outbox, relay
from app.kernel.services import Services
from app.tracking.hits import spool
from demo.announcing import ACTS, Announcer

NAME = "Nightjar Tea"
EMAIL = "demo@nightjar-tea.example"
PASSWORD = "a pot of tea at four"  # noqa: S105 - printed on the first start, for a shop that does not exist
# What somebody does may stand in nobody's list for a moment, between the process that did it and the next one.
_CALM_SECONDS = 0.3
_LONGEST_WAIT = 300.0
_BUSY = text(
    "SELECT (SELECT count(*) FROM outbox WHERE failed_at IS NULL AND (run_at IS NULL OR run_at <= :now))"
    " + (SELECT count(*) FROM messages WHERE workspace_id = :workspace_id AND state IN ('queued', 'handed')"
    "     AND coalesce(due_at, :now) <= :now"
    "     AND send_id IN (SELECT id FROM sends WHERE workspace_id = :workspace_id AND state = 'running'))"
)


_STAY_SIGNED_IN = text("UPDATE staff_sessions SET expires_at = expires_at + :by")
_BEGUN = text("SELECT name, slot FROM cron_ticks")
_READ = text('SELECT coalesce(sum("offset"), 0) FROM spool_positions WHERE owner = 0 AND file = ANY(:files)')


class NotCalm(Exception):
    """Work that should have been done by now is still waiting."""


@dataclass
class Stage:
    """The open shop. `clock` is read by every process of the installation."""

    services: Services
    clock: OffsetClock
    console: Console
    workspace_id: int
    staff_id: int
    news_id: int
    announcer: Announcer
    began: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> datetime:
        return self.services.clock.now()

    @property
    def mail(self) -> Path:
        """Return the folder of the mail catcher."""
        return self.services.settings.var_dir / "mail"

    @contextmanager
    def transaction(self, *, reading: bool = False) -> Iterator[Session]:
        with self.services.database.transaction(self.workspace_id, reading=reading) as session:
            yield session

    def count(self, sql: str, **values: object) -> int:
        """Return one number asked of the database itself; `:w` is the workspace."""
        with self.transaction() as session:
            return int(session.scalar(text(sql), {"w": self.workspace_id, **values}) or 0)

    def advance(self, **by: float) -> None:
        """Move the clock of every process forward and let them all do what has become due."""
        self._move(timedelta(**by))
        self.announcer.tell(self.now)
        # Whoever is woken now must see the new time.
        time.sleep(OffsetClock.REREAD_AFTER)
        with self.transaction() as session:
            session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": outbox.CHANNEL})
        self.settle()

    def _move(self, by: timedelta) -> None:
        """Move the clock, and with it until when those who look on are signed in."""
        with self.transaction() as session:
            session.execute(_STAY_SIGNED_IN, {"by": by})
        self.clock.advance(by)

    def pass_a_day(self) -> None:
        """Let a day go by in steps, so that every time zone has an hour in which mail may come."""
        for hours in (3, 9, 12):
            self.advance(hours=hours)

    def settle(self) -> None:
        """Wait until every recurring job has begun a run and nothing that is due waits any more."""
        moved_at, before, calm_since = time.monotonic(), -1, 0.0
        while True:
            # Only two looks that both find nothing are calm, however long a busy machine lets us sleep between them.
            busy, looked_at = self._waiting(), time.monotonic()
            if busy:
                calm_since = 0.0
            elif not calm_since:
                calm_since = looked_at
            elif looked_at - calm_since > _CALM_SECONDS:
                return
            # As long as something gets done, however slowly, nothing is stuck.
            if busy != before:
                moved_at, before = looked_at, busy
            if looked_at - moved_at > _LONGEST_WAIT:
                raise NotCalm(f"{busy} pieces of work are still waiting")
            time.sleep(0.25 if busy else 0.1)

    def _waiting(self) -> int:
        """Count what is due: runs of recurring jobs, jobs, messages, and hits not yet stored (by their bytes)."""
        files = spool.list_files(self.services.settings.spool_dir)
        now = self.now
        with self.transaction() as session:
            begun = {row.name: row.slot for row in session.execute(_BEGUN)}
            busy = session.scalar(_BUSY, {"workspace_id": self.workspace_id, "now": now})
            read = session.scalar(_READ, {"files": [file.name for file in files]})
        unbegun = sum(begun.get(name, -1) < slot for name, slot in relay.current_slots(self.services, now).items())
        written = sum(file.stat().st_size for file in files if file.exists())
        return int(unbegun + (busy or 0) + max(0, written - int(read or 0)))

    def watch(self, label: str, total: int, done: Callable[[], int], *, timeout: float = _LONGEST_WAIT) -> None:
        """Show a bar until `done` reaches `total`; raise NotCalm when it stands still for too long."""
        words = (SpinnerColumn(), TextColumn("{task.description}"))
        columns = (*words, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(label, total=total)
            moved_at, before = time.monotonic(), -1
            while (reached := done()) < total:
                if reached != before:
                    moved_at, before = time.monotonic(), reached
                    self.announcer.tell(self.now, within=reached / total)
                elif time.monotonic() - moved_at > timeout:
                    raise NotCalm(f"{label}: stands at {reached} of {total}")
                progress.update(task, completed=reached)
                time.sleep(0.2)

    def say(self, line: str) -> None:
        self.console.print(f"[dim]{time.monotonic() - self.began:5.0f} s[/dim] {line}", highlight=False)

    def come_home(self) -> None:
        """Let the clock show the real time again, and everybody do what has become due until then."""
        self._move(SystemClock().now() - self.clock.now())
        self.settle()

    def next_act(self) -> None:
        """Begin the next act, and tell so in the terminal and on the pages."""
        self.announcer.number += 1
        self.announcer.tell(self.now)
        self.console.rule(f"[bold]{self.announcer.number}  {ACTS[self.announcer.number - 1].title}", align="left")


def open_shop(services: Services, console: Console, *, days_ago: int) -> Stage:
    """Make the shop's workspace on a clock set back so far that the demonstration can end today."""
    file = services.settings.clock_file
    if file is None:
        raise SystemExit("The demonstration moves the clock: CLOCK_FILE must name the file that all processes read.")
    file.unlink(missing_ok=True)
    clock = OffsetClock(file)
    began = (clock.now() - timedelta(days=days_ago)).replace(hour=13, minute=0, second=0)
    clock.advance(began - clock.now())
    services = replace(services, clock=clock)
    _restart_recurring(services)
    now = clock.now()
    with services.database.transaction() as session:
        workspace = workspaces.create(
            session,
            name=NAME,
            language="en",
            time_zone="Europe/Berlin",
            sender_name=NAME,
            sender_address="hello@nightjar-tea.example",
            postal_address="Nightjar Tea GmbH\nHafenstraße 9\n20457 Hamburg, Germany",
            now=now,
        )
        owner = staff.find_by_email(session, EMAIL) or staff.create(
            session, email=EMAIL, name="Dora Demo", password=PASSWORD, now=now
        )
        workspace_id, staff_id = workspace.id, owner.id
    with services.database.transaction(workspace_id) as session:
        memberships.grant(session, workspace_id, staff_id, "owner")
        identities.create(
            session,
            workspace_id,
            identities.Sender(from_name=NAME, from_address="hello@nightjar-tea.example"),
            keys=services.settings.secret_keys,
            staff_id=staff_id,
            now=now,
            is_proved=True,
        )
        news = topics.create(
            session,
            workspace_id,
            key="news",
            name="Tea news",
            description="New teas, recipes and offers",
            promised_limit=4,
            promised_days=30,
        )
        _set_up(session, workspace_id, staff_id, now)
        # One mail a week at most, whatever it is about: the second campaign will show what that does.
        policies.change(session, workspace_id, replace(policies.get(session, workspace_id), cap=Cap(1, 7)))
    return Stage(
        services, clock, console, workspace_id, staff_id, news.id, Announcer(services.settings.announcement_file)
    )


def _set_up(session: Session, workspace_id: int, staff_id: int, now: datetime) -> None:
    """Answer what the set-up asks of a new workspace; what is not needed for a shop like this is passed over."""
    answers = {
        "purpose": "Bring back those who bought once, and know who is worth a letter by post.",
        "knowledge": "What they bought, then which teas they like, then their town.",
        "size": "Some thousands of people, a hundred orders a day.",
        "steward": "Dora Demo",
        "process": "The shop tells of orders as they come; files of fairs are imported monthly. Two hours a week.",
        "care": "Every first Monday Dora asks again for what is old, and reviews duplicates.",
    }
    for key, said in answers.items():
        set_up.answer(session, workspace_id, key, said, staff_id=staff_id, now=now)
    for key in ("fields", "sources", "roles", "quotas", "quality", "first_send"):
        set_up.skip(session, workspace_id, key, staff_id=staff_id, now=now)


def _restart_recurring(services: Services) -> None:
    """Forget which slots have begun: on a clock set back, who waits would take those of an earlier show for begun."""
    with services.database.transaction() as session:
        session.execute(text("DELETE FROM cron_ticks"))
