"""Who gets the tasks of journeys, and what those tasks name as their source."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.accounts import memberships
from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

TASK_SOURCE = "journey"


class OwnerUnknown(Refusal):
    """The person chosen for a task does not work here."""

    status = 422
    message = N_("Choose somebody who works in this workspace.")


def require_member(session: Session, workspace_id: int, staff_id: int | None) -> None:
    """Raise OwnerUnknown unless this person works here; nobody is fine."""
    if staff_id is not None and memberships.find(session, workspace_id, staff_id) is None:
        raise OwnerUnknown(field="owner_id")
