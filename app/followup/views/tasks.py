"""The page of tasks, and the actions that finish one or reopen it."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.followup import tasks
from app.followup.views.blueprint import bp
from app.kernel.services import services
from app.web import guard, shell


@bp.get("/tasks")
@guard.role("viewer")
def list_tasks() -> ResponseReturnValue:
    """Show what waits, of everybody or one's own."""
    is_mine = request.args.get("owner") == "me"
    with services().database.transaction(g.workspace.id) as session:
        waiting = tasks.list_open(session, g.workspace.id, owner_id=g.staff.id if is_mine else None)
        today = tasks.today(session, g.workspace.id, services().clock.now())
    return shell.page("followup/tasks.html", tasks=waiting, today=today, is_mine=is_mine)


@bp.post("/tasks/<int:task_id>/done")
@guard.role("marketer")
def finish_task(task_id: int) -> ResponseReturnValue:
    """Mark a task as done."""
    now = services().clock.now()
    with services().database.transaction(g.workspace.id) as session:
        tasks.finish(session, g.workspace.id, task_id, staff_id=g.staff.id, now=now)
    return shell.back(url_for("followup.list_tasks"), _("Done."), undo=url_for("followup.reopen_task", task_id=task_id))


@bp.post("/tasks/<int:task_id>/reopen")
@guard.role("marketer")
def reopen_task(task_id: int) -> ResponseReturnValue:
    """Take back that it is done."""
    with services().database.transaction(g.workspace.id) as session:
        tasks.reopen(session, g.workspace.id, task_id)
    return shell.back(url_for("followup.list_tasks"))
