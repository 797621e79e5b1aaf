"""What a page asks again while a file is under way, and the rows that were given back."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.customers import cells
from app.customers.imports import steps
from app.customers.views import progress
from app.customers.views.blueprint import bp
from app.kernel.database import Database
from app.kernel.services import services
from app.web import guard, shell

AT_ONCE = 1000


@bp.get("/customers/imports/<int:import_id>/progress")
@guard.role("viewer")
def show_progress(import_id: int) -> ResponseReturnValue:
    """Answer how far it is; when it is done, lead to the result."""
    with services().database.transaction(g.workspace.id) as session:
        found = steps.get(session, g.workspace.id, import_id)
    job = progress.of(found)
    if job is None:
        return shell.back(f"/customers/imports/{import_id}")
    return render_template("customers/progress.html", job=job)


@bp.get("/customers/imports/<int:import_id>/refused.csv")
@guard.role("marketer")
def download_refused(import_id: int) -> ResponseReturnValue:
    """Give back the rows that could not be taken, each with its reason, to be corrected and brought again."""
    with services().database.transaction(g.workspace.id) as session:
        found = steps.get(session, g.workspace.id, import_id)
        heading = [*found.header, _("Row"), _("Reason")]
    lines = cells.table(_refused(services().database, g.workspace.id, import_id, heading))
    headers = {"Content-Disposition": f'attachment; filename="import-{import_id}-given-back.csv"'}
    return Response(list(lines), mimetype="text/csv", headers=headers)


def _refused(database: Database, workspace_id: int, import_id: int, heading: list[str]) -> Iterator[list[str]]:
    yield heading
    width, after = len(heading) - 2, 0
    while True:
        with database.transaction(workspace_id) as session:
            found = steps.list_refused(session, steps.get(session, workspace_id, import_id), after=after, limit=AT_ONCE)
        if not found:
            return
        for row in found:
            kept = [*row.cells, *[""] * width][: max(width, len(row.cells))]
            yield [*kept, str(row.row), progress.say(row.reason, row.detail)]
        after = found[-1].row
