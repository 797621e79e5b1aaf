"""The steps of an import, from upload through mapping and preview to completion.

The states of an import, and who moves it:

    uploaded --> mapped      staff say what the columns mean (mapping.decide)
    mapped ----> checking    staff ask for a preview (check); from checked and checking again
    checking --> checked     the preview job, at the end of the file (checking)
    mapped, checking, checked --> running    staff start it (start)
    running ---> done        the import job, at the end of the file (running)
    running ---> failed      the import job, when what it reads is no table (running)
    running ---> paused      staff have it wait after the batch under way (pause); start lets it go on
    running, paused --> cancelled    staff end it (cancel); what was written stays
    done, failed, cancelled --> undoing    staff take it back (undoing.undo)
    undoing ---> undone      the undo job, when nothing is left (undoing.undo)
    mapped, checking, checked --> uploaded    staff choose another separator, encoding or sheet (reopen)

Whoever moves an import holds it first (held), so that each step sees what the one before it left. A run that stops on
the way stays `running`, with its `failure`, until staff let it go on. Lock order, for whoever writes rows of a file:
the import, the imports of the workspace, the ledger's head, then customers.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.customers.imports import keeping, kinds
from app.customers.imports.models import Import, RefusedRow
from app.kernel.queueing import outbox
from app.kernel.refusals import Refusal
from app.kernel.sql import keyed_rows
from app.kernel.translatable import N_

# So long its columns, and how its file is read, may be chosen.
OPEN = ("uploaded", "mapped", "checking", "checked")
MOST_CAUSES = 30
# In the others its counts and rejected rows are those of the run.
RUN = ("running", "paused", "cancelled", "done", "failed", "undoing", "undone")


class NotReady(Refusal):
    """The file is not at a point from which it could go on."""

    message = N_("Choose what the columns mean first.")


class AlreadyStarted(NotReady):
    """How the file is read was settled when it was started."""

    message = N_("This import has been started already. Its columns can no longer be changed.")


class AlreadyEnded(NotReady):
    """There is nothing left to start."""

    message = N_("This import has ended. To import the file again, upload it anew.")


class NotRunning(NotReady):
    """There is no run to pause or to cancel."""

    message = N_("This import is not running.")


class NoTable(Refusal):
    """The preview gave up, because most rows cannot be read."""

    message = N_("Most rows of this file cannot be read. Choose another separator or encoding, or correct the file.")


def get(session: Session, workspace_id: int, import_id: int) -> Import:
    """Return the import; raise NotFound."""
    return keyed_rows.get(session, Import, workspace_id, import_id)


def held(session: Session, workspace_id: int, import_id: int) -> Import:
    """Return the import as it is once the batch or step under way is written, and keep others from moving it.

    Raise NotFound.
    """
    return keyed_rows.hold(session, Import, workspace_id, import_id)


def held_open(session: Session, workspace_id: int, import_id: int) -> Import:
    """Hold an import whose columns may still be chosen; raise AlreadyStarted."""
    found = held(session, workspace_id, import_id)
    if found.state not in OPEN:
        raise AlreadyStarted
    return found


def list_latest(session: Session, workspace_id: int, *, before: int | None = None, limit: int = 20) -> list[Import]:
    """Return imports, newest first, older than `before`."""
    query = select(Import).where(Import.workspace_id == workspace_id)
    if before is not None:
        query = query.where(Import.id < before)
    return list(session.scalars(query.order_by(Import.id.desc()).limit(limit)))


def reopen(found: Import) -> None:
    """Forget what the columns mean, because the file is read otherwise now. Hold the import first."""
    found.mapping, found.options, found.rehearsal, found.state = {}, {}, {}, "uploaded"


def check(session: Session, found: Import) -> None:
    """Have the file rehearsed in the background. Hold the import first."""
    require(found, "mapped", "checked", "checking")
    found.state, found.rehearsal = "checking", {}
    _ask(session, "customers.check_import", found)


def start(session: Session, found: Import) -> None:
    """Have the file taken over in the background; asked twice, it runs once, and one that stands still goes on.

    Hold the import first.
    """
    if found.state == "done" or (found.state == "running" and not found.failure):
        return
    if found.state == "running":
        _ask(session, "customers.run_import", found)
        return
    if found.state in ("cancelled", "failed", "undoing", "undone"):
        raise AlreadyEnded
    require(found, "mapped", "checked", "checking", "paused")
    if "stopped" in found.rehearsal:
        raise NoTable
    found.state = "running"
    _ask(session, "customers.run_import", found)


def pause(found: Import) -> None:
    """Have the run wait: the batch under way is still written, none after it. Hold the import first."""
    if found.state == "paused":
        return
    _require_run(found, "running")
    found.state, found.failure = "paused", None


def cancel(session: Session, found: Import, *, now: datetime) -> None:
    """End the run: rows written so far stay and can be undone, the others are not read. Hold the import first."""
    if found.state == "cancelled":
        return
    _require_run(found, "running", "paused")
    found.state, found.finished_at, found.failure = "cancelled", now, None
    keeping.settle(session, found)
    if fact := kinds.get(session, found.kind).imported(found.workspace_id, found.id):
        outbox.publish(session, fact)


def list_refused(session: Session, found: Import, *, after: int = 0, limit: int = 1000) -> list[RefusedRow]:
    """Return rows that could not be taken, in the order of the file."""
    query = select(RefusedRow).where(
        RefusedRow.workspace_id == found.workspace_id, RefusedRow.import_id == found.id, RefusedRow.row > after
    )
    return list(session.scalars(query.order_by(RefusedRow.row).limit(limit)))


def list_causes(session: Session, found: Import) -> list[tuple[RefusedRow, int]]:
    """Return why rows could not be taken, the most frequent cause first: its first row, and how many there are."""
    of_this = RefusedRow.workspace_id == found.workspace_id, RefusedRow.import_id == found.id
    grouped = (
        select(func.min(RefusedRow.row).label("row"), func.count().label("rows"))
        .where(*of_this)
        .group_by(RefusedRow.reason, RefusedRow.place)
        .order_by(func.count().desc(), func.min(RefusedRow.row))
        .limit(MOST_CAUSES)
        .subquery()
    )
    query = select(RefusedRow, grouped.c.rows).join(grouped, RefusedRow.row == grouped.c.row).where(*of_this)
    found_rows = session.execute(query.order_by(grouped.c.rows.desc(), RefusedRow.row))
    return [(row, count) for row, count in found_rows]


def require(found: Import, *states: str) -> None:
    """Raise NotReady unless the file is at one of these points."""
    if found.state not in states:
        raise NotReady


def _require_run(found: Import, *states: str) -> None:
    if found.state not in states:
        raise NotRunning


def _ask(session: Session, job: str, found: Import) -> None:
    key = f"{job}:{found.workspace_id}:{found.id}"
    outbox.enqueue(session, job, workspace_id=found.workspace_id, import_id=found.id, key=key)
