"""The one view that undoes an action, whichever room it belongs to."""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import undo
from app.accounts.views.blueprint import bp
from app.kernel.services import services
from app.web import guard, shell


@bp.post("/undo/<int:step_id>")
@guard.role("viewer")
def take_back(step_id: int) -> ResponseReturnValue:
    """Put back what this member of staff took away; the role is that of the action."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        opposite, values = undo.take(session, g.workspace.id, step_id, staff_id=g.staff.id, now=now)
        if guard.RANKS[g.role] < guard.RANKS[opposite.role]:
            raise guard.RoleTooLow
        restored = opposite.restore(session, g.workspace.id, values, staff_id=g.staff.id, now=now)
    return shell.back(restored.page, _(restored.message, **restored.values))
