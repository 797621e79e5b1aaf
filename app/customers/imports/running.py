"""Runs an import: one transaction per batch, exactly once, safe against being killed.

The position is locked and moved in the transaction that writes the rows. Two workers on one file cannot both write a
batch: the second finds that the position has moved, and leaves the file to the first. Whatever can be done before
anybody has to wait (reading, consent texts, the copy into temporary tables) is done before the ledger is held.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.customers.imports import evidence, keeping, kinds, plans, steps, tallies
from app.customers.imports.models import Import, RefusedRow
from app.customers.imports.parsing import batches
from app.customers.imports.parsing.batches import Batch, Refused
from app.customers.imports.people_staging import Outcome
from app.customers.imports.plans import Plan
from app.kernel.clock import Clock
from app.kernel.database import Database
from app.kernel.queueing import outbox

# A person signing up between our look and our writing makes the batch look again.
TRIES = 4
MOST_REPEATS = 200


def run(database: Database, clock: Clock, workspace_id: int, import_id: int, *, rows: int | None = None) -> None:
    """Take the file over from where it stands; a finished one is left alone, and one that is no table is given up."""
    with database.transaction(workspace_id) as session:
        found = steps.held(session, workspace_id, import_id)
        if found.state != "running":
            return
        found.started_at = found.started_at or clock.now()
        plan = plans.make(session, found)
    seen: Counter[str] = Counter()
    quote_line = None
    for batch in plans.read(plans.stored(database, plan), plan, rows):
        if not _take_over(database, clock, plan, batch):
            return
        seen += tallies.seen_in(batch)
        quote_line = quote_line or tallies.open_quote(batch)
        if tallies.is_no_table(seen):
            with database.transaction(workspace_id) as session:
                _stop(session, steps.held(session, workspace_id, import_id), batch, quote_line, now=clock.now())
            return
    with database.transaction(workspace_id) as session:
        _finish(session, steps.held(session, workspace_id, import_id), now=clock.now())


def note_trouble(database: Database, workspace_id: int, import_id: int, trouble: Exception) -> None:
    """Let the page say that the file stands still, by the kind of trouble and without anybody's data."""
    with database.transaction(workspace_id) as session:
        steps.held(session, workspace_id, import_id).failure = type(trouble).__name__


def _take_over(database: Database, clock: Clock, plan: Plan, batch: Batch) -> bool:
    """Write one batch with the position after it; return False where another worker has done so already."""
    _prepare(database, clock, plan, batch)
    for attempt in range(TRIES):
        try:
            with database.transaction(plan.workspace_id) as session:
                found = steps.held(session, plan.workspace_id, plan.import_ref.import_id)
                if found.state != "running" or max(found.rows_done, plan.layout.header) != batch.first - 1:
                    return False
                _write(session, plan, found, batch, now=clock.now())
                return True
        except IntegrityError:
            if attempt == TRIES - 1:
                raise
    return False


def _prepare(database: Database, clock: Clock, plan: Plan, batch: Batch) -> None:
    """Store the texts people agreed to in a transaction of their own, before anybody waits for the ledger."""
    terms = {said.terms for person in batch.people for said in person.answers if said.is_yes}
    if terms:
        with database.transaction(plan.workspace_id) as session:
            evidence.prepare(session, plan.workspace_id, terms, now=clock.now())


def _write(session: Session, plan: Plan, found: Import, batch: Batch, *, now: datetime) -> None:
    plans.take_turn(session, plan.workspace_id)
    plan.stage.load(session, batch.laid_out)
    _keep(session, plan, batch.refused)
    if any(person.answers for person in batch.people):
        evidence.lock_answers(session, plan.workspace_id)
    outcome = _stage(session, plan, batch, now=now)
    late = tallies.refused_rows(batch, outcome)
    answers = tallies.evidence_rows(batch, outcome, plan.digest_key)
    told = evidence.hand_on(session, plan.workspace_id, plan.import_ref, answers, now=now)
    _keep(session, plan, late)
    counts = Counter(found.counts) + tallies.counts(batch, outcome, [*batch.refused, *late]) + Counter(told)
    found.counts, found.failure = dict(counts), None
    if batch.repeats and len(found.repeats) < MOST_REPEATS:
        found.repeats = [*found.repeats, *map(list, batch.repeats)][:MOST_REPEATS]
    found.rows_done, found.bytes_done = batch.end - 1, batch.bytes_read


def _stage(session: Session, plan: Plan, batch: Batch, *, now: datetime) -> Outcome:
    return plan.stage.take_over(session, batch, plan.digest_key, rehearse=False, now=now)


def _keep(session: Session, plan: Plan, refused: list[Refused]) -> None:
    if refused:
        session.execute(insert(RefusedRow), [_kept(plan, row) for row in refused])


def _kept(plan: Plan, row: Refused) -> dict[str, Any]:
    return {
        "workspace_id": plan.workspace_id,
        "import_id": plan.import_ref.import_id,
        "row": row.row,
        "reason": row.reason,
        "detail": batches.storable([row.detail])[0],
        "place": row.place,
        "cells": row.cells,
    }


def _finish(session: Session, found: Import, *, now: datetime) -> None:
    if found.state != "running":
        return
    found.state, found.finished_at, found.bytes_done, found.failure = "done", now, found.size_bytes, None
    _announce(session, found)


def _stop(session: Session, found: Import, batch: Batch, quote_line: int | None, *, now: datetime) -> None:
    """Give up a file that is no table: what was taken over stays, the rest is not read."""
    found.state, found.finished_at = "failed", now
    found.rehearsal = {**found.rehearsal, "stopped": {"row": batch.end - 1, "quote_line": quote_line}}
    _announce(session, found)


def _announce(session: Session, found: Import) -> None:
    keeping.settle(session, found)
    if fact := kinds.get(session, found.kind).imported(found.workspace_id, found.id):
        outbox.publish(session, fact)
