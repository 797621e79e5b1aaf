"""Checks a file for the preview: the same way as an import, writing only the result."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.customers.imports import evidence, plans, steps, tallies
from app.customers.imports.parsing import batches
from app.customers.imports.parsing.batches import Batch, Refused
from app.customers.imports.people_staging import Outcome
from app.customers.imports.plans import Plan
from app.kernel.clock import Clock
from app.kernel.database import Database

FIRST_ERRORS = 20
MOST_REPEATS = 50
MOST_CAUSES = 30


def check(database: Database, clock: Clock, workspace_id: int, import_id: int, *, rows: int = batches.ROWS) -> None:
    """Look through the file and note what taking it over would do."""
    with database.transaction(workspace_id) as session:
        found = steps.held(session, workspace_id, import_id)
        if found.state != "checking":
            return
        plan = plans.make(session, found)
    preview = _Preview()
    for batch in plans.read(database, plan, rows):
        with database.transaction(workspace_id) as session:
            preview.add(session, plan, batch, now=clock.now())
            _note(session, plan, preview, batch.bytes_read)
        if preview.stopped:
            break
    with database.transaction(workspace_id) as session:
        _note(session, plan, preview, None)


class _Preview:
    """What is known so far of what would come of the file."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.errors: list[dict[str, Any]] = []
        self.repeats: list[list[Any]] = []
        # How many rows each cause gives back, with the first of them as an example.
        self.causes: dict[tuple[str, int | None], dict[str, Any]] = {}
        self.stopped: dict[str, Any] | None = None
        self._foresight = evidence.Foresight()
        self._seen: Counter[str] = Counter()
        self._quote_line: int | None = None

    def add(self, session: Session, plan: Plan, batch: Batch, *, now: datetime) -> None:
        plan.stage.load(session, batch.laid_out)
        outcome = _stage(session, plan, batch, now=now)
        refused = sorted([*batch.refused, *tallies.refused_rows(batch, outcome)], key=lambda row: row.row)
        self.counts += tallies.counts(batch, outcome, refused)
        self._foresee(session, plan, batch, outcome, now)
        self.errors += [_shown(row) for row in refused[: FIRST_ERRORS - len(self.errors)]]
        self.repeats += [list(repeat) for repeat in batch.repeats[: MOST_REPEATS - len(self.repeats)]]
        for row in refused:
            self._note_cause(row)
        self._seen += tallies.seen_in(batch)
        self._quote_line = self._quote_line or tallies.open_quote(batch)
        if tallies.is_no_table(self._seen):
            self.stopped = {"row": batch.end - 1, "quote_line": self._quote_line}

    def dump(self) -> dict[str, Any]:
        counts = {**self.counts, **self._foresight.counts()}
        told = {"counts": counts, "errors": self.errors, "repeats": self.repeats, "causes": [*self.causes.values()]}
        return told | ({"stopped": self.stopped} if self.stopped else {})

    def _foresee(self, session: Session, plan: Plan, batch: Batch, outcome: Outcome, now: datetime) -> None:
        answers = tallies.evidence_rows(batch, outcome, plan.digest_key, is_preview=True)
        if not answers:
            return
        addresses = _addresses(plan, batch, outcome)
        known_by = {
            outcome.customer_ids.get(person.row, -person.row): person.key or person.number for person in batch.people
        }
        self._foresight.add(session, plan.workspace_id, answers, addresses, known_by, now=now)

    def _note_cause(self, row: Refused) -> None:
        cause = self.causes.get((row.reason, row.place))
        if cause:
            cause["rows"] += 1
        elif len(self.causes) < MOST_CAUSES:
            self.causes[row.reason, row.place] = {**_shown(row), "rows": 1}


def _addresses(plan: Plan, batch: Batch, outcome: Outcome) -> evidence.Addresses:
    """Return the addresses that people will have by this file: new ones all, known ones where a number names them.

    An email that names a person may be one they use beside the primary, which stays what it is.
    """
    changes_known = plan.options.match_by != "email"
    found: evidence.Addresses = {}
    for person in batch.people:
        known = outcome.customer_ids.get(person.row)
        if person.address_digest and (known is None or (changes_known and not person.is_silent)):
            found[-person.row if known is None else known] = person.address_digest
    return found


def _stage(session: Session, plan: Plan, batch: Batch, *, now: datetime) -> Outcome:
    return plan.stage.take_over(session, batch, plan.digest_key, rehearse=True, now=now)


def _shown(row: Refused) -> dict[str, Any]:
    detail = batches.storable([row.detail])[0]
    return {"row": row.row, "reason": row.reason, "detail": detail, "place": row.place}


def _note(session: Session, plan: Plan, preview: _Preview, bytes_done: int | None) -> None:
    found = steps.held(session, plan.workspace_id, plan.import_ref.import_id)
    if found.state != "checking":
        return
    found.rehearsal = {**preview.dump(), "bytes_done": found.size_bytes if bytes_done is None else bytes_done}
    if bytes_done is None:
        found.state = "checked"
