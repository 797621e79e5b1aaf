"""How does a file get taken over, a batch a transaction, exactly once, whoever is killed meanwhile?

The position is locked and moved in the transaction that writes the rows. Two workers on one file cannot both write a
batch: the second finds that the position has moved, and leaves the file to the first.
"""

from __future__ import annotations

import gc
import io
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts import workspaces
from app.customers import addresses, fields
from app.customers.facts import PeopleImported, PurchasesImported
from app.customers.imports import batches, evidence, files
from app.customers.imports.batches import Batch, Refused
from app.customers.imports.mapping import Options
from app.customers.imports.people_rows import PeopleReader
from app.customers.imports.people_staging import Outcome, PeopleStage
from app.customers.imports.purchase_rows import PurchaseReader
from app.customers.imports.purchase_staging import PurchaseStage
from app.customers.models import Import, RefusedRow
from app.kernel import outbox
from app.kernel.clock import Clock
from app.kernel.database import Database

FIRST_ERRORS = 20
# A person signing up between our look and our writing makes the batch look again.
TRIES = 4
# A batch is some hundred thousand objects that all go when it is done; looking through them for cycles is a quarter of
# the time that reading takes.
OBJECTS = 500_000


@dataclass
class Plan:
    """Everything a run needs to know of the file, read once."""

    workspace_id: int
    import_ref: evidence.ImportRef
    kind: str
    encoding: str
    delimiter: str
    width: int
    after: int
    reader: PeopleReader | PurchaseReader
    stage: PeopleStage | PurchaseStage
    digest_key: bytes


def run(database: Database, clock: Clock, workspace_id: int, import_id: int, *, rows: int = batches.ROWS) -> None:
    """Take the file over from where it stands; a finished one is left alone."""
    with database.transaction(workspace_id) as session:
        found = _locked(session, workspace_id, import_id)
        if found.state != "running":
            return
        found.started_at = found.started_at or clock.now()
        plan = _plan(session, found, after=max(found.rows_done, 1))
    with _seldom_collecting():
        for batch in _batches(database, plan, rows):
            if not _take_over(database, clock, plan, batch):
                return
    with database.transaction(workspace_id) as session:
        _finish(session, _locked(session, workspace_id, import_id), now=clock.now())


def note_trouble(database: Database, workspace_id: int, import_id: int, trouble: Exception) -> None:
    """Let the page say that the file stands still, by the kind of trouble and without anybody's data."""
    with database.transaction(workspace_id) as session:
        _locked(session, workspace_id, import_id).failure = type(trouble).__name__


def rehearse(database: Database, clock: Clock, workspace_id: int, import_id: int, *, rows: int = batches.ROWS) -> None:
    """Go the same way and write nothing but what would come of it."""
    with database.transaction(workspace_id) as session:
        found = _locked(session, workspace_id, import_id)
        if found.state != "checking":
            return
        plan = _plan(session, found, after=1)
    counts: Counter[str] = Counter()
    errors: list[dict[str, Any]] = []
    seen: set[int] = set()
    for batch in _batches(database, plan, rows):
        _skip_seen(plan, batch, seen)
        with database.transaction(workspace_id) as session:
            outcome = _stage(session, plan, batch, is_rehearsal=True, now=clock.now())
            refused = _refused(batch, outcome)
            counts += _counts(batch, outcome, refused) + _claims(batch)
            errors += [_shown(row) for row in refused[: FIRST_ERRORS - len(errors)]]
            _note_rehearsal(session, plan, batch, counts, errors, is_done=False)
    with database.transaction(workspace_id) as session:
        _note_rehearsal(session, plan, None, counts, errors, is_done=True)


def _locked(session: Session, workspace_id: int, import_id: int) -> Import:
    query = select(Import).where(Import.workspace_id == workspace_id, Import.id == import_id)
    return session.execute(query.with_for_update()).scalar_one()


def _plan(session: Session, found: Import, *, after: int) -> Plan:
    options = Options(**found.options)
    ref = evidence.ImportRef(found.id, found.file_name, found.sha256, found.source, found.created_by, 0)
    reader: PeopleReader | PurchaseReader
    stage: PeopleStage | PurchaseStage
    if found.kind == "people":
        custom = fields.list_custom(session, found.workspace_id)
        reader = PeopleReader(found.mapping, options, custom)
        stage = PeopleStage(found.workspace_id, found.id, found.mapping, options)
    else:
        reader = PurchaseReader(found.mapping, options, found.sha256)
        stage = PurchaseStage(found.workspace_id, found.id, found.mapping, options)
    return Plan(
        workspace_id=found.workspace_id,
        import_ref=ref,
        kind=found.kind,
        encoding=found.encoding,
        delimiter=found.delimiter,
        width=len(found.header),
        after=after,
        reader=reader,
        stage=stage,
        digest_key=workspaces.get(session, found.workspace_id).digest_key,
    )


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _batches(database: Database, plan: Plan, rows: int) -> Iterator[Batch]:
    """Yield the batches, the next one being read and checked while the database takes over the one before."""
    batches_read = _read(database, plan, rows)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-reader") as reader:
        coming = reader.submit(next, batches_read, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches_read, None)
            yield batch


def _read(database: Database, plan: Plan, rows: int) -> Iterator[Batch]:
    stored = files.StoredFile(database, plan.workspace_id, plan.import_ref.import_id)
    found = batches.read(
        io.BufferedReader(stored, buffer_size=files.PIECE),
        progress=lambda: stored.bytes_read,
        encoding=plan.encoding,
        delimiter=plan.delimiter,
        width=plan.width,
        reader=plan.reader,
        after=plan.after,
        rows=rows,
    )
    for batch in found:
        _lay_out(plan, batch)
        yield batch


