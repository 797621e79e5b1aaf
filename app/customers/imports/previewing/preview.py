"""Gathers what would come of a file, batch by batch, for the preview on the page and the dry run of an operator."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.customers.imports import evidence, tallies
from app.customers.imports.parsing import batches
from app.customers.imports.parsing.batches import Batch, Refused
from app.customers.imports.people_staging import Outcome
from app.customers.imports.plans import Plan
from app.customers.imports.previewing.samples import Samples

FIRST_ERRORS = 20
FIRST_ROWS = 5
MOST_REPEATS = 50
MOST_CAUSES = 30


class Preview:
    """What is known so far of what would come of the file."""

    def __init__(self, *, first_errors: int = FIRST_ERRORS, first_rows: int = FIRST_ROWS) -> None:
        self._first_errors = first_errors
        self._samples = Samples(first_rows)
        self.counts: Counter[str] = Counter()
        self.errors: list[dict[str, Any]] = []
        self.repeats: list[list[Any]] = []
        # How many rows each cause gives back, with the first of them as an example.
        self.causes: dict[tuple[str, int | None], dict[str, Any]] = {}
        self.stopped: dict[str, Any] | None = None
        self._foresight = evidence.Foresight(named=first_rows)
        self._seen: Counter[str] = Counter()
        self._quote_line: int | None = None

    def add(self, session: Session, plan: Plan, batch: Batch, *, now: datetime) -> list[Refused]:
        """Take in what would come of these rows, of which nothing is written; return those that are refused."""
        plan.stage.load(session, batch.laid_out)
        outcome = plan.stage.take_over(session, batch, plan.digest_key, rehearse=True, now=now)
        self._samples.add(plan.stage.show(session, batch, most=self._samples.wanted()))
        refused = sorted([*batch.refused, *tallies.refused_rows(batch, outcome)], key=lambda row: row.row)
        self.counts += tallies.counts(batch, outcome, refused)
        self._foresee(session, plan, batch, outcome, now)
        self.errors += [_shown(row) for row in refused[: self._first_errors - len(self.errors)]]
        self.repeats += [list(repeat) for repeat in batch.repeats[: MOST_REPEATS - len(self.repeats)]]
        for row in refused:
            self._note_cause(row)
        self._seen += tallies.seen_in(batch)
        self._quote_line = self._quote_line or tallies.open_quote(batch)
        if tallies.is_no_table(self._seen):
            self.stopped = {"row": batch.end - 1, "quote_line": self._quote_line}
        return refused

    def mailable(self) -> list[str]:
        """Return who becomes mailable, as far as they are named: by email, else by number."""
        return self._foresight.names()

    def dump(self) -> dict[str, Any]:
        """Return what is known as JSON."""
        counts = {**self.counts, **self._foresight.counts()}
        told = {"counts": counts, "errors": self.errors, "repeats": self.repeats, "causes": [*self.causes.values()]}
        told |= self._samples.dump()
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
    changes_known = plan.options.match_by != "email" and plan.options.conflict != "fill"
    found: evidence.Addresses = {}
    for person in batch.people:
        known = outcome.customer_ids.get(person.row)
        changes = changes_known and not person.is_silent and person.row not in outcome.by_email
        if person.address_digest and (known is None or changes):
            found[-person.row if known is None else known] = person.address_digest
    return found


def _shown(row: Refused) -> dict[str, Any]:
    detail = batches.storable([row.detail])[0]
    return {"row": row.row, "reason": row.reason, "detail": detail, "place": row.place}
