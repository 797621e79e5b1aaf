"""Checks a file for the preview: the same way as an import, writing only the result."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.customers.imports import plans, steps
from app.customers.imports.plans import Plan
from app.customers.imports.previewing.preview import Preview
from app.kernel.clock import Clock
from app.kernel.database import Database


def check(database: Database, clock: Clock, workspace_id: int, import_id: int, *, rows: int | None = None) -> None:
    """Look through the file and note what taking it over would do."""
    with database.transaction(workspace_id) as session:
        found = steps.held(session, workspace_id, import_id)
        if found.state != "checking":
            return
        plan = plans.make(session, found)
    preview = Preview()
    for batch in plans.read(plans.stored(database, plan), plan, rows):
        with database.transaction(workspace_id) as session:
            preview.add(session, plan, batch, now=clock.now())
            _note(session, plan, preview, batch.bytes_read)
        if preview.stopped:
            break
    with database.transaction(workspace_id) as session:
        _note(session, plan, preview, None)


def _note(session: Session, plan: Plan, preview: Preview, bytes_done: int | None) -> None:
    found = steps.held(session, plan.workspace_id, plan.import_ref.import_id)
    if found.state != "checking":
        return
    found.rehearsal = {**preview.dump(), "bytes_done": found.size_bytes if bytes_done is None else bytes_done}
    if bytes_done is None:
        found.state = "checked"