def _lay_out(plan: Plan, batch: Batch) -> None:
    if isinstance(plan.stage, PeopleStage):
        batch.lines = plan.stage.lay_out(batch.people, plan.digest_key)
    else:
        batch.lines = plan.stage.lay_out(batch.purchases)


def _take_over(database: Database, clock: Clock, plan: Plan, batch: Batch) -> bool:
    """Write one batch with the position after it; return False where another worker has done so already."""
    for attempt in range(TRIES):
        try:
            with database.transaction(plan.workspace_id) as session:
                found = _locked(session, plan.workspace_id, plan.import_ref.import_id)
                if found.state != "running" or max(found.rows_done, 1) != batch.first - 1:
                    return False
                _write(session, plan, found, batch, now=clock.now())
                return True
        except IntegrityError:
            if attempt == TRIES - 1:
                raise
    return False


def _write(session: Session, plan: Plan, found: Import, batch: Batch, *, now: datetime) -> None:
    # Two files at once would lock the same people in different orders.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("customers.imports"), plan.workspace_id % 2**31)))
    if any(person.answers for person in batch.people):
        evidence.take_turn(session, plan.workspace_id)
    outcome = _stage(session, plan, batch, is_rehearsal=False, now=now)
    refused = _refused(batch, outcome)
    answers = _evidence_rows(batch, outcome, plan.digest_key)
    told = evidence.hand_on(session, plan.workspace_id, plan.import_ref, answers, now=now)
    if refused:
        session.execute(insert(RefusedRow), [_kept(plan, row) for row in refused])
    counts = Counter(found.counts) + _counts(batch, outcome, refused) + _claims(batch) + Counter(told)
    found.counts, found.failure = dict(counts), None
    found.rows_done, found.bytes_done = batch.end - 1, batch.bytes_read


def _stage(session: Session, plan: Plan, batch: Batch, *, is_rehearsal: bool, now: datetime) -> Outcome:
    if isinstance(plan.stage, PeopleStage):
        return plan.stage.take_over(session, batch.people, batch.lines, rehearse=is_rehearsal, now=now)
    return plan.stage.take_over(session, batch.lines, plan.digest_key, rehearse=is_rehearsal, now=now)


def _refused(batch: Batch, outcome: Outcome) -> list[Refused]:
    """Return every row not taken; a joined row that was refused gives back all the rows it was made of."""
    covers = {person.row: person.covers for person in batch.people if person.covers}
    late = [
        Refused(number, reason, detail or "", batches.storable(batch.cells[number]))
        for row, reason, detail in outcome.refused
        for number in (row, *covers.get(row, ()))
    ]
    return sorted(batch.refused + late, key=lambda refused: refused.row)


def _counts(batch: Batch, outcome: Outcome, refused: list[Refused]) -> Counter[str]:
    lost = sum(len(p.covers) for p in batch.people if p.covers and p.row in {row for row, *_ in outcome.refused})
    return Counter(outcome.counts) + Counter(refused=len(refused), repeated=batch.repeated - lost)


def _claims(batch: Batch) -> Counter[str]:
    """Count what the file says about consent, whatever permission makes of it."""
    yes = [said for person in batch.people for said in person.answers if said.is_yes]
    no = sum(not said.is_yes for person in batch.people for said in person.answers)
    proven = sum(map(evidence.has_evidence, yes))
    return Counter(said_no=no, said_yes=proven, claimed_only=len(yes) - proven)


def _evidence_rows(batch: Batch, outcome: Outcome, digest_key: bytes) -> list[evidence.EvidenceRow]:
    ids = outcome.customer_ids
    return [
        evidence.EvidenceRow(
            *(ids[person.row], *said),
            person.address_digest if said.row == person.row else _digest(said.email, digest_key),
        )
        for person in batch.people
        if person.row in ids
        for said in person.answers
    ]


def _digest(email: str, digest_key: bytes) -> bytes | None:
    key = addresses.find_key(email)
    return addresses.digest(key, digest_key) if key else None


def _kept(plan: Plan, row: Refused) -> dict[str, Any]:
    return {
        "workspace_id": plan.workspace_id,
        "import_id": plan.import_ref.import_id,
        "row": row.row,
        "reason": row.reason,
        "detail": batches.storable([row.detail])[0],
        "cells": row.cells,
    }


def _shown(row: Refused) -> dict[str, Any]:
    return {"row": row.row, "reason": row.reason, "detail": batches.storable([row.detail])[0]}


def _skip_seen(plan: Plan, batch: Batch, seen: set[int]) -> None:
    """A person met in an earlier batch would be known by then; digests of keys tell, at a few bytes a person."""
    marks = [hash(person.key or person.number) for person in batch.people]
    fresh = [person for person, mark in zip(batch.people, marks, strict=True) if mark not in seen]
    if len(fresh) < len(batch.people):
        batch.repeated += len(batch.people) - len(fresh)
        batch.people = fresh
        _lay_out(plan, batch)
    seen.update(marks)


def _note_rehearsal(
    session: Session, plan: Plan, batch: Batch | None, counts: Counter[str], errors: list[Any], *, is_done: bool
) -> None:
    found = _locked(session, plan.workspace_id, plan.import_ref.import_id)
    if found.state != "checking":
        return
    bytes_done = batch.bytes_read if batch else found.size_bytes
    found.rehearsal = {"counts": dict(counts), "errors": errors, "bytes_done": bytes_done}
    if is_done:
        found.state = "checked"


def _finish(session: Session, found: Import, *, now: datetime) -> None:
    if found.state != "running":
        return
    found.state, found.finished_at, found.bytes_done, found.failure = "done", now, found.size_bytes, None
    files.forget(session, found)
    fact = PeopleImported if found.kind == "people" else PurchasesImported
    outbox.publish(session, fact(found.workspace_id, found.id))
