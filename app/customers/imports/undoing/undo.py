"""Undoes an import in the background, in short transactions; killed, it goes on where it stood.

In this order: proofs of consent are corrected in the ledger, what the kind of file brought goes or returns, then the
people it added go of whom nothing else is known. What was changed or used since stays, and is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.customers.imports import evidence, kinds, plans, steps
from app.customers.imports.models import Import, ImportChange
from app.customers.imports.undoing import people
from app.customers.imports.undoing.piece import Piece
from app.kernel.clock import Clock
from app.kernel.database import Database
from app.kernel.queueing import outbox
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_


class NotUndoable(Refusal):
    """The import has not ended, or is undone already."""

    message = N_("Only an import that has ended can be undone, and only once.")


def ask(session: Session, found: Import) -> None:
    """Have the import undone in the background; asked twice, it is undone once. Hold it first."""
    if found.state == "undoing" and not found.failure:
        return
    if found.state not in ("done", "failed", "cancelled", "undoing"):
        raise NotUndoable
    found.state, found.failure = "undoing", None
    key = f"customers.undo_import:{found.workspace_id}:{found.id}"
    outbox.enqueue(session, "customers.undo_import", workspace_id=found.workspace_id, import_id=found.id, key=key)


def run(database: Database, clock: Clock, workspace_id: int, import_id: int) -> None:
    """Undo what is left to undo; one that is undone is left alone."""
    has_more = True
    while has_more:
        with database.transaction(workspace_id) as session:
            found = steps.held(session, workspace_id, import_id)
            if found.state != "undoing":
                return
            has_more = take_back_piece(session, found, now=clock.now())


def take_back_piece(session: Session, found: Import, *, now: datetime) -> bool:
    """Undo one piece and note how far that is; return whether anything is left."""
    plans.take_turn(session, found.workspace_id)
    evidence.lock_answers(session, found.workspace_id)
    phase, after = found.undo.get("phase", 0), found.undo.get("after", 0)
    piece = _PHASES[phase](session, found, after, now)
    counts = Counter(found.undo.get("counts", {})) + Counter(piece.counts)
    if piece.after is None:
        phase, after = phase + 1, 0
    else:
        after = piece.after
    found.undo = {"phase": phase, "after": after, "counts": dict(counts)}
    if phase < len(_PHASES):
        return True
    found.state, found.undone_at, found.failure = "undone", now, None
    session.execute(
        delete(ImportChange).where(ImportChange.workspace_id == found.workspace_id, ImportChange.import_id == found.id)
    )
    return False


def _correct_answers(session: Session, found: Import, after: int, now: datetime) -> Piece:
    return evidence.retract(session, found, after=after, now=now)


def _undo_rows(session: Session, found: Import, after: int, now: datetime) -> Piece:
    return kinds.get(session, found.kind).undo(session, found, after=after, now=now)


def _remove_people(session: Session, found: Import, after: int, now: datetime) -> Piece:
    return people.remove(session, found, after=after, now=now)


_PHASES: tuple[Callable[[Session, Import, int, datetime], Piece], ...] = (_correct_answers, _undo_rows, _remove_people)
