"""Undo steps: what an action took away is kept for a day, and the room it came from restores it.

A room names the opposite of an action once, `UNDO_DELETION = undo.Opposite("segments.deleted", restore, role=...)`,
and wiring lists it among the `Opposites`. The action ends in its own transaction with
`again = undo.keep(session, ..., kind=..., values={...})`, and the view hands that link on:
`shell.back(there, said, undo=again)`. Only who did an action takes it back, and only once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from app.accounts.models import UndoStep
from app.kernel import extensions, page_links
from app.kernel.page_links import PageLink
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_, MessageId

KEPT_FOR = timedelta(days=1)
_FORGET = text(
    """
    DELETE FROM undo_steps WHERE workspace_id = :workspace_id AND EXISTS (
        SELECT FROM jsonb_path_query(values, '$.**.customer_id') AS named
        WHERE CAST(named #>> '{}' AS text) = ANY(CAST(CAST(:ids AS bigint[]) AS text[])))
    """
)


class UndoOver(Refusal):
    """The step was taken back already, is a day old, or is somebody else's."""

    status = 410
    message = N_("This can no longer be undone.")


@dataclass(frozen=True)
class Restored:
    """Where what was put back is, and the sentence that says so: an English message id and its values."""

    page: PageLink
    message: MessageId
    values: dict[str, Any] = field(default_factory=dict)


# (session, workspace_id, values, staff_id=..., now=...) -> Restored
Restore = Callable[..., Restored]


@dataclass(frozen=True)
class Opposite:
    """What takes one kind of action back; `role` is the one the action itself takes."""

    kind: str
    restore: Restore
    role: str


@dataclass(frozen=True)
class Opposites:
    """Every action of the installation that can be taken back."""

    known: tuple[Opposite, ...] = ()

    def find(self, kind: str) -> Opposite | None:
        """Return the opposite of this kind of action."""
        return next((opposite for opposite in self.known if opposite.kind == kind), None)


def keep(
    session: Session, workspace_id: int, *, kind: str, values: dict[str, Any], staff_id: int, now: datetime
) -> PageLink:
    """Keep what is needed to take the action back, as plain JSON values; return what to post to."""
    step = UndoStep(workspace_id=workspace_id, staff_id=staff_id, kind=kind, values=values, created_at=now)
    session.add(step)
    session.flush()
    return page_links.to("accounts.take_back", step_id=step.id)


def take(
    session: Session, workspace_id: int, step_id: int, *, staff_id: int, now: datetime
) -> tuple[Opposite, dict[str, Any]]:
    """Return how to take a step back and what was kept for it, and forget it; raise UndoOver."""
    found = session.execute(
        delete(UndoStep)
        .where(
            UndoStep.workspace_id == workspace_id,
            UndoStep.id == step_id,
            UndoStep.staff_id == staff_id,
            UndoStep.created_at > now - KEPT_FOR,
        )
        .returning(UndoStep.kind, UndoStep.values)
    ).first()
    opposite = extensions.of(session, Opposites).find(found.kind) if found else None
    if found is None or opposite is None:
        raise UndoOver
    return opposite, found.values


def forget(session: Session, workspace_id: int, customer_ids: Sequence[int]) -> None:
    """Forget what was kept about customers who are erased."""
    session.execute(_FORGET, {"workspace_id": workspace_id, "ids": list(customer_ids)})


def sweep(session: Session, workspace_id: int, *, now: datetime) -> None:
    """Forget what can no longer be taken back."""
    session.execute(
        delete(UndoStep).where(UndoStep.workspace_id == workspace_id, UndoStep.created_at <= now - KEPT_FOR)
    )
